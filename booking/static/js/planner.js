/* In the planner, arrows go from one free cell to the next; outside of it they go to the day before or after. */
(function () {
  "use strict";
  const grid = document.querySelector("[data-grid]");
  const rows = grid ? Array.from(grid.tBodies[0].rows) : [];
  const links = (row) => Array.from(row.querySelectorAll("a.free"));

  rows.forEach((row) => links(row).forEach((link, index) => { link.tabIndex = index === 0 ? 0 : -1; }));

  function nearest(row, left) {
    return links(row).reduce((best, link) => {
      const away = Math.abs(link.getBoundingClientRect().left - left);
      return best && best.away <= away ? best : { link, away };
    }, null);
  }

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const free = event.target.closest && event.target.closest("a.free");
    if (free && grid && grid.contains(free)) {
      const row = free.closest("tr");
      const across = links(row);
      let next = null;
      if (event.key === "ArrowRight") next = across[across.indexOf(free) + 1];
      if (event.key === "ArrowLeft") next = across[across.indexOf(free) - 1];
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        const step = event.key === "ArrowDown" ? 1 : -1;
        for (let at = rows.indexOf(row) + step; rows[at] && !next; at += step) {
          const found = nearest(rows[at], free.getBoundingClientRect().left);
          next = found && found.link;
        }
      }
      if (next) { event.preventDefault(); next.focus(); }
      return;
    }
    if (event.target.closest && event.target.closest("input, select, textarea, [contenteditable], .planner-table")) return;
    const arrow = { ArrowLeft: "left", ArrowRight: "right" }[event.key];
    const link = arrow && document.querySelector('[data-arrow="' + arrow + '"]');
    if (link) { event.preventDefault(); link.click(); }
  });
})();
