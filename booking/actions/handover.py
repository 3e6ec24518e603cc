"""Handing over: the appointments ahead of an adviser who leaves or is away, and who could take each of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking.actions.appointment_requests import Move, as_request, resolve
from booking.actions.appointment_rows import load
from booking.actions.appointment_views import AppointmentView, between
from booking.actions.feasibility import examine
from booking.actions.rights import Actor
from booking.actions.slots import Search, Slot, find
from booking.refusals import Refusal
from booking.timeline.interval import local_date, local_day

AHEAD_MINUTES = 3 * 366 * 1440
LATER_DAYS = 28


@dataclass(frozen=True)
class Takeover:
    """One appointment and what stands against another adviser taking it: codes, empty when nothing does."""

    appointment: AppointmentView
    against: tuple[str, ...]

    @property
    def is_taken(self) -> bool:
        return "clash" in self.against or "refused" in self.against


def ahead(
    session: Session, actor: Actor, calendar_pk: int, since: int, until: int | None = None
) -> list[AppointmentView]:
    """What this adviser still has, from ``since`` on, and the actor may change."""
    found = between(session, actor, [calendar_pk], since, until if until is not None else since + AHEAD_MINUTES)
    return [each for each in found if each.may_change and each.status in ("confirmed", "tentative")]


def replaced(appointment: AppointmentView, leaving: str, taking: str) -> tuple[str, ...]:
    """The advisers of an appointment once one of them gave way to another."""
    return tuple(taking if each.id == leaving else each.id for each in appointment.advisers)


def takeovers(
    session: Session, actor: Actor, appointments: Sequence[AppointmentView], leaving: str, taking: str, now: datetime
) -> list[Takeover]:
    """What would happen if ``taking`` took each of these: asked before, so that nobody is surprised."""
    minute = -(-int(now.timestamp()) // 60)
    return [
        Takeover(each, _against(session, actor, each, replaced(each, leaving, taking), minute)) for each in appointments
    ]


def _against(
    session: Session, actor: Actor, appointment: AppointmentView, advisers: tuple[str, ...], minute: int
) -> tuple[str, ...]:
    try:
        entry, row, held = load(session, actor, appointment.id, "book", None)
        request = as_request(session, entry, row, held, Move(advisers=advisers))
        plan, _ = resolve(session, actor, request, keeping={claim.calendar_pk for claim in held})
    except Refusal:
        return ("refused",)
    finding = examine(session, plan, minute, ignoring=(entry.pk,))
    if finding.clashes:
        return ("clash",)
    return tuple(dict.fromkeys(each.code for each in finding.hindrances))


def instead(session: Session, actor: Actor, appointment: AppointmentView, absent: str, now: datetime) -> list[Slot]:
    """What can be offered to somebody whose adviser is away: a colleague the same day, the same adviser later."""
    zone = ZoneInfo(appointment.zone)
    day = local_date(appointment.starts, zone)
    rest = (max(appointment.starts - 120, -(-int(now.timestamp()) // 60)), local_day(day, zone)[1])
    later = local_day(day + timedelta(days=1), zone)[0]
    asked = Search(
        purpose=appointment.purpose,
        minutes=appointment.minutes,
        venues=(appointment.venue,) if appointment.venue else None,
        notice=0,
        as_purpose_asks=False,
    )
    same_day = _found(session, actor, asked, now, rest, None)
    same_person = _found(session, actor, asked, now, (later, later + LATER_DAYS * 1440), (absent,))
    return [each for each in same_day if absent not in each.advisers][:2] + same_person[:1]


def _found(
    session: Session,
    actor: Actor,
    asked: Search,
    now: datetime,
    window: tuple[int, int],
    advisers: tuple[str, ...] | None,
) -> list[Slot]:
    if window[0] >= window[1]:
        return []
    try:
        return find(
            session, actor, replace(asked, since=window[0], until=window[1], advisers=advisers, limit=8), now
        ).items
    except Refusal:
        return []
