"""An appointment's rows: reading them under rights, ending them, telling what stands in the way."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from booking.actions import audit, claims, entries, reminders
from booking.actions.feasibility import CalendarFacts, calendars_of
from booking.actions.rights import NO_RIGHTS, Actor, Rights, rights_on
from booking.database import lock_calendars
from booking.models import Appointment, Beneficiary, Entry
from booking.refusals import Clash, Clashing, Forbidden, NotFound, Stale


def load(
    session: Session, actor: Actor, appointment_id: str, wanted: str, seen: int | None
) -> tuple[Entry, Appointment, list[claims.Standing]]:
    """The appointment's rows and its claims (of a cancelled one, those it held), if the actor has the right.

    ``wanted`` is ``read``, ``book`` (move, cancel, attendance) or ``manage`` (confirm, reject). Who booked it may
    read and change it; others need the right on one of its advisers. ``NotFound`` where nothing may be seen.
    """
    entry = session.scalar(select(Entry).where(Entry.kind == "appointment", Entry.id == appointment_id))
    if entry is None:
        raise NotFound
    appointment = session.get_one(Appointment, entry.pk)
    held = held_by(session, entry)
    rights = rights_on(session, actor, [claim.calendar_pk for claim in held])
    counted = rights if wanted != "book" else _on_advisers(session, rights)
    if not may(actor, entry, counted, wanted):
        if any(each.sees for each in rights.values()):
            raise Forbidden
        raise NotFound
    if seen is not None and seen != entry.version:
        raise Stale
    return entry, appointment, held


def _on_advisers(session: Session, rights: dict[int, Rights]) -> dict[int, Rights]:
    """Without those on rooms and vehicles: lending a room gives no say in whom it is lent for."""
    return {each.pk: rights[each.pk] for each in calendars_of(session, rights) if each.kind == "adviser"}


def may(actor: Actor, entry: Entry, rights: dict[int, Rights], wanted: str) -> bool:
    """Whether rights on the entry's calendars (or having booked it) suffice."""
    if wanted == "manage":
        return any(each.manages for each in rights.values())
    if entry.booked_by_pk == actor.pk:
        return True
    if wanted == "read":
        return any(each.sees_details for each in rights.values())
    return any(each.level in ("book", "manage") for each in rights.values())


def held_by(session: Session, entry: Entry) -> list[claims.Standing]:
    """The claims of an entry, or those it held to the end."""
    return claims.of_entry(session, entry.pk) or claims.released_at(session, entry.pk, entry.sequence)


def still(session: Session, entry: Entry) -> None:
    """After the locks: the row is still the one that was read."""
    seen = entry.version
    session.refresh(entry)
    if entry.version != seen:
        raise Stale


def set_attendance(session: Session, entry_pk: int, attendance: str) -> None:
    session.execute(update(Appointment).where(Appointment.entry_pk == entry_pk).values(attendance=attendance))


def clash_of(session: Session, actor: Actor, blocking: Sequence[claims.Standing]) -> Clash:
    """The refusal, told as far as the actor may see: which calendar, from when to when, by what."""
    calendar_pks = {claim.calendar_pk for claim in blocking}
    rights = rights_on(session, actor, calendar_pks)
    names = {facts.pk: facts.id for facts in calendars_of(session, calendar_pks)}
    told = {
        entry.pk: entry
        for entry in session.scalars(select(Entry).where(Entry.pk.in_({claim.entry_pk for claim in blocking})))
    }
    clashes = []
    for claim in sorted(set(blocking), key=lambda claim: (claim.starts, claim.calendar_pk)):
        entry = told[claim.entry_pk]
        visible = rights.get(claim.calendar_pk, NO_RIGHTS).sees_details or entry.booked_by_pk == actor.pk
        clashes.append(Clashing(names[claim.calendar_pk], claim.starts, claim.ends, entry.title if visible else None))
    return Clash(clashes)


def drop(
    session: Session,
    entry: Entry,
    appointment: Appointment | None,
    actor: Actor | None,
    now: datetime,
    *,
    kind: reminders.Kind,
    reason: str | None,
    by: str = "service",
) -> list[reminders.Planned]:
    """Cancels an entry whatever the way (cancelled, rejected, lapsed), with what was taken beside it.

    The caller holds the locks of its calendars.
    """
    for related in session.scalars(
        select(Entry).where(Entry.related_pk == entry.pk, Entry.status.in_(("confirmed", "tentative")))
    ):
        lock_calendars(session, [claim.calendar_pk for claim in claims.of_entry(session, related.pk)])
        drop(session, related, None, actor, now, kind=kind, reason=None)
    held = claims.release(session, entry.pk, sequence=entry.sequence + 1, now=now)
    entries.change(session, entry, now, significant=True, status="cancelled", reason=reason, lapses_at=None)
    if appointment is not None and kind == "cancelled":
        set_attendance(session, entry.pk, "excused" if by == "beneficiary" else "cancelled_by_service")
    audit.note(
        session,
        at=now,
        account_pk=actor.pk if actor else None,
        action={"cancelled": "cancel", "rejected": "reject", "lapsed": "lapse"}[kind],
        object_kind=entry.kind,
        object_id=entry.id,
        detail={"by": by, "sequence": entry.sequence},
    )
    if appointment is None:
        return []
    taken = calendars_of(session, [claim.calendar_pk for claim in held])
    return announce(session, kind, entry, appointment, taken, actor, now, held=held)


def announce(
    session: Session,
    kind: reminders.Kind,
    entry: Entry,
    appointment: Appointment,
    taken: Sequence[CalendarFacts],
    actor: Actor | None,
    now: datetime,
    *,
    held: Sequence[claims.Standing],
    previous_starts: int | None = None,
) -> list[reminders.Planned]:
    """Hands the change to the ledger."""
    person = session.get(Beneficiary, appointment.beneficiary_pk) if appointment.beneficiary_pk else None
    advisers = tuple(each.pk for each in taken if each.kind == "adviser")
    left = {claim.calendar_pk for claim in held} - {each.pk for each in taken}
    gone = tuple(each.pk for each in calendars_of(session, left) if each.kind == "adviser") if left else ()
    return reminders.record(
        session,
        reminders.Change(
            kind=kind,
            entry_pk=entry.pk,
            uid=entry.uid,
            sequence=entry.sequence,
            territory_pk=entry.territory_pk,
            zone=entry.zone,
            starts=entry.starts,
            ends=entry.ends,
            previous_starts=previous_starts,
            beneficiary_pk=appointment.beneficiary_pk,
            beneficiary_reachable=bool(person and person.consent_reminders and person.email),
            adviser_pks=advisers,
            previous_adviser_pks=gone,
            joined_adviser_pks=tuple(pk for pk in advisers if pk not in {claim.calendar_pk for claim in held}),
            booked_by_pk=entry.booked_by_pk,
            actor_pk=actor.pk if actor else None,
            lapses_at=entry.lapses_at,
            now=now,
        ),
    )
