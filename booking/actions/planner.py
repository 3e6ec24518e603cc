"""The planner: advisers, rooms and vehicles side by side, what they offer and what stands on them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking.actions.openings import shown, venue_clocks
from booking.actions.rights import Actor, Rights, rights_from
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
    setup_minutes: int = 0
    cleanup_minutes: int = 0
    venue_pk: int | None = None
    is_there: bool = False
    """Whether it is at home, or open, at one of the venues that were asked for."""


class Block(NamedTuple):
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


_GRANT = 8
_CALENDARS = """
SELECT c.pk, c.kind, c.organisation_pk, o.territory_pk, c.account_pk, s.account_pk, s.organisation_pk, s.level,
       c.id, c.name, o.id, o.name, v.id, v.name, c.profession, c.setup_minutes, c.cleanup_minutes, v.pk,
       CASE WHEN v.pk = :home OR v.id IN_ARRAY(:venues) OR EXISTS (
         SELECT 1 FROM opening x JOIN venue w ON w.pk = x.venue_pk
         WHERE x.calendar_pk = c.pk AND (w.pk = :home OR w.id IN_ARRAY(:venues))
       ) THEN 1 ELSE 0 END
FROM calendar c
JOIN organisation o ON o.pk = c.organisation_pk
LEFT JOIN venue v ON v.pk = c.venue_pk
LEFT JOIN share s ON s.calendar_pk = c.pk
 AND (s.account_pk = :account OR s.organisation_pk = :organisation OR s.territory_pk = :territory)
WHERE c.active AND (o.territory_pk = :territory OR s.pk IS NOT NULL)
"""
NOWHERE = -1

_BLOCKS = f"""
SELECT c.calendar_pk, c.starts, c.ends, c.strength, e.kind, e.id, e.title, e.before, e.after,
       e.booked_by_pk, a.name
FROM claim c JOIN entry e ON e.pk = c.entry_pk LEFT JOIN account a ON a.pk = e.booked_by_pk
WHERE c.calendar_pk IN_ARRAY(:calendars) AND c.ends > :since AND c.starts < :until
  AND (c.starts >= :since - {LONG_MINUTES} OR c.ends - c.starts > {LONG_MINUTES})
ORDER BY c.calendar_pk, c.starts, c.pk
"""  # noqa: S608 - constants


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
    """The calendars the actor sees at all, filtered as ``kept`` does."""
    return [
        each
        for each in kept(
            every_calendar(session, actor, venues),
            organisations=organisations,
            somewhere=bool(venues),
            professions=professions,
            kinds=kinds,
        )
        if not ids or each.id in ids
    ]


def every_calendar(
    session: Session, actor: Actor, venues: Collection[str] = (), home_pk: int | None = None
) -> list[PlannedCalendar]:
    """All the actor sees, in one statement: advisers, then rooms, then vehicles, each by name.

    ``is_there`` says which are at home or open at ``venues`` (ids) or at ``home_pk``.
    """
    found = rows(
        session,
        _CALENDARS,
        {
            "account": actor.pk,
            "organisation": actor.organisation_pk,
            "territory": actor.territory_pk,
            "venues": sorted(venues),
            "home": NOWHERE if home_pk is None else home_pk,
        },
    )
    rights = rights_from(actor, (row[:_GRANT] for row in found))
    every = {row[0]: _calendar(row, rights[row[0]]) for row in found if row[0] in rights}
    return sorted(every.values(), key=lambda each: (KIND_ORDER[each.kind], each.name, each.pk))


def _calendar(row: Sequence[Any], rights: Rights) -> PlannedCalendar:
    calendar_id, name, organisation, organisation_name, venue, venue_name, profession = row[_GRANT:15]
    setup, cleanup, venue_pk, is_there = row[15:]
    return PlannedCalendar(
        row[0],
        calendar_id,
        row[1],
        name,
        organisation,
        organisation_name,
        venue,
        venue_name,
        profession,
        rights,
        setup,
        cleanup,
        venue_pk,
        bool(is_there),
    )


def kept(
    calendars: Iterable[PlannedCalendar],
    *,
    organisations: Collection[str] = (),
    somewhere: bool = False,
    professions: Collection[str] = (),
    kinds: Collection[str] = (),
) -> list[PlannedCalendar]:
    """Those that the filters leave, in their order.

    ``somewhere`` keeps the advisers at home or open at the venues asked for, their rooms, the vehicles based there.
    """
    return [
        each
        for each in calendars
        if (not organisations or each.organisation in organisations)
        and (not somewhere or each.is_there)
        and (not professions or each.kind != "adviser" or each.profession in professions)
        and (not kinds or each.kind in kinds)
    ]


def lines(session: Session, actor: Actor, calendars: Iterable[PlannedCalendar], window: Span) -> list[Line]:
    """What stands on these calendars and what they offer, in four statements whatever their number."""
    calendars = list(calendars)
    by_pk = {each.pk: each for each in calendars}
    blocks: dict[int, list[Block]] = {each.pk: [] for each in calendars}
    for row in rows(session, _BLOCKS, {"calendars": [*by_pk], "since": window[0], "until": window[1]}):
        blocks[row[0]].append(_block(row, by_pk[row[0]], actor))
    openings = _open_times(session, [each.pk for each in calendars if each.kind == "adviser"], window)
    return [Line(each, tuple(blocks[each.pk]), tuple(openings.get(each.pk, ()))) for each in calendars]


def _block(row: tuple[Any, ...], calendar: PlannedCalendar, actor: Actor) -> Block:
    _, starts, ends, strength, kind, entry_id, title, before, after, booked_by_pk, booked_by = row
    mine = booked_by_pk == actor.pk
    if not (calendar.rights.sees_details or mine):
        return Block(starts, ends, (starts, ends), "busy", strength)
    if calendar.kind == "room":
        before, after = calendar.setup_minutes, calendar.cleanup_minutes
    return Block(starts + before, ends - after, (starts, ends), kind, strength, title, booked_by, entry_id, mine)


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
