"""The slot that was chosen, as it stands now: what it would take, whose yes it needs, what would be sent."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from booking.actions import alternatives, appointment_requests, appointment_rows, feasibility, reminders
from booking.actions.appointment_requests import Request
from booking.actions.appointment_views import AppointmentView
from booking.actions.proposals import LAPSE_BEFORE_START, LAPSE_MINUTES
from booking.actions.rights import Actor
from booking.actions.search_choices import Choices
from booking.actions.slots import Slot
from booking.refusals import Clash, NotOffered
from booking.web import search_query
from booking.web.booking_form import BookingForm
from booking.web.search_query import Asked, Chosen


@dataclass(frozen=True)
class Alternative:
    """Another slot, as a button that books it with what was typed."""

    slot: Slot
    names: tuple[str, ...]
    venue_name: str
    address: str


@dataclass(frozen=True)
class Refused:
    """Why the slot cannot be had: what took it, or what stands against it; and what could be had instead."""

    clash: Clash | None = None
    not_offered: NotOffered | None = None
    may_insist: bool = False
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True)
class Offer:
    """What stands beside the list once a slot is chosen."""

    chosen: Chosen
    ends: int
    names: tuple[str, ...]
    room: str | None
    vehicle: str | None
    waits_for: tuple[str, ...]
    lapses_at: int | None
    messages: tuple[reminders.Planned, ...]
    tells: tuple[str, ...]
    warnings: tuple[str, ...]
    refused: Refused | None = None

    @property
    def starts(self) -> int:
        return self.chosen.starts

    @property
    def zone(self) -> str:
        return self.chosen.venue.zone


@dataclass(frozen=True)
class Screen:
    """Everything one request of this page needs."""

    actor: Actor
    now: datetime
    choices: Choices
    asked: Asked
    chosen: Chosen | None
    already: list[AppointmentView] = field(default_factory=list)


def request_of(screen: Screen, form: BookingForm | None = None, *, override: bool = False) -> Request | None:
    """What the action is asked for; ``None`` while no slot is chosen."""
    asked, chosen = screen.asked, screen.chosen
    if chosen is None or asked.purpose is None:
        return None
    return Request(
        purpose=asked.purpose.id,
        advisers=chosen.advisers,
        starts=chosen.starts,
        venue=chosen.venue.id,
        room=asked.wanted_room,
        vehicle=asked.wanted_vehicle,
        minutes=asked.minutes,
        beneficiary=form.beneficiary if form else None,
        note=(form.note.data or None) if form else None,
        urgency=(form.urgency.data or None) if form else None,
        override=override,
    )


def refused_of(session: Session, screen: Screen, wanted: Request, error: Clash | NotOffered) -> Refused:
    """The refusal with up to three other slots; read after the booking's transaction has let go."""
    others = []
    for slot in alternatives.alternatives(session, screen.actor, wanted, screen.now):
        venue = screen.choices.venue(slot.venue)
        if venue is not None:
            others.append(
                Alternative(
                    slot,
                    tuple(map(screen.choices.name_of, slot.advisers)),
                    venue.name,
                    search_query.address(screen.asked, Chosen(slot.starts, slot.advisers, venue)),
                )
            )
    return _refused(screen, error, tuple(others))


def _refused(screen: Screen, error: Clash | NotOffered, others: tuple[Alternative, ...] = ()) -> Refused:
    if isinstance(error, Clash):
        return Refused(clash=error, alternatives=others)
    return Refused(not_offered=error, may_insist=_may_insist(screen, error), alternatives=others)


def _may_insist(screen: Screen, error: NotOffered) -> bool:
    """Whoever manages every adviser may, save for want of a room or a vehicle."""
    if screen.chosen is None or any(
        each.code in ("room", "vehicle") and each.calendar is None for each in error.hindrances
    ):
        return False
    held = [screen.choices.by_id.get(each) for each in screen.chosen.advisers]
    return all(each is not None and each.rights.manages for each in held)


def offer_of(session: Session, screen: Screen, refused: Refused | None = None) -> Offer | None:
    """What stands beside the list; ``None`` while no slot is chosen. Raises as ``resolve`` does."""
    wanted = request_of(screen)
    if wanted is None or screen.chosen is None:
        return None
    plan, rights = appointment_requests.resolve(session, screen.actor, wanted)
    minute = -(-int(screen.now.timestamp()) // 60)
    finding = feasibility.examine(session, plan, minute)
    if refused is None and finding.clashes:
        refused = _refused(screen, appointment_rows.clash_of(session, screen.actor, finding.clashes))
    elif refused is None and finding.hindrances:
        refused = _refused(screen, NotOffered(list(finding.hindrances)))
    taken = [*plan.advisers, *(each for each in (finding.room, finding.vehicle) if each is not None)]
    waits_for = tuple(
        each.name
        for each in taken
        if each.awaits_a_yes or (each.kind == "adviser" and not (each.pk in rights and rights[each.pk].may_book))
    )
    before_start = plan.starts - LAPSE_BEFORE_START
    lapses_at = min(minute + LAPSE_MINUTES, before_start if before_start > minute else plan.starts)
    return Offer(
        chosen=screen.chosen,
        ends=plan.ends,
        names=tuple(each.name for each in plan.advisers),
        room=finding.room.name if finding.room else None,
        vehicle=finding.vehicle.name if finding.vehicle else None,
        waits_for=waits_for,
        lapses_at=lapses_at if waits_for else None,
        messages=tuple(reminders.reminders_for(plan.venue.zone, plan.starts, screen.now)),
        tells=tuple(
            each.name for each in plan.advisers if each.account_pk is not None and each.account_pk != screen.actor.pk
        ),
        warnings=appointment_requests.warnings_of(plan, wanted),
        refused=refused,
    )
