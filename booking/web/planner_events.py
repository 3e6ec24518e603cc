"""The planner's timeline, as JSON: the lines and blocks of the table of the same address, in the same words.

Times are the territory's wall clock, without a zone: the browser's own must have no part in them.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, get_template_attribute, jsonify
from flask.typing import ResponseReturnValue

from booking import clock
from booking.actions.planner import Block, Line
from booking.actions.planner_events import movable
from booking.database import db
from booking.refusals import NotFound
from booking.timeline import spoken
from booking.timeline.interval import Span, local_day
from booking.web import current_actor, current_language
from booking.web.planner import Shown, shown
from booking.web.planner_grid import hours_shown
from booking.web.planner_words import Words

blueprint = Blueprint("planner_events", __name__)


@blueprint.get("/planning/<day>/frise")
def of(day: str) -> ResponseReturnValue:
    """What the table of that day or week shows, with the versions of what may be moved."""
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise NotFound from None
    actor, minute = current_actor(), clock.now_minute()
    seen = shown(actor, wanted)
    words = Words(actor.zone, current_language(), minute)
    ids = {block.id for line in seen.lines for block in line.blocks if block.kind == "appointment" and block.id}
    versions = movable(db.session(), actor, ids, minute)
    first, last = _hours(seen, ZoneInfo(actor.zone))
    return jsonify(
        days={each.isoformat(): spoken.day(each, actor.zone, current_language(), year=False) for each in seen.days},
        hours=[spoken.hour_in_a_sentence(60 * each, "UTC", current_language()) for each in range(24)],
        first=first,
        last=last,
        wall=words.wall(minute),
        now=words.wall(minute) if seen.window[0] <= minute < seen.window[1] else None,
        lines=[_line(line) for line in seen.lines],
        events=[each for line in seen.lines for each in _events(line, seen.window, words, versions)],
    )


def _hours(seen: Shown, zone: ZoneInfo) -> Span:
    """The first and last whole hour that one of the days needs."""
    spans = []
    for each in seen.days:
        day = local_day(each, zone)
        there = [
            Line(
                line.calendar,
                tuple(one for one in line.blocks if one.starts < day[1] and one.ends > day[0]),
                tuple(one for one in line.openings if one.starts < day[1] and one.ends > day[0]),
            )
            for line in seen.lines
        ]
        first, last = hours_shown(there, day)
        spans.append(((first - day[0]) // 60, -(-(last - day[0]) // 60)))
    return min(one for one, _ in spans), min(24, max(two for _, two in spans))


def _line(line: Line) -> dict[str, Any]:
    """A calendar: where it may be dragged to is a line of its kind that can be taken."""
    calendar = line.calendar
    label = get_template_attribute("planner/_blocks.html", "line_label")
    return {
        "id": calendar.id,
        "kind": calendar.kind,
        "venue": calendar.venue,
        "takes": calendar.rights.may_propose,
        "html": str(label(calendar)),
    }


def _events(line: Line, window: Span, words: Words, versions: dict[str, int]) -> Iterable[dict[str, Any]]:
    if line.calendar.kind == "adviser":
        for time in line.openings:
            yield _open(line, (time.starts, time.ends), words, time.admission == "drop_in")
    else:
        yield _open(line, window, words)
    for block in line.blocks:
        yield _block(line, block, words, versions)


def _open(line: Line, span: Span, words: Words, drop_in: bool = False) -> dict[str, Any]:
    return {
        "line": line.calendar.id,
        "start": words.wall(span[0]),
        "end": words.wall(span[1]),
        "css": "timeline-drop-in" if drop_in else "timeline-open",
        "background": True,
    }


def _block(line: Line, block: Block, words: Words, versions: dict[str, int]) -> dict[str, Any]:
    version = versions.get(block.id or "")
    return {
        "line": line.calendar.id,
        "start": words.wall(block.starts),
        "end": words.wall(block.ends),
        "css": words.css(block.kind, block.strength),
        "html": f"{words.icon(block.kind)}<div>{words.text(block)}</div>",
        "background": block.strength == "busy-unavailable",
        **({"entry": block.id, "version": version} if version is not None else {}),
    }
