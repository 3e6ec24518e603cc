"""Whether one time can be taken: the definition of a slot applied to a single start, under the caller's locks.

Two kinds of answers: clashes (an exclusive claim is there; nobody may insist) and hindrances (it is no slot;
whoever manages the calendars may insist).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking.actions.claims import Standing, Wanted, standing
from booking.actions.openings import offered
from booking.actions.windows import HAS_HOURS, Window, windows_of
from booking.database import rows
from booking.models.claims import UNAVAILABLE
from booking.refusals import Fault, Hindrance, Invalid
from booking.timeline.holidays import closed_days
from booking.timeline.interval import Span
from booking.timeline.obstacles import Diary, Occupied, bounds_obstacles, diary_obstacles
from booking.timeline.slots import Need

ANY = "any"
A_DAY = 1440


class CalendarFacts(NamedTuple):
    """What booking needs to know of a calendar. ``has_hours``: a room or vehicle that is not always open."""

    pk: int
    id: str
    kind: str
    name: str
    venue_pk: int | None
    account_pk: int | None
    profession: str | None
    capacity: int | None
    setup_minutes: int
    cleanup_minutes: int
    moderated: bool
    needs_approval: bool
    territory_pk: int
    has_hours: bool = False

    @property
    def awaits_a_yes(self) -> bool:
        """Whether a booking of it needs to be confirmed by whoever manages it."""
        return bool(self.moderated if self.kind == "room" else self.needs_approval)

    def widened(self, starts: int, ends: int, before: int, after: int) -> Span:
        """The claim for an entry: a room by its own minutes, an adviser and a vehicle by the purpose's."""
        if self.kind == "room":
            return starts - self.setup_minutes, ends + self.cleanup_minutes
        return starts - before, ends + after


class VenueFacts(NamedTuple):
    pk: int
    id: str
    name: str
    territory_pk: int
    zone: str
    public_holidays: str | None


class PurposeFacts(NamedTuple):
    pk: int
    id: str
    name: str
    minutes: int
    before: int
    after: int
    professions: Sequence[str]
    room_capacity: int
    needs_vehicle: bool
    notice_minutes: int
    horizon_days: int | None
    urgent: bool


_CALENDARS = f"""
SELECT c.pk, c.id, c.kind, c.name, c.venue_pk, c.account_pk, c.profession, c.capacity,
       c.setup_minutes, c.cleanup_minutes, c.moderated, c.needs_approval, o.territory_pk, {HAS_HOURS}
FROM calendar c JOIN organisation o ON o.pk = c.organisation_pk
WHERE {{which}}
ORDER BY c.pk
"""  # noqa: S608 - constants
_NAMED = "c.id IN_ARRAY(:ids)"
_ROOMS = "(c.kind = 'room' AND c.venue_pk = :venue)"
_VEHICLES = "(c.kind = 'vehicle' AND c.venue_pk IN (SELECT a.venue_pk FROM calendar a WHERE a.id IN_ARRAY(:advisers)))"


def calendars_named(
    session: Session,
    ids: Iterable[str],
    *,
    rooms_of: int | None = None,
    vehicles_for: Sequence[str] | None = None,
) -> dict[str, CalendarFacts]:
    """The active calendars of these ids, with all rooms of a venue and all vehicles based with advisers, by id."""
    which = [_NAMED]
    arguments: dict[str, object] = {"ids": sorted(set(ids))}
    if rooms_of is not None:
        which.append(_ROOMS)
        arguments["venue"] = rooms_of
    if vehicles_for is not None:
        which.append(_VEHICLES)
        arguments["advisers"] = sorted(set(vehicles_for))
    found = rows(session, _CALENDARS.format(which=f"c.active AND ({' OR '.join(which)})"), arguments)
    return {row[1]: CalendarFacts(*row) for row in found}


def calendars_of(session: Session, pks: Iterable[int]) -> list[CalendarFacts]:
    """The calendars of these keys, closed ones too, in the order of their keys."""
    found = rows(session, _CALENDARS.format(which="c.pk IN_ARRAY(:pks)"), {"pks": sorted(set(pks))})
    return [CalendarFacts(*row) for row in found]


_VENUE = """
SELECT v.pk, v.id, v.name, o.territory_pk, t.timezone, t.public_holidays
FROM venue v JOIN organisation o ON o.pk = v.organisation_pk JOIN territory t ON t.pk = o.territory_pk
WHERE {which}
"""


def venue_named(session: Session, venue_id: str) -> VenueFacts | None:
    found = rows(session, _VENUE.format(which="v.id = :id"), {"id": venue_id})
    return VenueFacts(*found[0]) if found else None


def venue_of(session: Session, venue_pk: int) -> VenueFacts:
    return VenueFacts(*rows(session, _VENUE.format(which="v.pk = :pk"), {"pk": venue_pk})[0])


_PURPOSE = """
SELECT pk, id, name, minutes, before, after, professions, room_capacity, needs_vehicle, notice_minutes,
       horizon_days, urgent
FROM purpose WHERE {which}
"""


def _purpose(session: Session, which: str, value: object) -> PurposeFacts | None:
    found = rows(session, _PURPOSE.format(which=which), {"value": value})
    if not found:
        return None
    row = list(found[0])
    row[6] = json.loads(row[6]) if isinstance(row[6], str) else row[6]
    return PurposeFacts(*row)


def purpose_named(session: Session, purpose_id: str) -> PurposeFacts | None:
    return _purpose(session, "id = :value", purpose_id)


def purpose_of(session: Session, purpose_pk: int) -> PurposeFacts | None:
    return _purpose(session, "pk = :value", purpose_pk)


@dataclass(frozen=True)
class Plan:
    """A time that somebody wants, with its rows resolved. ``rooms``/``vehicles`` are candidates, best first.

    ``None`` for rooms or vehicles: none asked for; an empty list: asked for, and there is none.
    """

    purpose: PurposeFacts
    advisers: tuple[CalendarFacts, ...]
    venue: VenueFacts
    starts: int
    minutes: int
    before: int
    after: int
    rooms: tuple[CalendarFacts, ...] | None = None
    vehicles: tuple[CalendarFacts, ...] | None = None

    @property
    def ends(self) -> int:
        return self.starts + self.minutes

    @property
    def calendars(self) -> tuple[CalendarFacts, ...]:
        return (*self.advisers, *(self.rooms or ()), *(self.vehicles or ()))

    def claim_span(self, calendar: CalendarFacts) -> Span:
        return calendar.widened(self.starts, self.ends, self.before, self.after)

    def wanted(self, calendar: CalendarFacts, strength: str) -> Wanted:
        starts, ends = self.claim_span(calendar)
        return Wanted(calendar.pk, starts, ends, strength)


@dataclass(frozen=True)
class Finding:
    """What stands against a plan, and the room and vehicle it would take."""

    clashes: tuple[Standing, ...]
    hindrances: tuple[Hindrance, ...]
    room: CalendarFacts | None
    vehicle: CalendarFacts | None


def examine(session: Session, plan: Plan, now_minute: int, *, ignoring: Iterable[int] = ()) -> Finding:
    """Everything that stands against the plan, ignoring the claims of the entries that are being moved."""
    spans = {calendar.pk: plan.claim_span(calendar) for calendar in plan.calendars}
    claims = standing(
        session,
        spans,
        min(span[0] for span in spans.values()),
        max(span[1] for span in spans.values()),
        ignoring=set(ignoring),
    )
    against: dict[int, list[Standing]] = {}
    for claim in claims:
        starts, ends = spans[claim.calendar_pk]
        if claim.starts < ends and claim.ends > starts:
            against.setdefault(claim.calendar_pk, []).append(claim)
    windows = windows_of(session, [each.pk for each in plan.calendars if each.has_hours])
    room, room_clashes, room_hindrances = _choose(plan.rooms, against, windows, "room", plan)
    vehicle, vehicle_clashes, vehicle_hindrances = _choose(plan.vehicles, against, windows, "vehicle", plan)
    clashes = [claim for each in plan.advisers for claim in against.get(each.pk, ()) if claim.exclusive]
    hindrances = [
        *_bounds(plan, now_minute),
        *_diaries(session, plan, against),
        *room_hindrances,
        *vehicle_hindrances,
    ]
    return Finding((*clashes, *room_clashes, *vehicle_clashes), tuple(hindrances), room, vehicle)


def _bounds(plan: Plan, now_minute: int) -> list[Hindrance]:
    purpose = plan.purpose
    latest = None if purpose.horizon_days is None else now_minute + purpose.horizon_days * A_DAY
    found = bounds_obstacles(plan.starts, plan.minutes, now_minute + purpose.notice_minutes, latest)
    hindrances = [Hindrance(each.code, None, each.start, each.end) for each in found]
    for adviser in plan.advisers:
        if purpose.professions and adviser.profession not in purpose.professions:
            hindrances.append(Hindrance("profession", adviser.id, plan.starts, plan.ends))
    return hindrances


def _diaries(session: Session, plan: Plan, against: dict[int, list[Standing]]) -> list[Hindrance]:
    whole = (plan.starts - plan.before, plan.ends + plan.after)
    closed: dict[int, list[Span]] = {each.pk: [] for each in plan.advisers}
    always: dict[int, list[Span]] = {each.pk: [] for each in plan.advisers}
    for opening in offered(session, closed, whole, plan.purpose.pk):
        if opening.venue_pk == plan.venue.pk:
            (always if opening.open_on_holidays else closed)[opening.calendar_pk].extend(opening.spans)
    holidays = (
        closed_days(plan.venue.public_holidays, ZoneInfo(plan.venue.zone), (whole[0] - A_DAY, whole[1] + A_DAY))
        if plan.venue.public_holidays
        else []
    )
    need = Need(plan.minutes, plan.before, plan.after)
    hindrances: list[Hindrance] = []
    for adviser in plan.advisers:
        diary = Diary(
            adviser.id,
            closed[adviser.pk],
            [_occupied(claim) for claim in against.get(adviser.pk, ()) if not claim.exclusive],
            holidays,
            always[adviser.pk],
        )
        hindrances.extend(
            Hindrance(each.code, each.calendar, each.start, each.end)
            for each in diary_obstacles(plan.starts, need, diary)
        )
    return hindrances


def _occupied(claim: Standing) -> Occupied:
    return Occupied(claim.starts, claim.ends, "absence" if claim.strength == UNAVAILABLE else "busy")


def _choose(
    candidates: tuple[CalendarFacts, ...] | None,
    against: dict[int, list[Standing]],
    windows: dict[int, Window],
    code: str,
    plan: Plan,
) -> tuple[CalendarFacts | None, list[Standing], list[Hindrance]]:
    """The first candidate that is wholly free; else the first without a clash, with what hinders it; else why."""
    if candidates is None:
        return None, [], []
    if not candidates:
        return None, [], [Hindrance(code, None, plan.starts, plan.ends)]
    closed = {each.pk: _closed(each, windows.get(each.pk), plan) for each in candidates}
    free = [each for each in candidates if not against.get(each.pk) and not closed[each.pk]]
    if free:
        return free[0], [], []
    for each in candidates:
        mine = against.get(each.pk, ())
        if not any(claim.exclusive for claim in mine):
            occupied = [_occupied(claim) for claim in mine]
            hindrances = [Hindrance(one.code, each.id, one.start, one.end) for one in occupied]
            return each, [], [*hindrances, *closed[each.pk]]
    return None, [claim for each in candidates for claim in against[each.pk] if claim.exclusive], []


def _closed(calendar: CalendarFacts, window: Window | None, plan: Plan) -> list[Hindrance]:
    """When a room is closed during the appointment itself, a vehicle while it is out."""
    if window is None:
        return []
    span = (plan.starts, plan.ends) if calendar.kind == "room" else plan.claim_span(calendar)
    return [Hindrance(one.code, calendar.id, one.start, one.end) for one in window.closed(span)]


def unknown(pointer: str) -> Invalid:
    """An id that names nothing the actor may know of."""
    return Invalid([Fault(pointer, "unknown_id", "there is nothing with this id")])
