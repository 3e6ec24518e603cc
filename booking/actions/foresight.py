"""A look before the lock: whether a booking is bound to be refused, so that the losers of a race need not queue.

It only ever says no, and only for what was committed when it looked; the truth of a yes is the transaction.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from booking.actions.appointment_requests import Request, resolve
from booking.actions.appointment_rows import clash_of
from booking.actions.feasibility import ANY, examine
from booking.actions.rights import Actor
from booking.database import glance, rows
from booking.refusals import Clash, Refusal

_TAKEN = """
SELECT 1 FROM claim c JOIN calendar k ON k.pk = c.calendar_pk
WHERE k.id IN_ARRAY(:calendars) AND c.exclusive AND c.starts <= :start AND c.ends > :start AND c.starts > :start - 1440
LIMIT 1
"""
_LAPSED = "SELECT 1 FROM entry WHERE pk IN_ARRAY(:entries) AND lapses_at <= :minute LIMIT 1"


def clash_foreseen(open_session: Callable[[], Session], actor: Actor, request: Request, now: datetime) -> Clash | None:
    """What stands in the way of a booking, if its first minute is taken; ``None`` when it is worth trying.

    One statement, and no session, when the time seems free. A proposal whose time to be confirmed is over does
    not count: the booking itself will end it.
    """
    named = [*request.advisers, *(each for each in (request.room, request.vehicle) if each and each != ANY)]
    if not glance(_TAKEN, {"calendars": named, "start": request.starts}):
        return None
    session, minute = open_session(), int(now.timestamp()) // 60
    try:
        plan, _ = resolve(session, actor, request)
        clashes = examine(session, plan, minute).clashes
    except Refusal:
        return None
    if not clashes or rows(session, _LAPSED, {"entries": [each.entry_pk for each in clashes], "minute": minute}):
        return None
    return clash_of(session, actor, clashes)
