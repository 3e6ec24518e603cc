"""What stands in the planner, as it is written in its cells: each text is asked of the templates once a page.

A week of sixty calendars holds 1,500 blocks, which repeat a few hours, titles and names. So ``planner/_blocks.html``
says each of them once, and blocks are put together here from what it said.
"""

from collections.abc import Callable, Iterable
from functools import cache
from urllib.parse import quote

from flask import get_template_attribute, url_for
from flask_babel import gettext
from markupsafe import Markup, escape

from booking.actions.planner import Block, OpenTime, PlannedCalendar
from booking.timeline import spoken


class Words:
    """The words of one page; ``minute`` is now."""

    def __init__(self, zone: str, language: str, minute: int) -> None:
        self.minute = minute
        self.hour = cache(_macro("_macros/time.html", "heure"))
        self.hours = cache(self._hours)
        self.label = cache(_macro("planner/_blocks.html", "block_label"))
        self.notes = cache(_macro("planner/_blocks.html", "block_notes"))
        self.icon = cache(_macro("planner/_blocks.html", "kind_icon"))
        self.css = cache(_css)
        self.sharp = cache(lambda moment: spoken.hour(moment, zone, language))
        self.said = cache(lambda moment: spoken.hour_in_a_sentence(moment, zone, language))
        self.wall = cache(lambda moment: spoken.local(moment, zone).isoformat(timespec="minutes")[:16])
        self._to = str(_macro("planner/_blocks.html", "to")())
        self._page = url_for("appointments.show", id="0")[:-1]
        self._search = url_for("search.new")
        self._take = gettext("%(name)s, libre à %(hour)s : prendre")
        self._drop_in = escape(gettext("permanence"))
        self._open = gettext("ouvert")

    def _hours(self, starts: int, ends: int) -> str:
        return f'<span class="hours">{self.hour(starts)}{self._to}{self.hour(ends)}</span>'

    def text(self, block: Block) -> str:
        """The hour, what stands there as far as it may be seen, by whom; with a link where it has a page to open."""
        starts, ends, _, kind, strength, title, by, id, _ = block
        label = self.label(kind, title)
        if id and kind == "appointment":
            label = f'<a href="{self._page}{_quoted(id)}">{label}</a>'
        return (
            f'<span class="block-hours">{self.hours(starts, ends)}</span>'
            f'<span class="block-title">{label}</span>{self.notes(strength, by)}'
        )

    def box(self, block: Block, css: str = "") -> Markup:
        """A block of the table; ``css`` names further classes."""
        return Markup(f'<div class="{self.css(block.kind, block.strength)}{css}">{self.text(block)}</div>')  # noqa: S704

    def boxes(self, blocks: Iterable[Block]) -> Markup:
        css, text = self.css, self.text
        boxes = [f'<div class="{css(block.kind, block.strength)}">{text(block)}</div>' for block in blocks]
        return Markup("".join(boxes))  # noqa: S704

    def free(self, calendar: PlannedCalendar, starts: int, ends: int, text: str | None = None) -> Markup:
        """The way to the booking, with this calendar and this hour already chosen; nothing where none leads there."""
        if not calendar.rights.may_propose or ends <= self.minute:
            return Markup("")
        label = escape(self._take % {"name": calendar.name, "hour": self.sharp(starts)})
        href = f"{self._search}?agenda={_quoted(calendar.id)}&amp;debut={self.wall(starts)}"
        shown = escape(text or self.said(starts))
        return Markup(f'<a class="free" href="{href}" aria-label="{label}">{shown}</a>')  # noqa: S704

    def openings(self, calendar: PlannedCalendar, times: Iterable[OpenTime]) -> Markup:
        """What an adviser offers on a day of the week's table."""
        return Markup("").join([self._opening(calendar, time) for time in times])

    def _opening(self, calendar: PlannedCalendar, time: OpenTime) -> Markup:
        hours = self.hours(time.starts, time.ends)
        if time.admission == "drop_in":
            return Markup(f'<p class="week-open week-drop-in">{hours} {self._drop_in}</p>')  # noqa: S704
        free = self.free(calendar, max(time.starts, self.minute), time.ends, self._open) or escape(self._open)
        return Markup(f'<p class="week-open">{hours} {free}</p>')  # noqa: S704


def _macro(template: str, name: str) -> Callable[..., str]:
    macro: Callable[..., Markup] = get_template_attribute(template, name)
    return lambda *arguments: str(macro(*arguments))


def _quoted(id: str) -> str:
    """For an address; our own ids need nothing, those of an import may."""
    return id if id.isascii() and id.replace("-", "").isalnum() else quote(id, safe="")


def _css(kind: str, strength: str) -> str:
    marks = {"busy-tentative": " is-tentative", "busy-unavailable": " is-closed"}
    return f"block is-{kind.replace('_', '-')}{marks.get(strength, '')}"
