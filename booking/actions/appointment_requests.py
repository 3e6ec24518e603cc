"""What somebody wants to book or move, and the rows behind the ids they sent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from booking.actions import claims, feasibility
from booking.actions.beneficiaries import BeneficiaryDraft, checked
from booking.actions.feasibility import ANY, CalendarFacts, Plan, calendars_of, unknown
from booking.actions.openings import offered
from booking.actions.rights import NO_RIGHTS, Actor, Rights, rights_on
from booking.models import Appointment, Entry
from booking.models.appointments import URGENCIES
from booking.refusals import Fault, Forbidden, Invalid, NotFound

NOTE_LENGTH = 300
LONGEST_MINUTES = 14 * 1440


@dataclass(frozen=True)
class Also:
    """A further claim in the same transaction: a room to prepare, a van for the way. UTC minutes."""

    calendar: str
    starts: int
    ends: int
    title: str | None = None


@dataclass(frozen=True)
class Request:
    """What somebody wants to book. ``room`` and ``vehicle`` are an id, ``any`` or nothing; times in UTC minutes.

    ``walk_in``: the person stands at the desk. Whoever may book an adviser outright then needs no opening and no
    notice; absences, busy times and holidays hold.
    """

    purpose: str
    advisers: tuple[str, ...]
    starts: int
    venue: str | None = None
    room: str | None = None
    vehicle: str | None = None
    minutes: int | None = None
    before: int | None = None
    after: int | None = None
    beneficiary: BeneficiaryDraft | None = None
    note: str | None = None
    urgency: str | None = None
    override: bool = False
    also: tuple[Also, ...] = ()
    walk_in: bool = False


KEEP: Any = object()
"""Stands for what a move leaves as it was."""


@dataclass(frozen=True)
class Move:
    """What a move changes; ``KEEP`` leaves a thing as it was, ``None`` drops a room or a vehicle."""

    starts: Any = KEEP
    advisers: Any = KEEP
    venue: Any = KEEP
    room: Any = KEEP
    vehicle: Any = KEEP
    minutes: Any = KEEP
    note: Any = KEEP
    urgency: Any = KEEP
    beneficiary: Any = KEEP
    override: bool = False


def checked_words(
    beneficiary: BeneficiaryDraft | None, note: str | None, urgency: str | None
) -> tuple[BeneficiaryDraft | None, list[Fault]]:
    faults: list[Fault] = []
    if beneficiary is not None:
        beneficiary, faults = checked(beneficiary)
    if note and len(note) > NOTE_LENGTH:
        faults.append(Fault("/note", "too_long", f"at most {NOTE_LENGTH} characters"))
    if urgency and urgency not in URGENCIES:
        faults.append(Fault("/urgency", "choice", f"one of {', '.join(URGENCIES)}"))
    return beneficiary, faults


def resolve(
    session: Session, actor: Actor, request: Request, keeping: set[int] | None = None
) -> tuple[Plan, dict[int, Rights]]:
    """The rows behind the ids, with the actor's rights on every calendar. Unknown and foreign ids are the same.

    ``keeping`` are calendars the appointment already holds: they need no right of their own to be kept.
    """
    kept = keeping or set()
    purpose = feasibility.purpose_named(session, request.purpose)
    if purpose is None:
        raise unknown("/purpose")
    if not request.advisers or len(set(request.advisers)) != len(request.advisers):
        raise Invalid([Fault("/advisers", "advisers", "at least one adviser, each once")])
    minutes, before, after = (
        given if given is not None else default
        for given, default in (
            (request.minutes, purpose.minutes),
            (request.before, purpose.before),
            (request.after, purpose.after),
        )
    )
    if not 0 < minutes <= LONGEST_MINUTES or not 0 <= before <= LONGEST_MINUTES or not 0 <= after <= LONGEST_MINUTES:
        raise Invalid([Fault("/minutes", "range", "minutes must be positive, buffers not negative")])
    venue = feasibility.venue_named(session, request.venue) if request.venue else None
    if request.venue and venue is None:
        raise unknown("/venue")
    if venue is None:
        venue = _likely_venue(session, request)
    found = feasibility.calendars_named(
        session,
        [*request.advisers, *(each for each in (request.room, request.vehicle) if each and each != ANY)],
        rooms_of=venue.pk if request.room == ANY else None,
        vehicles_for=request.advisers if request.vehicle == ANY else None,
    )
    rights = rights_on(session, actor, [calendar.pk for calendar in found.values()])
    advisers = tuple(
        _named(found, rights, each, "adviser", f"/advisers/{index}", kept)
        for index, each in enumerate(request.advisers)
    )
    if venue.territory_pk not in {actor.territory_pk, *(each.territory_pk for each in advisers)}:
        raise unknown("/venue")
    rooms = _candidates(found, rights, request.room, "room", kept, {venue.pk}, purpose.room_capacity)
    homes = {each.venue_pk for each in advisers if each.venue_pk is not None}
    vehicles = _candidates(found, rights, request.vehicle, "vehicle", kept, homes if len(homes) == 1 else set(), 0)
    return Plan(purpose, advisers, venue, request.starts, minutes, before, after, rooms, vehicles), rights


def _likely_venue(session: Session, request: Request) -> feasibility.VenueFacts:
    """Where the first adviser is open at that hour, or at home."""
    adviser = feasibility.calendars_named(session, request.advisers[:1]).get(request.advisers[0])
    if adviser is None or adviser.kind != "adviser":
        raise unknown("/advisers/0")
    for opening in offered(session, [adviser.pk], (request.starts, request.starts + 1), None):
        if any(start <= request.starts < end for start, end in opening.spans):
            return feasibility.venue_of(session, opening.venue_pk)
    if adviser.venue_pk is None:
        raise Invalid([Fault("/venue", "required", "name the venue")])
    return feasibility.venue_of(session, adviser.venue_pk)


def _named(
    found: dict[str, CalendarFacts],
    rights: dict[int, Rights],
    calendar_id: str,
    kind: str,
    pointer: str,
    kept: set[int],
) -> CalendarFacts:
    calendar = found.get(calendar_id)
    if calendar is None or calendar.kind != kind:
        raise unknown(pointer)
    held = rights.get(calendar.pk, NO_RIGHTS)
    if calendar.pk in kept:
        return calendar
    if not held.sees:
        raise unknown(pointer)
    if not held.may_propose:
        raise Forbidden
    return calendar


def _candidates(
    found: dict[str, CalendarFacts],
    rights: dict[int, Rights],
    asked: str | None,
    kind: str,
    kept: set[int],
    venues: set[int],
    capacity: int,
) -> tuple[CalendarFacts, ...] | None:
    """The rooms or vehicles that would do, best first: those at once free to take, then the smallest."""
    if asked is None:
        return None
    if asked != ANY:
        calendar = _named(found, rights, asked, kind, f"/{kind}", kept)
        if calendar.venue_pk not in venues and calendar.pk not in kept:
            raise Invalid([Fault(f"/{kind}", "elsewhere", f"this {kind} is at another venue")])
        return (calendar,)
    fitting = [
        calendar
        for calendar in found.values()
        if calendar.kind == kind
        and calendar.venue_pk in venues
        and (calendar.capacity or 0) >= capacity
        and (calendar.pk in kept or rights.get(calendar.pk, NO_RIGHTS).may_propose)
    ]
    return tuple(
        sorted(fitting, key=lambda each: (each.pk not in kept, each.awaits_a_yes, each.capacity or 0, each.id))
    )


def resolve_also(session: Session, actor: Actor, also: Sequence[Also]) -> dict[int, CalendarFacts]:
    """The calendars of the further claims, by their place in the list."""
    if not also:
        return {}
    found = feasibility.calendars_named(session, [each.calendar for each in also])
    rights = rights_on(session, actor, [calendar.pk for calendar in found.values()])
    answer = {}
    for index, each in enumerate(also):
        calendar = found.get(each.calendar)
        if calendar is None or not rights.get(calendar.pk, NO_RIGHTS).sees:
            raise unknown(f"/also/{index}/calendar")
        if not rights[calendar.pk].may_propose:
            raise Forbidden
        if not each.starts < each.ends:
            raise Invalid([Fault(f"/also/{index}/end", "order", "the end comes before the start")])
        answer[index] = calendar
    return answer


def as_request(
    session: Session, entry: Entry, appointment: Appointment, held: Sequence[claims.Standing], change: Move
) -> Request:
    """What the appointment is, with what the move changes."""
    facts = calendars_of(session, [claim.calendar_pk for claim in held])
    purpose = feasibility.purpose_of(session, appointment.purpose_pk)
    if purpose is None:
        raise NotFound
    by_kind: dict[str, list[str]] = {}
    for each in facts:
        by_kind.setdefault(each.kind, []).append(each.id)
    present = Request(
        purpose=purpose.id,
        advisers=tuple(by_kind.get("adviser", ())),
        starts=entry.starts,
        venue=feasibility.venue_of(session, entry.venue_pk).id if entry.venue_pk else None,
        room=next(iter(by_kind.get("room", ())), None),
        vehicle=next(iter(by_kind.get("vehicle", ())), None),
        minutes=entry.ends - entry.starts,
        before=entry.before,
        after=entry.after,
        override=change.override,
    )
    given = {
        name: value
        for name in ("starts", "advisers", "venue", "room", "vehicle", "minutes")
        if (value := getattr(change, name)) is not KEEP
    }
    moved = replace(present, **given)
    if moved.venue != present.venue and "room" not in given and moved.room is not None:
        moved = replace(moved, room=ANY)
    return moved


def warnings_of(plan: Plan, request: Request) -> tuple[str, ...]:
    warnings = []
    if plan.purpose.room_capacity and request.room is None:
        warnings.append("no_room")
    if plan.purpose.needs_vehicle and request.vehicle is None:
        warnings.append("no_vehicle")
    for room in plan.rooms or ():
        if request.room == room.id and (room.capacity or 0) < plan.purpose.room_capacity:
            warnings.append("room_too_small")
    return tuple(warnings)


def is_unmoved(session: Session, entry: Entry, plan: Plan, held: Sequence[claims.Standing], change: Move) -> bool:
    """Whether nothing that claims is different."""
    if ANY in (change.room, change.vehicle):
        return False
    now_held = {claim.calendar_pk for claim in held}
    return (plan.starts, plan.ends, plan.venue.pk) == (entry.starts, entry.ends, entry.venue_pk) and {
        calendar.pk for calendar in plan.calendars
    } == now_held
