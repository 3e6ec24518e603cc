"""The planner: advisers, rooms and vehicles side by side, what they offer and what stands on them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking.actions.openings import shown, venue_clocks
from booking.actions.rights import Actor, Rights, rights_on
from booking.database import rows
from booking.models.claims import LONG_MINUTES
from booking.timeline.holidays import closed_days
from booking.timeline.interval import Span, clip, subtract

KIND_ORDER = {"adviser": 0, "room": 1, "vehicle": 2}


@dataclass(frozen=True)
class PlannedCalendar:
    """A line of the planner: the calendar, where it is, what the reader may do with it."""

    pk: int
    id: str
    kind: str
    name: str
    organisation: str
    organisation_name: str
    venue: str | None
    venue_name: str | None
    profession: str | None
    rights: Rights


@dataclass(frozen=True)
class Block:
    """What stands on a calendar, in UTC minutes without buffers. Title, author and id only where they may be seen.

    ``claim`` is the whole time taken, buffers included.
    """

    starts: int
    ends: int
    claim: Span
    kind: str
    strength: str
    title: str | None = None
    by: str | None = None
    id: str | None = None
    mine: bool = False


@dataclass(frozen=True)
class OpenTime:
    """Time an adviser offers: where, and how one comes (``by_appointment``, ``drop_in``, ``both``)."""

    starts: int
    ends: int
    venue_pk: int
    admission: str
    opening: str


@dataclass(frozen=True)
class Line:
    calendar: PlannedCalendar
    blocks: tuple[Block, ...]
    openings: tuple[OpenTime, ...]


_CALENDARS = """
SELECT c.pk, c.id, c.kind, c.name, o.id, o.name, v.id, v.name, c.profession
FROM calendar c
JOIN organisation o ON o.pk = c.organisation_pk
LEFT JOIN venue v ON v.pk = c.venue_pk
WHERE c.active AND c.pk IN_ARRAY(:calendars)
"""

_BLOCKS = f"""
SELECT c.calendar_pk, c.starts, c.ends, c.strength, c.occurrence, e.kind, e.id, e.title, e.before, e.after,
       e.booked_by_pk, a.name
FROM claim c JOIN entry e ON e.pk = c.entry_pk LEFT JOIN account a ON a.pk = e.booked_by_pk
WHERE c.calendar_pk IN_ARRAY(:calendars) AND c.ends > :since AND c.starts < :until
  AND (c.starts >= :since - {LONG_MINUTES} OR c.ends - c.starts > {LONG_MINUTES})
ORDER BY c.calendar_pk, c.starts, c.pk
"""  # noqa: S608 - constants

_SETUP = "SELECT pk, setup_minutes, cleanup_minutes FROM calendar WHERE kind = 'room' AND pk IN_ARRAY(:calendars)"


def calendars_seen(
    session: Session,
    actor: Actor,
    *,
    organisations: Collection[str] = (),
    venues: Collection[str] = (),
    professions: Collection[str] = (),
    kinds: Collection[str] = (),
    ids: Collection[str] = (),
) -> list[PlannedCalendar]:
    """The calendars the actor sees at all, filtered; advisers, then rooms, then vehicles, each by name.

    A venue keeps the advisers at home there or open there, its rooms, and the vehicles based there.
    """
    rights = rights_on(session, actor)
    open_there = _open_at(session, venues)
    seen = []
    for row in rows(session, _CALENDARS, {"calendars": sorted(rights)}):
        pk, calendar_id, kind, name, organisation, organisation_name, venue, venue_name, profession = row
        calendar = PlannedCalendar(
            pk, calendar_id, kind, name, organisation, organisation_name, venue, venue_name, profession, rights[pk]
        )
        if (
            (not organisations or calendar.organisation in organisations)
            and (not venues or calendar.venue in venues or calendar.pk in open_there)
            and (not professions or calendar.kind != "adviser" or calendar.profession in professions)
            and (not kinds or calendar.kind in kinds)
            and (not ids or calendar.id in ids)
        ):
            seen.append(calendar)
    return sorted(seen, key=lambda each: (KIND_ORDER[each.kind], each.name, each.pk))


_OPEN_AT = """
SELECT DISTINCT o.calendar_pk FROM opening o JOIN venue v ON v.pk = o.venue_pk WHERE v.id IN_ARRAY(:venues)
"""


def _open_at(session: Session, venues: Collection[str]) -> set[int]:
    if not venues:
        return set()
    return {row[0] for row in rows(session, _OPEN_AT, {"venues": sorted(venues)})}


def lines(session: Session, actor: Actor, calendars: Iterable[PlannedCalendar], window: Span) -> list[Line]:
    """What stands on these calendars and what they offer, in six statements whatever their number."""
    calendars = list(calendars)
    keys = [each.pk for each in calendars]
    rights = {each.pk: each.rights for each in calendars}
    setup = {pk: (before, after) for pk, before, after in rows(session, _SETUP, {"calendars": keys})}
    blocks: dict[int, list[Block]] = {}
    for row in rows(session, _BLOCKS, {"calendars": keys, "since": window[0], "until": window[1]}):
        blocks.setdefault(row[0], []).append(_block(row, setup.get(row[0]), rights[row[0]], actor))
    openings = _open_times(session, [each.pk for each in calendars if each.kind == "adviser"], window)
    return [Line(each, tuple(blocks.get(each.pk, ())), tuple(openings.get(each.pk, ()))) for each in calendars]


def _block(row: tuple[Any, ...], setup: tuple[int, int] | None, rights: Rights, actor: Actor) -> Block:
    _, starts, ends, strength, _, kind, entry_id, title, before, after, booked_by_pk, booked_by = row
    first, last = setup if setup is not None else (before, after)
    mine = booked_by_pk == actor.pk
    core = (starts + first, ends - last)
    if not (rights.sees_details or mine):
        return Block(starts, ends, (starts, ends), "busy", strength)
    return Block(*core, (starts, ends), kind, strength, title, booked_by, entry_id, mine)


def _open_times(session: Session, advisers: list[int], window: Span) -> dict[int, list[OpenTime]]:
    found = shown(session, advisers, window)
    clocks = venue_clocks(session, {each.venue_pk for each in found})
    closed = {
        clock: closed_days(
            clock.public_holidays, ZoneInfo(clock.zone), (window[0] - LONG_MINUTES, window[1] + LONG_MINUTES)
        )
        if clock.public_holidays
        else []
        for clock in set(clocks.values())
    }
    times: dict[int, list[OpenTime]] = {}
    for each in found:
        spans = clip(each.spans, window)
        if not each.open_on_holidays:
            spans = subtract(spans, closed[clocks[each.venue_pk]])
        for starts, ends in spans:
            times.setdefault(each.calendar_pk, []).append(
                OpenTime(starts, ends, each.venue_pk, each.admission, each.id)
            )
    return {pk: sorted(some, key=lambda one: (one.starts, one.ends)) for pk, some in times.items()}
