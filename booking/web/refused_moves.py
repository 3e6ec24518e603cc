"""A move that was refused: why it cannot be there, and where it could be."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from booking import clock
from booking.actions import alternatives, search_choices
from booking.actions.appointment_requests import KEEP, Move, Request
from booking.actions.appointment_views import AppointmentView
from booking.actions.rights import Actor
from booking.actions.search_choices import Choices, choices
from booking.actions.slots import ANY, Slot
from booking.refusals import Clash, NotOffered


@dataclass(frozen=True)
class RefusedMove:
    """``others`` are at most three slots that would do; ``wanted`` is the start asked for (UTC minute)."""

    clash: Clash | None
    not_offered: NotOffered | None
    may_insist: bool
    others: tuple[Slot, ...]
    wanted: int


def refused_move(
    session: Session, actor: Actor, seen: AppointmentView, change: Move, error: Clash | NotOffered
) -> RefusedMove:
    """What to tell whoever asked for ``change`` of the appointment ``seen``."""
    wanted = Request(
        purpose=seen.purpose,
        advisers=tuple(each.id for each in seen.advisers) if change.advisers is KEEP else change.advisers,
        starts=change.starts,
        venue=seen.venue if change.venue is KEEP else change.venue,
        room=ANY if seen.room else None,
        vehicle=seen.vehicle.id if seen.vehicle else None,
        minutes=seen.minutes if change.minutes is KEEP else change.minutes,
        before=seen.before,
        after=seen.after,
    )
    others = tuple(alternatives.alternatives(session, actor, wanted, clock.now()))
    if isinstance(error, Clash):
        return RefusedMove(error, None, False, others, change.starts)
    by_id = choices(session, actor).by_id
    manages = all(each in by_id and by_id[each].rights.manages for each in wanted.advisers)
    missing = any(each.code in ("room", "vehicle") and each.calendar is None for each in error.hindrances)
    return RefusedMove(None, error, manages and not missing, others, change.starts)


def namer(
    session: Session, seen: AppointmentView, found: Choices, refused: RefusedMove | None = None
) -> Callable[[str], str]:
    """How the calendars that the page speaks of are called."""
    named = {each.id: each.name for each in (*seen.advisers, seen.room, seen.vehicle) if each is not None}
    if refused is not None and refused.clash is not None:
        named.update(search_choices.names_of(session, [each.calendar for each in refused.clash.clashes]))
    return lambda calendar_id: named.get(calendar_id) or found.name_of(calendar_id)
