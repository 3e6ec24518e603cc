// What the pages gain where scripts run; every one of them works without.
(() => {
  "use strict";

  document.documentElement.classList.add("js");

  // The summary of what is wrong, or what just changed, takes the focus.
  const focusSummary = (root) => root.querySelector("[data-focus]")?.focus();
  focusSummary(document);
  document.addEventListener("htmx:load", (event) => focusSummary(event.target));

  // Menus close with Escape, with a click elsewhere, and when the focus leaves them.
  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (menu !== except) menu.open = false;
    }
  };
  document.addEventListener("click", (event) => closeMenus(event.target.closest?.("details.menu")));
  document.addEventListener("focusin", (event) => closeMenus(event.target.closest?.("details.menu")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details.menu[open]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });

  // One press, one request: a form that is on its way is not sent again.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 8000);
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // Dialogs: opened by a button that names them.
  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-open]");
    if (opener) {
      closeMenus();
      document.getElementById(opener.dataset.open)?.showModal();
    }
  });

  // Things to copy, to print, and forms that go by themselves when a choice is made.
  document.addEventListener("click", async (event) => {
    const copier = event.target.closest?.("[data-copy]");
    if (copier) {
      const source = document.getElementById(copier.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.value ?? source.textContent);
        copier.querySelector("[data-copied]")?.removeAttribute("hidden");
      } catch {
        source.focus();
        source.select?.();
      }
    }
    if (event.target.closest?.("[data-print]")) print();
  });
  document.addEventListener("change", (event) => {
    if (event.target.closest?.("[data-submit-on-change]")) event.target.form?.requestSubmit();
  });

  // Letters count down towards the limit of a field.
  const count = (field) => {
    const place = document.getElementById(field.dataset.count);
    if (place) place.textContent = String(field.maxLength - field.value.length);
  };
  document.addEventListener("input", (event) => {
    if (event.target.dataset?.count) count(event.target);
  });
  for (const field of document.querySelectorAll("[data-count]")) count(field);

  // Keyboard: one letter, where nothing is being typed; can be switched off (WCAG 2.1.4).
  const KEY = "booking.shortcuts";
  const stored = () => {
    try {
      return localStorage.getItem(KEY) !== "off";
    } catch {
      return true;
    }
  };
  const toggle = document.querySelector("[data-shortcuts-on]");
  if (toggle) {
    toggle.checked = stored();
    toggle.addEventListener("change", () => {
      try {
        localStorage.setItem(KEY, toggle.checked ? "on" : "off");
      } catch {
        /* private window: it holds for this page */
      }
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable], dialog[open]")) return;
    if (toggle && !toggle.checked) return;
    if (event.key === "?") {
      document.getElementById("raccourcis")?.showModal();
      return;
    }
    const target = document.querySelector(`[data-shortcut="${CSS.escape(event.key)}"]`);
    if (!target) return;
    event.preventDefault();
    if (target.matches("input")) {
      target.focus();
      target.select();
    } else {
      target.click();
    }
  });
})();
