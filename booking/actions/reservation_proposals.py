"""Reservations that wait: for the yes of who manages their calendars, or as options for that of their holder."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from booking.actions import claims, entries, proposals
from booking.actions.feasibility import CalendarFacts
from booking.actions.reminders import due
from booking.actions.reservation_requests import ReservationPlan, takes_outright
from booking.actions.reservation_rows import (
    Standing,
    announce,
    drop,
    facts_of,
    load,
    note,
    still,
)
from booking.actions.rights import NO_RIGHTS, Actor, Rights, load_actor, rights_on
from booking.database import lock_calendars, rows
from booking.models import Entry, Reservation
from booking.models.claims import BUSY
from booking.refusals import Fault, Forbidden, Invalid
from booking.timeline.interval import Minute

A_DAY = 1440


def confirm(session: Session, actor: Actor, reservation_id: str, now: datetime, seen: int | None = None) -> Entry:
    """Says yes: for the calendars the actor manages, or to an option that the actor holds.

    An option that is confirmed still needs the yes of a moderated calendar. Raises ``WrongState`` when it lapsed
    or was settled already, ``Forbidden`` when somebody else has to say yes.
    """
    standing = load(session, actor, reservation_id, "read", seen)
    if standing.reservation.option and standing.entry.status == "tentative":
        return _take_up(session, actor, standing, now)
    rights = rights_on(session, actor, standing.calendar_pks)
    if not any(each.manages for each in rights.values()):
        raise Forbidden
    if proposals.say_yes(session, actor, standing.entry, standing.held, now):
        announce(session, "confirmed", standing, actor, now)
    return standing.entry


def _take_up(session: Session, actor: Actor, standing: Standing, now: datetime) -> Entry:
    """The holder (or who manages one of its calendars) makes an option a reservation."""
    entry = standing.entry
    rights = rights_on(session, actor, standing.calendar_pks)
    if actor.pk not in standing.holders and not any(each.manages for each in rights.values()):
        raise Forbidden
    lock_calendars(session, standing.calendar_pks)
    still(session, entry)
    proposals.open_proposal(entry, now)
    session.execute(update(Reservation).where(Reservation.entry_pk == entry.pk).values(option=False))
    session.refresh(standing.reservation)
    holder = load_actor(session, entry.booked_by_pk) if entry.booked_by_pk else None
    holds = rights_on(session, holder, standing.calendar_pks) if holder else rights
    if awaiting(facts_of(session, standing), holds):
        lapses_at = proposals.lapse_minute(entry.starts, now)
        entries.change(session, entry, now, significant=True, lapses_at=lapses_at)
        note(session, actor, "take_up", entry, now, {"lapses_at": lapses_at})
        announce(session, "proposed", standing, actor, now)
        return entry
    claims.strengthen(session, entry.pk, BUSY)
    entries.change(session, entry, now, significant=True, status="confirmed", lapses_at=None)
    note(session, actor, "confirm", entry, now, {"option": True})
    announce(session, "confirmed", standing, actor, now)
    return entry


def reject(
    session: Session, actor: Actor, reservation_id: str, reason: str | None, now: datetime, seen: int | None = None
) -> Entry:
    """Says no, with a reason if there is one; the time is free again. For who manages one of the calendars."""
    proposals.check_reason(reason)
    standing = load(session, actor, reservation_id, "manage", seen)
    lock_calendars(session, standing.calendar_pks)
    still(session, standing.entry)
    proposals.open_proposal(standing.entry, now)
    drop(session, standing, actor, now, kind="rejected", reason=reason or None)
    return standing.entry


def awaiting(calendars: tuple[CalendarFacts, ...], rights: dict[int, Rights]) -> list[CalendarFacts]:
    """The calendars whose managers have to say yes."""
    return [each for each in calendars if each.awaits_a_yes or not takes_outright(rights.get(each.pk, NO_RIGHTS))]


def status_of(
    session: Session,
    plan: ReservationPlan,
    calendars: tuple[CalendarFacts, ...],
    starts: Minute,
    now: datetime,
    *,
    was: str | None = None,
    held: frozenset[int] = frozenset(),
) -> tuple[str, int | None]:
    """Confirmed, or tentative with the minute at which it lapses.

    ``was`` is the status of what is being changed, ``held`` the keys of the calendars it stands on already: for
    these whoever manages needs no second yes, and whoever was let in before is not asked for the right again.
    """
    if plan.option:
        return "tentative", option_lapse(session, plan, calendars, starts, now)
    waiting = [
        each
        for each in calendars
        if (each.awaits_a_yes and not (was == "confirmed" and plan.rights.get(each.pk, NO_RIGHTS).manages))
        or (each.pk not in held and not takes_outright(plan.rights.get(each.pk, NO_RIGHTS)))
    ]
    if not waiting and was != "tentative":
        return "confirmed", None
    return "tentative", proposals.lapse_minute(starts, now)


_OPTION_DAYS = "SELECT option_days FROM calendar WHERE pk IN_ARRAY(:calendars)"


def option_lapse(
    session: Session, plan: ReservationPlan, calendars: tuple[CalendarFacts, ...], starts: Minute, now: datetime
) -> Minute:
    """When an option lapses: so many days before its start, by the wall clock, as the strictest calendar says."""
    days = [row[0] for row in rows(session, _OPTION_DAYS, {"calendars": [each.pk for each in calendars]})]
    if None in days:
        raise Invalid([Fault("/option", "not_offered", "not all of these calendars take options")])
    _, at = due(plan.zone.key, starts, -A_DAY * max(days))
    if at <= now:
        raise Invalid([Fault("/option", "too_late", "an option would have lapsed already")])
    return int(at.timestamp()) // 60
