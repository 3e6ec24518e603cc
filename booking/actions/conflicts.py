"""Conflicts to settle: appointments over which an absence or a busy time from elsewhere was laid afterwards."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from booking.actions.appointment_views import AppointmentView, views
from booking.actions.rights import Actor
from booking.database import rows
from booking.models.claims import LONG_MINUTES


@dataclass(frozen=True)
class Conflict:
    """An appointment and what lies on it: the code ``absence`` or ``busy``, from when to when (UTC minutes)."""

    appointment: AppointmentView
    code: str
    starts: int
    ends: int


_LAID_OVER = f"""
SELECT DISTINCT e.pk, o.strength, o.starts, o.ends
FROM claim c
JOIN entry e ON e.pk = c.entry_pk AND e.kind = 'appointment'
JOIN claim o ON o.calendar_pk = c.calendar_pk AND NOT o.exclusive AND o.starts < c.ends AND o.ends > c.starts
 AND (o.starts >= c.starts - {LONG_MINUTES} OR o.ends - o.starts > {LONG_MINUTES})
WHERE c.calendar_pk IN_ARRAY(:calendars) AND c.exclusive AND c.starts >= :since - {LONG_MINUTES}
  AND c.starts < :until AND e.ends > :since
ORDER BY e.pk, o.starts
"""  # noqa: S608 - constants


def conflicts(session: Session, actor: Actor, calendar_pks: Iterable[int], since: int, until: int) -> list[Conflict]:
    """The appointments to move or to keep, in the order of their starts; only those the actor may read."""
    found = rows(session, _LAID_OVER, {"calendars": sorted(set(calendar_pks)), "since": since, "until": until})
    over: dict[int, tuple[str, int, int]] = {}
    for entry_pk, strength, starts, ends in found:
        over.setdefault(entry_pk, ("absence" if strength == "busy-unavailable" else "busy", starts, ends))
    return [Conflict(each, *over[each.pk]) for each in views(session, actor, over)]
