"""Appointments: booking, moving, cancelling; each in the caller's one transaction, all claims together.

The order is that of every writing path: resolve and check rights, lock the calendars, examine the time, write the
entry with its claims, then the ledger and the audit. Nothing here commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from booking.actions import audit, claims, entries, feasibility, reminders
from booking.actions.appointment_requests import (
    KEEP,
    NOTE_LENGTH,
    Also,
    Move,
    Request,
    as_request,
    checked_words,
    is_unmoved,
    resolve,
    resolve_also,
    warnings_of,
)
from booking.actions.appointment_rows import announce, clash_of, drop, load, set_attendance, still
from booking.actions.beneficiaries import BeneficiaryDraft, rewrite, write
from booking.actions.feasibility import CalendarFacts, Finding, Plan, calendars_of
from booking.actions.proposals import LAPSE_MINUTES, lapse_blocking, status_of
from booking.actions.rights import NO_RIGHTS, Actor, Rights
from booking.database import add_all, lock_calendars
from booking.models import Appointment, Beneficiary, Entry, ReleasedClaim
from booking.models.appointments import ATTENDANCES
from booking.models.claims import BUSY, TENTATIVE
from booking.refusals import Fault, Forbidden, Invalid, NotOffered, WrongState

WALKED_PAST = ("outside_openings", "notice")
"""What does not hinder an adviser who takes somebody at the desk."""


@dataclass(frozen=True)
class Booked:
    """What was done: the appointment, what to warn of (codes), what will be sent and when."""

    entry_pk: int
    id: str
    status: str
    warnings: tuple[str, ...] = ()
    messages: tuple[reminders.Planned, ...] = field(default=())


def book(session: Session, actor: Actor, request: Request, now: datetime) -> Booked:
    """Books an appointment, or proposes it where a yes is needed.

    Raises ``Invalid`` (what was sent is wrong or names nothing), ``Forbidden``, ``Clash``, ``NotOffered``.
    """
    draft, faults = checked_words(request.beneficiary, request.note, request.urgency)
    if faults:
        raise Invalid(faults)
    plan, rights = resolve(session, actor, request)
    extra = resolve_also(session, actor, request.also)
    lock_calendars(session, [calendar.pk for calendar in plan.calendars] + [each.pk for each in extra.values()])
    finding = _settled(session, actor, plan, now, rights, request.override, walks_in=request.walk_in)
    status, lapses_at = status_of(plan, finding, rights, now, moved_by=None)
    strength = claims.strength_of(status)
    entry_pk, entry_id, uid = entries.new_entry(
        session,
        kind="appointment",
        now=now,
        status=status,
        zone=plan.venue.zone,
        starts=plan.starts,
        ends=plan.ends,
        before=plan.before,
        after=plan.after,
        title=plan.purpose.name,
        territory_pk=plan.advisers[0].territory_pk,
        venue_pk=plan.venue.pk,
        booked_by_pk=actor.pk,
        lapses_at=lapses_at,
    )
    beneficiary_pk = write(session, draft, plan.advisers[0].territory_pk) if draft is not None else None
    add_all(
        session,
        "appointment",
        [
            {
                "entry_pk": entry_pk,
                "purpose_pk": plan.purpose.pk,
                "beneficiary_pk": beneficiary_pk,
                "note": request.note or None,
                "urgency": request.urgency,
                "attendance": "unknown",
            }
        ],
    )
    claims.take(session, entry_pk, [plan.wanted(each, strength) for each in _taken(plan, finding)])
    for also, calendar in zip(request.also, extra.values(), strict=True):
        _take_also(session, actor, plan, entry_pk, also, calendar, now)
    messages = reminders.record(
        session,
        reminders.Change(
            kind="booked" if status == "confirmed" else "proposed",
            entry_pk=entry_pk,
            uid=uid,
            sequence=0,
            territory_pk=plan.advisers[0].territory_pk,
            zone=plan.venue.zone,
            starts=plan.starts,
            ends=plan.ends,
            previous_starts=None,
            beneficiary_pk=beneficiary_pk,
            beneficiary_reachable=bool(draft and draft.consent_reminders and draft.email),
            adviser_pks=tuple(each.pk for each in plan.advisers),
            previous_adviser_pks=(),
            booked_by_pk=actor.pk,
            actor_pk=actor.pk,
            lapses_at=lapses_at,
            now=now,
        ),
    )
    audit.note(
        session,
        at=now,
        account_pk=actor.pk,
        action="book" if status == "confirmed" else "propose",
        object_kind="appointment",
        object_id=entry_id,
        detail={"starts": plan.starts, "ends": plan.ends, "override": request.override or None},
    )
    return Booked(entry_pk, entry_id, status, warnings_of(plan, request), tuple(messages))


def move(
    session: Session, actor: Actor, appointment_id: str, change: Move, now: datetime, seen: int | None = None
) -> Booked:
    """Moves an appointment, all its claims at once, or changes what was noted with it.

    ``seen`` is the version the actor read (``If-Match``). Raises as ``book`` does, ``NotFound``, ``Stale``,
    ``WrongState`` when it no longer stands.
    """
    entry, appointment, held = load(session, actor, appointment_id, "book", seen)
    if entry.status == "cancelled":
        raise WrongState("cancelled")
    draft, faults = checked_words(
        None if change.beneficiary is KEEP else change.beneficiary,
        None if change.note is KEEP else change.note,
        None if change.urgency is KEEP else change.urgency,
    )
    if faults:
        raise Invalid(faults)
    request = as_request(session, entry, appointment, held, change)
    plan, rights = resolve(session, actor, request, keeping={claim.calendar_pk for claim in held})
    before_pks = {claim.calendar_pk for claim in held}
    lock_calendars(session, before_pks | {calendar.pk for calendar in plan.calendars})
    still(session, entry)
    was_reachable = _reachable(session, appointment)
    _change_words(session, entry, appointment, change, draft)
    unmoved = is_unmoved(session, entry, plan, held, change)
    if unmoved:
        entries.change(session, entry, now, significant=False)
        audit.note(
            session,
            at=now,
            account_pk=actor.pk,
            action="amend",
            object_kind="appointment",
            object_id=entry.id,
        )
        told: list[reminders.Planned] = []
        if entry.status == "confirmed" and not was_reachable and _reachable(session, appointment):
            told = announce(session, "booked", entry, appointment, [], actor, now, held=())
        return Booked(entry.pk, entry.id, entry.status, warnings_of(plan, request), tuple(told))
    finding = _settled(session, actor, plan, now, rights, request.override, ignoring=(entry.pk,))
    status, lapses_at = status_of(plan, finding, rights, now, moved_by=entry.status)
    taken = _taken(plan, finding)
    previous_starts = entry.starts
    claims.release(session, entry.pk, sequence=entry.sequence + 1, now=now, keeping={calendar.pk for calendar in taken})
    session.execute(
        delete(ReleasedClaim).where(
            ReleasedClaim.entry_pk == entry.pk, ReleasedClaim.calendar_pk.in_([each.pk for each in taken])
        )
    )
    claims.take(session, entry.pk, [plan.wanted(each, claims.strength_of(status)) for each in taken])
    entries.change(
        session,
        entry,
        now,
        significant=True,
        starts=plan.starts,
        ends=plan.ends,
        venue_pk=plan.venue.pk,
        zone=plan.venue.zone,
        status=status,
        lapses_at=lapses_at,
    )
    messages = announce(
        session, "moved", entry, appointment, taken, actor, now, held=held, previous_starts=previous_starts
    )
    audit.note(
        session,
        at=now,
        account_pk=actor.pk,
        action="move",
        object_kind="appointment",
        object_id=entry.id,
        detail={"from": previous_starts, "starts": plan.starts, "ends": plan.ends, "sequence": entry.sequence},
    )
    return Booked(entry.pk, entry.id, status, warnings_of(plan, request), tuple(messages))


def cancel(
    session: Session,
    actor: Actor,
    appointment_id: str,
    reason: str | None,
    now: datetime,
    *,
    seen: int | None = None,
    by: str = "service",
) -> Booked:
    """Cancels an appointment and what was taken with it; every claim is free again. Twice is as once."""
    entry, appointment, held = load(session, actor, appointment_id, "book", seen)
    if entry.status == "cancelled":
        return Booked(entry.pk, entry.id, entry.status)
    if reason is not None and len(reason) > NOTE_LENGTH:
        raise Invalid([Fault("/reason", "too_long", f"at most {NOTE_LENGTH} characters")])
    lock_calendars(session, [claim.calendar_pk for claim in held])
    still(session, entry)
    messages = drop(session, entry, appointment, actor, now, kind="cancelled", reason=reason or None, by=by)
    return Booked(entry.pk, entry.id, entry.status, (), tuple(messages))


def restore(session: Session, actor: Actor, appointment_id: str, now: datetime) -> Booked:
    """Undoes a cancellation while the time is still free; ``Clash`` when it is not."""
    entry, appointment, held = load(session, actor, appointment_id, "book", None)
    if entry.status != "cancelled":
        raise WrongState("not_cancelled")
    lock_calendars(session, [claim.calendar_pk for claim in held])
    still(session, entry)
    blocking = [
        other
        for claim in held
        for other in claims.standing(session, [claim.calendar_pk], claim.starts, claim.ends)
        if other.exclusive
    ]
    if blocking:
        raise clash_of(session, actor, blocking)
    sequence = entry.sequence
    entries.change(session, entry, now, significant=True, status="confirmed", reason=None, lapses_at=None)
    claims.take_back(session, entry.pk, sequence)
    claims.strengthen(session, entry.pk, BUSY)
    if appointment.attendance in ("excused", "cancelled_by_service"):
        set_attendance(session, entry.pk, "unknown")
    taken = calendars_of(session, [claim.calendar_pk for claim in held])
    messages = announce(session, "restored", entry, appointment, taken, actor, now, held=held)
    audit.note(
        session,
        at=now,
        account_pk=actor.pk,
        action="restore",
        object_kind="appointment",
        object_id=entry.id,
        detail={"sequence": entry.sequence},
    )
    return Booked(entry.pk, entry.id, entry.status, (), tuple(messages))


def mark_attendance(
    session: Session, actor: Actor, appointment_id: str, attendance: str, now: datetime, seen: int | None = None
) -> Booked:
    """Notes whether the beneficiary came. Nobody is written to."""
    entry, _, held = load(session, actor, appointment_id, "book", seen)
    if attendance not in ATTENDANCES:
        raise Invalid([Fault("/attendance", "choice", f"one of {', '.join(ATTENDANCES)}")])
    lock_calendars(session, [claim.calendar_pk for claim in held])
    set_attendance(session, entry.pk, attendance)
    entries.change(session, entry, now, significant=False)
    audit.note(
        session,
        at=now,
        account_pk=actor.pk,
        action="attendance",
        object_kind="appointment",
        object_id=entry.id,
        detail={"attendance": attendance},
    )
    return Booked(entry.pk, entry.id, entry.status)


def end_now(session: Session, actor: Actor, appointment_id: str, now: datetime) -> Booked:
    """Ends an appointment that is under way, so that the rest of its time is free again."""
    entry, appointment, held = load(session, actor, appointment_id, "book", None)
    minute = -(-int(now.timestamp()) // 60)
    if entry.status == "cancelled" or not entry.starts < minute < entry.ends:
        raise WrongState("not_under_way")
    lock_calendars(session, [claim.calendar_pk for claim in held])
    still(session, entry)
    saved = entry.ends - minute
    claims.shorten(session, entry.pk, {claim.calendar_pk: claim.ends - saved for claim in held})
    entries.change(session, entry, now, significant=True, ends=minute)
    if appointment.attendance == "unknown":
        set_attendance(session, entry.pk, "attended")
    audit.note(
        session,
        at=now,
        account_pk=actor.pk,
        action="end",
        object_kind="appointment",
        object_id=entry.id,
        detail={"ends": minute},
    )
    return Booked(entry.pk, entry.id, entry.status)


def _settled(
    session: Session,
    actor: Actor,
    plan: Plan,
    now: datetime,
    rights: dict[int, Rights],
    override: bool,
    ignoring: Sequence[int] = (),
    walks_in: bool = False,
) -> Finding:
    """Nothing stands against the plan, or somebody who may insists; else the refusal."""
    now_minute = -(-int(now.timestamp()) // 60)
    finding = feasibility.examine(session, plan, now_minute, ignoring=ignoring)
    if finding.clashes and lapse_blocking(session, finding.clashes, now):
        finding = feasibility.examine(session, plan, now_minute, ignoring=ignoring)
    if finding.clashes:
        raise clash_of(session, actor, finding.clashes)
    insists = override and all(rights.get(each.pk, NO_RIGHTS).manages for each in plan.advisers)
    missing = (plan.rooms is not None and finding.room is None) or (
        plan.vehicles is not None and finding.vehicle is None
    )
    walks_in = walks_in and all(rights.get(each.pk, NO_RIGHTS).level in ("book", "manage") for each in plan.advisers)
    hindrances = [each for each in finding.hindrances if not (walks_in and each.code in WALKED_PAST)]
    if hindrances and (missing or not insists):
        if override and not insists and not missing:
            raise Forbidden
        raise NotOffered(hindrances)
    return finding


def _taken(plan: Plan, finding: Finding) -> list[CalendarFacts]:
    return [*plan.advisers, *(each for each in (finding.room, finding.vehicle) if each is not None)]


def _take_also(
    session: Session, actor: Actor, plan: Plan, entry_pk: int, also: Also, calendar: CalendarFacts, now: datetime
) -> None:
    """A related entry of kind reservation, in the same transaction."""
    starts, ends = calendar.widened(also.starts, also.ends, 0, 0)
    blocking = [each for each in claims.standing(session, [calendar.pk], starts, ends) if each.exclusive]
    if blocking:
        raise clash_of(session, actor, blocking)
    tentative = calendar.awaits_a_yes
    related_pk, _, _ = entries.new_entry(
        session,
        kind="reservation",
        now=now,
        status="tentative" if tentative else "confirmed",
        zone=plan.venue.zone,
        starts=also.starts,
        ends=also.ends,
        title=also.title or plan.purpose.name,
        territory_pk=calendar.territory_pk,
        venue_pk=calendar.venue_pk,
        booked_by_pk=actor.pk,
        lapses_at=int(now.timestamp()) // 60 + LAPSE_MINUTES if tentative else None,
        related_pk=entry_pk,
    )
    claims.take(session, related_pk, [claims.Wanted(calendar.pk, starts, ends, TENTATIVE if tentative else BUSY)])


def _change_words(
    session: Session, entry: Entry, appointment: Appointment, change: Move, draft: BeneficiaryDraft | None
) -> None:
    values: dict[str, object] = {}
    if change.note is not KEEP:
        values["note"] = change.note or None
    if change.urgency is not KEEP:
        values["urgency"] = change.urgency
    if draft is not None and appointment.beneficiary_pk is not None:
        rewrite(session, appointment.beneficiary_pk, draft)
    elif draft is not None:
        values["beneficiary_pk"] = write(session, draft, entry.territory_pk)
    if values:
        session.execute(update(Appointment).where(Appointment.entry_pk == entry.pk).values(**values))
        session.refresh(appointment)


def _reachable(session: Session, appointment: Appointment) -> bool:
    """Whether messages about it have somebody to go to."""
    if appointment.beneficiary_pk is None:
        return False
    person = session.get(Beneficiary, appointment.beneficiary_pk, populate_existing=True)
    return person is not None and bool(person.consent_reminders and person.email)
