"""Other times for somebody whose time was lost: up to three, near it, from the same people first.

To be asked in a reading session of its own, once the booking's transaction has let go of its locks.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking.actions import slots
from booking.actions.appointment_requests import Request
from booking.actions.rights import Actor
from booking.actions.slots import ANY, Search, Slot
from booking.refusals import Refusal, Unavailable
from booking.timeline.clashes import nearest

A_DAY = 1440
DAYS_BEFORE, DAYS_AFTER = 7, 21
SHORTLY = 120


def alternatives(session: Session, actor: Actor, request: Request, now: datetime, limit: int = 3) -> list[Slot]:
    """Slots near the wanted start: of the same advisers at the same venue, then elsewhere, then of others.

    On the same local day first, then the nearest. A request that makes no sense has none.
    """
    found: list[Slot] = []
    for search in _widening(request, -(-int(now.timestamp()) // 60)):
        try:
            offered = slots.find(session, actor, search, now).items
        except Unavailable:
            raise
        except Refusal:
            continue
        known = {(slot.starts, slot.advisers) for slot in found}
        fresh = [slot for slot in offered if (slot.starts, slot.advisers) not in known]
        zone = ZoneInfo(fresh[0].zone if fresh else actor.zone)
        found += nearest(request.starts, fresh, lambda slot: slot.starts, zone, limit - len(found))
        if len(found) >= limit:
            break
    return found


def _widening(request: Request, now_minute: int) -> Iterator[Search]:
    """Searches that ask less and less of what was wanted."""
    minutes = request.minutes or A_DAY
    since = max(now_minute, request.starts - DAYS_BEFORE * A_DAY)
    wanted = Search(
        purpose=request.purpose,
        minutes=request.minutes,
        before=request.before,
        after=request.after,
        since=since,
        until=since + (DAYS_BEFORE + DAYS_AFTER) * A_DAY,
        advisers=request.advisers,
        together=len(request.advisers) > 1,
        venues=(request.venue,) if request.venue else None,
        room=request.room,
        vehicle=request.vehicle,
        limit=slots.MOST,
        as_purpose_asks=False,
    )
    # Most often the day itself has three: what lies within a day is nearer than all that does not.
    yield replace(wanted, since=max(now_minute, request.starts - A_DAY), until=request.starts + A_DAY + minutes)
    yield wanted
    anything = replace(wanted, room=request.room and ANY, vehicle=request.vehicle and ANY)
    if anything != wanted:
        yield anything
    yield replace(anything, venues=None)
    if len(request.advisers) == 1:
        # Of everyone there may be thousands: those from shortly before the wanted hour on.
        soon = max(now_minute, request.starts - SHORTLY)
        others = replace(anything, advisers=None, since=soon, until=soon + DAYS_AFTER * A_DAY)
        yield replace(others, until=soon + A_DAY)
        yield others
        yield replace(others, venues=None)
