/* The planner as a timeline in which appointments are moved with the mouse. The table stays the page: this takes its
   place when the switch is on, and every drop is a form sent like any other. Hours are the territory's wall clock
   throughout; the browser's zone has no part in them. */
(() => {
  "use strict";
  const place = document.querySelector("[data-timeline]");
  const button = document.querySelector("[data-timeline-switch]");
  if (!place || !button) return;
  const table = document.querySelector(".planner-table");
  const frame = place.querySelector("[data-timeline-frame]");
  const said = place.querySelector("[data-timeline-said]");
  const KEY = "booking.timeline";
  const wide = matchMedia("(min-width: 761px)");
  const isWeek = Boolean(place.dataset.week);
  const SNAP = "00:15";
  let calendar = null;
  let shown = null;
  let changed = false;
  let dragged = false;

  const remembered = () => {
    try {
      return localStorage.getItem(KEY) === "on";
    } catch {
      return false;
    }
  };
  const remember = (on) => {
    try {
      localStorage.setItem(KEY, on ? "on" : "off");
    } catch {
      /* private window: it holds for this page */
    }
  };

  // A wall time is reckoned with as if it were UTC, and never shown as a moment.
  const later = (wall, delta) => {
    const moment = Date.parse(`${wall}Z`) + ((delta.days || 0) * 86400 + (delta.seconds || 0)) * 1000;
    return new Date(moment).toISOString().slice(0, 16);
  };
  const two = (number) => String(number).padStart(2, "0");
  const dayOf = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

  const fetched = (element) => new Promise((resolve, reject) => {
    element.addEventListener("load", resolve, { once: true });
    element.addEventListener("error", reject, { once: true });
    document.head.append(element);
  });
  let library = null;
  const load = () => {
    library ??= Promise.all([
      fetched(Object.assign(document.createElement("script"), { src: place.dataset.script })),
      fetched(Object.assign(document.createElement("link"), { rel: "stylesheet", href: place.dataset.style })),
    ]).catch((error) => { library = null; throw error; });
    return library;
  };

  const say = (html) => { said.innerHTML = html; };
  const sayPlainly = (text) => {
    const message = document.createElement("p");
    message.className = "message message-error";
    message.textContent = text;
    said.replaceChildren(message);
  };

  const asEvents = () => {
    const events = shown.events.map((each, index) => ({
      id: String(index),
      resourceIds: [each.line],
      start: each.start,
      end: each.end,
      display: each.background ? "background" : "auto",
      classNames: each.css.split(" "),
      startEditable: Boolean(each.entry),
      durationEditable: Boolean(each.entry),
      extendedProps: each,
    }));
    if (shown.now) {
      events.push({
        id: "now", resourceIds: shown.lines.map((each) => each.id), start: shown.now, end: later(shown.now, { seconds: 60 }),
        display: "background", classNames: ["timeline-now"], extendedProps: {},
      });
    }
    return events;
  };

  // The library draws a table of its own making, without cells: to a screen reader these are named links, no more.
  const plain = () => {
    for (const element of [frame.querySelector(".ec"), ...frame.querySelectorAll(".ec [role]:not(svg)")]) {
      element?.removeAttribute("role");
      for (const name of ["aria-colindex", "aria-colspan"]) element?.removeAttribute(name);
    }
    for (const element of frame.querySelectorAll(".ec aside, .ec header")) element.setAttribute("role", "presentation");
    for (const element of frame.querySelectorAll(".ec time[aria-label]")) element.removeAttribute("aria-label");
    frame.querySelector(".ec-main")?.setAttribute("tabindex", "0");
    frame.querySelector(".ec-main")?.setAttribute("role", "group");
    frame.querySelector(".ec-main")?.setAttribute("aria-label", place.getAttribute("aria-label"));
  };

  const mayLandOn = (info) => {
    const from = shown.lines.find((each) => each.id === info.event.extendedProps.line);
    const to = shown.lines.find((each) => each.id === info.event.resourceIds.at(-1));
    if (!from || !to) return false;
    if (from === to) return true;
    return to.takes && to.kind === from.kind && (to.kind !== "room" || to.venue === from.venue);
  };

  const send = async (address, fields) => {
    const body = new FormData(place.querySelector("[data-timeline-token]"));
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
      if (answer.headers.get("Content-Type")?.startsWith("application/json")) {
        say((await answer.json()).html);
      } else if (answer.status === 400 || answer.status === 401) {
        location.reload();
      } else {
        sayPlainly(place.dataset.refused);
      }
      return answer.ok;
    } catch {
      sayPlainly(place.dataset.offline);
      return false;
    } finally {
      place.removeAttribute("aria-busy");
    }
  };

  const refresh = async () => {
    const answer = await fetch(place.dataset.events, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    shown = await answer.json();
    calendar?.setOption("events", asEvents());
  };

  const dropped = async (info, fields) => {
    const event = info.event.extendedProps;
    said.replaceChildren();
    const address = place.dataset.drop.replace(/_$/, encodeURIComponent(event.entry));
    const done = await send(address, { version: event.version, from: event.line, ...fields });
    if (!done) info.revert();
    changed ||= done;
    await refresh().catch(() => sayPlainly(place.dataset.offline));
    if (!done) frame.querySelector(`[data-entry="${CSS.escape(event.entry)}"][data-line="${CSS.escape(event.line)}"]`)?.classList.add("is-sprung-back");
  };

  // As in the table, a click on open time leads to the booking.
  const take = (info) => {
    const line = shown.lines.find((each) => each.id === info.resource?.id);
    const wall = info.dateStr.slice(0, 16);
    const there = shown.events.filter((each) => each.line === line?.id && each.start <= wall && wall < each.end);
    const isOpen = there.some((each) => each.css === "timeline-open") && !there.some((each) => each.html);
    if (!line?.takes || !isOpen || wall < shown.wall) return;
    location.assign(`${place.dataset.search}?${new URLSearchParams({ agenda: line.id, debut: wall })}`);
  };

  const build = () => {
    const days = Object.keys(shown.days);
    const hours = shown.last - shown.first;
    const room = frame.clientWidth - 210;
    const perHour = isWeek ? Math.max(64, room / (hours * days.length)) : Math.max(64, room / hours);
    const perSlot = isWeek ? 1 : 2;
    const weekdays = days.map((day) => new Date(`${day}T00:00Z`).getUTCDay());
    const ownDay = (date) => shown.days[dayOf(date)] ?? "";
    const made = EventCalendar.create(frame, {
      view: isWeek ? "resourceTimelineWeek" : "resourceTimelineDay",
      date: days[0],
      firstDay: 1,
      hiddenDays: isWeek ? [0, 1, 2, 3, 4, 5, 6].filter((each) => !weekdays.includes(each)) : [],
      headerToolbar: { start: "", center: "", end: "" },
      slotDuration: isWeek ? "01:00" : "00:30",
      slotLabelInterval: isWeek ? "02:00" : "01:00",
      slotWidth: Math.floor(perHour / perSlot),
      snapDuration: SNAP,
      slotMinTime: `${two(shown.first)}:00`,
      slotMaxTime: `${two(shown.last)}:00`,
      scrollTime: `${two(shown.first)}:00`,
      slotLabelFormat: (time) => shown.hours[time.getHours()],
      dayHeaderFormat: ownDay,
      dayHeaderAriaLabelFormat: ownDay,
      resources: shown.lines.map((each) => ({ id: each.id, title: { html: each.html } })),
      events: asEvents(),
      eventContent: (info) => ({ html: info.event.extendedProps.html ?? "" }),
      eventDidMount: ({ el, event }) => {
        if (event.extendedProps.entry) {
          el.dataset.entry = event.extendedProps.entry;
          el.dataset.line = event.extendedProps.line;
        }
        const words = [[...el.querySelectorAll(".block-hours time")].map((each) => each.textContent).join(" – ")];
        for (const each of el.querySelectorAll(".block-title, .block-note")) words.push(each.textContent.trim());
        if (words.length > 1) el.title = words.join(", ");
      },
      eventAllUpdated: plain,
      editable: false,
      eventStartEditable: false,
      eventDurationEditable: false,
      dateClick: take,
      dragConstraint: mayLandOn,
      eventDragStart: () => { dragged = true; },
      eventResizeStart: () => { dragged = true; },
      eventDrop: (info) => dropped(info, {
        start: later(info.event.extendedProps.start, info.delta),
        to: info.newResource ? info.newResource.id : "",
      }),
      eventResize: (info) => dropped(info, {
        start: info.event.extendedProps.start,
        end: later(info.event.extendedProps.end, info.endDelta),
      }),
    });
    if (isWeek) made.gotoDate(place.dataset.day);
    return made;
  };

  // A link is taken hold of with its block, and the end of a drag is no click on it.
  frame.addEventListener("dragstart", (event) => event.preventDefault());
  frame.addEventListener("pointerdown", () => { dragged = false; });
  frame.addEventListener("click", (event) => { if (dragged) event.preventDefault(); dragged = false; }, true);
  said.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-drop]");
    if (!form) return;
    event.preventDefault();
    const done = await send(form.action, Object.fromEntries(new FormData(form)));
    changed ||= done;
    await refresh().catch(() => sayPlainly(place.dataset.offline));
  });

  const show = async () => {
    button.setAttribute("aria-pressed", "true");
    place.hidden = false;
    table.hidden = true;
    said.textContent = place.dataset.loading;
    try {
      await Promise.all([load(), refresh()]);
      calendar ??= build();
      plain();
      said.replaceChildren();
      place.dataset.ready = "yes";
    } catch {
      table.hidden = false;
      sayPlainly(place.dataset.offline);
    }
  };
  const hide = () => {
    button.setAttribute("aria-pressed", "false");
    place.hidden = true;
    table.hidden = false;
    if (changed) location.reload();
  };

  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    remember(on);
    if (on) show();
    else hide();
  });
  // A phone keeps its list, a printer the table.
  const fit = () => {
    if (wide.matches && remembered()) show();
    else if (!wide.matches && !place.hidden) hide();
  };
  wide.addEventListener("change", fit);
  fit();
})();
