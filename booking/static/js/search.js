// Choosing another slot keeps what was typed about the person.
(() => {
  "use strict";

  let typed = new Map();
  const fields = (root) => root.querySelectorAll("[data-keep] :is(input, textarea, select)[name]:not([type=hidden])");

  document.addEventListener("htmx:beforeSwap", () => {
    for (const field of fields(document)) typed.set(field.name, field.type === "checkbox" ? field.checked : field.value);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "resultats" && event.detail.requestConfig.elt.closest(".pager")) {
      document.getElementById("titre-creneaux").focus({ preventScroll: true });
    }
    if (event.target.id !== "reserver") return;
    for (const field of fields(document)) {
      if (!typed.has(field.name)) continue;
      if (field.type === "checkbox") field.checked = typed.get(field.name);
      else if (!field.value) field.value = typed.get(field.name);
    }
    for (const slot of document.querySelectorAll(".slot[aria-current]")) slot.removeAttribute("aria-current");
    for (const slot of document.querySelectorAll(".slot")) {
      if (slot.href.split("#")[0] === location.href.split("#")[0]) slot.setAttribute("aria-current", "true");
    }
    document.querySelector("#reserver :is([data-focus], [autofocus])")?.focus({ preventScroll: true });
  });
})();
