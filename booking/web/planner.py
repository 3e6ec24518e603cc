"""Planning: advisers, rooms and vehicles side by side, a day or a week; on a phone, one calendar as a list."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from booking import clock
from booking.actions import search_choices
from booking.actions.planner import Line, PlannedCalendar, every_calendar, kept, lines
from booking.actions.rights import Actor
from booking.database import db
from booking.timeline.interval import Span, local_day, overlap
from booking.web import current_actor, current_language, render, today
from booking.web.planner_grid import Cell, cells, hours_shown
from booking.web.planner_words import Words

blueprint = Blueprint("planner", __name__)

PAGE = 60
FILTERS = ("structure", "lieu", "metier", "type")


@dataclass(frozen=True)
class Shown:
    """What the address asks to see: the lines of one page of calendars, on a day or on the days of a week."""

    every: list[PlannedCalendar]
    lines: list[Line]
    days: list[date]
    window: Span
    is_week: bool
    chosen: dict[str, list[str]]
    page: int
    total: int


@dataclass(frozen=True)
class DayLine:
    """A calendar's line in the table of a day."""

    line: Line
    cells: list[Cell]


@dataclass(frozen=True)
class WeekDay:
    """A calendar's cell in the table of a week."""

    day: date
    line: Line


@blueprint.get("/planning")
def day() -> ResponseReturnValue:
    """Today's planner; the address of a day bears its date."""
    return redirect(url_for("planner.dated", day=today().isoformat(), **_kept()))


def _kept() -> dict[str, Any]:
    """What of the address goes on to the next: our own words only, for ``url_for`` has words of its own."""
    return {name: request.args.getlist(name) for name in (*FILTERS, "vue", "agenda") if name in request.args}


@blueprint.get("/planning/<day>")
def dated(day: str) -> ResponseReturnValue:
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        return redirect(url_for("planner.day"))
    actor = current_actor()
    seen = shown(actor, wanted)
    zone, every = ZoneInfo(actor.zone), seen.lines
    homes = {each.venue_pk for each in seen.every if each.rights.may_propose and each.venue_pk is not None}
    focus = next(
        (each for each in every if each.calendar.id == request.args.get("agenda")), every[0] if every else None
    )
    step = timedelta(days=7 if seen.is_week else 1)
    return render(
        "planner/week.html" if seen.is_week else "planner/day.html",
        wanted=wanted,
        days=seen.days,
        before=wanted - step,
        after=wanted + step,
        lines=every,
        day_lines=_day_lines(every, seen.window) if not seen.is_week else [],
        hours=_hours(every, seen.window) if not seen.is_week else [],
        week_lines=_week_lines(every, seen.days, zone) if seen.is_week else [],
        focus=focus,
        focus_days=_week_lines([focus], seen.days, zone)[0][1] if focus else [],
        words=Words(actor.zone, current_language(), clock.now_minute()),
        chosen=seen.chosen,
        filters=_filters(seen.every),
        venues=search_choices.venues(db.session(), actor, homes),
        number=seen.page,
        count=-(-seen.total // PAGE),
        total=seen.total,
        arguments=_kept(),
    )


def shown(actor: Actor, wanted: date) -> Shown:
    """The lines that the address asks for, with its filters; the reader's own calendar first."""
    session, zone = db.session(), ZoneInfo(actor.zone)
    is_week = request.args.get("vue") == "semaine"
    chosen = {name: [each for each in request.args.getlist(name) if each] for name in FILTERS}
    filtered = any(chosen.values())
    every = every_calendar(session, actor, chosen["lieu"], None if filtered else actor.home_venue_pk)
    seen = (
        kept(
            every,
            organisations=chosen["structure"],
            somewhere=bool(chosen["lieu"]),
            professions=chosen["metier"],
            kinds=chosen["type"],
        )
        if filtered
        else _usual(every)
    )
    seen.sort(key=lambda each: each.pk != actor.calendar_pk)
    page = max(1, request.args.get("page", 1, type=int))
    monday = wanted - timedelta(days=wanted.weekday())
    days = [monday + timedelta(days=offset) for offset in range(7)] if is_week else [wanted]
    window = (local_day(days[0], zone)[0], local_day(days[-1], zone)[1])
    found = lines(session, actor, seen[(page - 1) * PAGE : page * PAGE], window)
    days = [each for each in days if each.weekday() < 5 or not is_week or _busy_on(found, local_day(each, zone))]
    return Shown(every, found, days, window, is_week, chosen, page, len(seen))


def _usual(every: list[PlannedCalendar]) -> list[PlannedCalendar]:
    """Without a filter: the colleagues, rooms and vehicles of the reader's structure and of the home venue."""
    near = [each for each in every if each.is_there or each.rights.level in ("propose", "book", "manage")]
    return near or list(every)


def _busy_on(every: list[Line], day: Span) -> bool:
    """Whether anything stands on that day or is offered; an empty Saturday or Sunday is left out of the week."""
    spans = [(block.starts, block.ends) for line in every for block in line.blocks]
    spans += [(time.starts, time.ends) for line in every for time in line.openings]
    return any(overlap(span, day) for span in spans)


def _day_lines(every: list[Line], window: tuple[int, int]) -> list[DayLine]:
    shown = hours_shown(every, window)
    return [DayLine(line, cells(line, shown)) for line in every]


def _hours(every: list[Line], window: tuple[int, int]) -> list[int]:
    shown = hours_shown(every, window)
    return list(range(shown[0], shown[1], 60))


def _week_lines(every: list[Line], days: list[date], zone: ZoneInfo) -> list[tuple[Line, list[WeekDay]]]:
    """Each calendar with what stands on each of the days."""
    spans = [(each, local_day(each, zone)) for each in days]
    return [
        (
            line,
            [
                WeekDay(
                    each,
                    Line(
                        line.calendar,
                        tuple(block for block in line.blocks if block.starts < ends and block.ends > starts),
                        tuple(time for time in line.openings if time.starts < ends and time.ends > starts),
                    ),
                )
                for each, (starts, ends) in spans
            ],
        )
        for line in every
    ]


def _filters(everything: list[PlannedCalendar]) -> dict[str, list[tuple[str, str]]]:
    """What can be filtered by, from what the reader sees."""
    organisations = {each.organisation: each.organisation_name for each in everything}
    professions = sorted({each.profession for each in everything if each.profession})
    return {
        "structure": sorted(organisations.items(), key=lambda pair: pair[1]),
        "metier": [(each, each) for each in professions],
        "type": [
            (each, each) for each in ("adviser", "room", "vehicle") if any(one.kind == each for one in everything)
        ],
    }
