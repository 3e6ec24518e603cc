"""Proposals: what claims its time at once and waits for a yes, until it lapses.

Appointments are confirmed and rejected here; reservations in ``reservation_proposals``, by the same rules.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.actions import audit, claims, entries, reservation_rows
from booking.actions.appointment_requests import NOTE_LENGTH
from booking.actions.appointment_rows import announce, drop, held_by, load, still
from booking.actions.feasibility import CalendarFacts, Finding, Plan, calendars_of
from booking.actions.reservation_requests import takes_outright
from booking.actions.rights import NO_RIGHTS, Actor, Rights, load_actor, rights_on
from booking.database import lock_calendars
from booking.models import Appointment, Entry
from booking.models.claims import BUSY, TENTATIVE
from booking.refusals import Fault, Forbidden, Invalid, WrongState

LAPSE_MINUTES = 48 * 60
LAPSE_BEFORE_START = 2 * 60


def status_of(
    plan: Plan, finding: Finding, rights: dict[int, Rights], now: datetime, *, moved_by: str | None
) -> tuple[str, int | None]:
    """Confirmed, or tentative until whoever manages says yes, with the minute at which it lapses.

    Who moves what was confirmed and manages the room or the vehicle needs no second yes.
    """
    awaiting = [each for each in plan.advisers if not rights.get(each.pk, NO_RIGHTS).may_book] if not moved_by else []
    awaiting += [
        each
        for each in (finding.room, finding.vehicle)
        if each is not None
        and each.awaits_a_yes
        and not (moved_by == "confirmed" and rights.get(each.pk, NO_RIGHTS).manages)
    ]
    if not awaiting and moved_by != "tentative":
        return "confirmed", None
    return "tentative", lapse_minute(plan.starts, now)


def lapse_minute(starts: int, now: datetime) -> int:
    """When a proposal made now for that start lapses: in 48 hours, or two hours before the start if that is sooner."""
    minute = int(now.timestamp()) // 60
    before_start = starts - LAPSE_BEFORE_START
    return min(minute + LAPSE_MINUTES, before_start if before_start > minute else max(starts, minute + 1))


def lapse_blocking(session: Session, blocking: Sequence[claims.Standing], now: datetime) -> bool:
    """Ends proposals in the way whose time to be confirmed is over, if the worker has not yet."""
    minute = int(now.timestamp()) // 60
    lapsed = list(
        session.scalars(
            select(Entry).where(Entry.pk.in_({each.entry_pk for each in blocking}), Entry.lapses_at <= minute)
        )
    )
    for entry in lapsed:
        _lapse(session, entry, now)
    return bool(lapsed)


def confirm(session: Session, actor: Actor, appointment_id: str, now: datetime, seen: int | None = None) -> Entry:
    """Says yes for the calendars the actor manages; the proposal stands once nobody is waited for.

    Confirming changes how strongly the time is held, never when. Raises ``WrongState`` when the proposal lapsed
    or was already settled, ``Forbidden`` when somebody else has to say yes.
    """
    entry, appointment, held = load(session, actor, appointment_id, "manage", seen)
    if say_yes(session, actor, entry, held, now):
        taken = calendars_of(session, [claim.calendar_pk for claim in held])
        announce(session, "confirmed", entry, appointment, taken, actor, now, held=held)
    return entry


def say_yes(session: Session, actor: Actor, entry: Entry, held: Sequence[claims.Standing], now: datetime) -> bool:
    """The actor's yes to a proposal of any kind; whether it stands now, nobody else being waited for."""
    lock_calendars(session, [claim.calendar_pk for claim in held])
    still(session, entry)
    open_proposal(entry, now)
    waiting = awaited(session, entry, held)
    rights = rights_on(session, actor, [each.pk for each in waiting])
    mine = [each for each in waiting if rights.get(each.pk, NO_RIGHTS).manages]
    if waiting and not mine:
        raise Forbidden
    audit.note(
        session,
        at=now,
        account_pk=actor.pk,
        action="confirm",
        object_kind=entry.kind,
        object_id=entry.id,
        detail={"calendars": [each.id for each in mine]},
    )
    if len(mine) < len(waiting):
        for each in mine:
            claims.strengthen(session, entry.pk, BUSY, calendar_pk=each.pk)
        entries.change(session, entry, now, significant=False)
        return False
    claims.strengthen(session, entry.pk, BUSY)
    entries.change(session, entry, now, significant=True, status="confirmed", lapses_at=None)
    return True


def reject(
    session: Session, actor: Actor, appointment_id: str, reason: str | None, now: datetime, seen: int | None = None
) -> Entry:
    """Says no, with a reason if there is one; the time is free again."""
    check_reason(reason)
    entry, appointment, held = load(session, actor, appointment_id, "manage", seen)
    lock_calendars(session, [claim.calendar_pk for claim in held])
    still(session, entry)
    open_proposal(entry, now)
    drop(session, entry, appointment, actor, now, kind="rejected", reason=reason or None)
    return entry


def lapse_due(session: Session, now: datetime, limit: int = 100) -> int:
    """Ends the proposals whose time to be confirmed is over; returns how many."""
    due = list(
        session.scalars(
            select(Entry)
            .where(Entry.lapses_at <= int(now.timestamp()) // 60, Entry.status == "tentative")
            .order_by(Entry.lapses_at)
            .limit(limit)
        )
    )
    held = {entry.pk: held_by(session, entry) for entry in due}
    lock_calendars(session, {claim.calendar_pk for each in held.values() for claim in each})
    ended = 0
    for entry in due:
        session.refresh(entry)
        if entry.status == "tentative" and entry.lapses_at is not None:
            _lapse(session, entry, now)
            ended += 1
    return ended


def awaited(session: Session, entry: Entry, held: Sequence[claims.Standing]) -> list[CalendarFacts]:
    """Whose yes a proposal still waits for.

    Moderated rooms, vehicles that need approval, and advisers whom the booker may not book (of a reservation, any
    calendar that the booker may not); when none of them explains it (an imported proposal), its advisers.
    """
    any_kind = entry.kind == "reservation"
    tentative = {claim.calendar_pk for claim in held if claim.strength == TENTATIVE}
    facts = [each for each in calendars_of(session, {claim.calendar_pk for claim in held}) if each.pk in tentative]
    booker = load_actor(session, entry.booked_by_pk) if entry.booked_by_pk else None
    rights = rights_on(session, booker, tentative) if booker else {}
    waiting = [
        each
        for each in facts
        if each.awaits_a_yes
        or (any_kind and not takes_outright(rights.get(each.pk, NO_RIGHTS)))
        or (each.kind == "adviser" and not rights.get(each.pk, NO_RIGHTS).may_book)
    ]
    return waiting or [each for each in facts if each.kind == "adviser"] or facts


def _lapse(session: Session, entry: Entry, now: datetime) -> None:
    if entry.kind == "reservation":
        standing = reservation_rows.of_entry(session, entry)
        reservation_rows.drop(session, standing, None, now, kind="lapsed", reason=None)
    else:
        drop(session, entry, session.get(Appointment, entry.pk), None, now, kind="lapsed", reason=None)


def check_reason(reason: str | None) -> None:
    if reason is not None and len(reason) > NOTE_LENGTH:
        raise Invalid([Fault("/reason", "too_long", f"at most {NOTE_LENGTH} characters")])


def open_proposal(entry: Entry, now: datetime) -> None:
    """Raises ``WrongState`` unless somebody's yes is still waited for."""
    if entry.status in ("cancelled", "rejected"):
        raise WrongState(entry.status)
    if entry.status != "tentative":
        raise WrongState("not_tentative")
    if entry.lapses_at is not None and entry.lapses_at <= int(now.timestamp()) // 60:
        raise WrongState("lapsed")
