"""What a change of somebody's availability leaves in the wrong place: to be moved by hand, never by the service."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from booking.actions.openings import offered, shown
from booking.database import rows
from booking.models.claims import LONG_MINUTES
from booking.timeline.interval import Span, covers, merge


@dataclass(frozen=True)
class Displaced:
    """An entry that lies on an absence, or that no opening holds any more. Times in UTC minutes."""

    entry_pk: int
    id: str
    kind: str
    title: str | None
    starts: int
    ends: int
    zone: str


_LYING_ON = f"""
SELECT DISTINCT e.pk, e.id, e.kind, e.title, e.starts, e.ends, e.zone
FROM claim a
JOIN claim c ON c.calendar_pk = a.calendar_pk AND c.exclusive AND c.starts < a.ends AND c.ends > a.starts
 AND (c.starts >= a.starts - {LONG_MINUTES} OR c.ends - c.starts > {LONG_MINUTES})
JOIN entry e ON e.pk = c.entry_pk
WHERE a.entry_pk = :absence AND c.ends > :now
ORDER BY e.starts, e.pk
"""  # noqa: S608 - constants


def lying_on(session: Session, absence_pk: int, now: datetime) -> tuple[Displaced, ...]:
    """What was booked before the absence was laid over it, and is not over yet; by start."""
    found = rows(session, _LYING_ON, {"absence": absence_pk, "now": int(now.timestamp()) // 60})
    return tuple(Displaced(*row) for row in found)


_TO_COME = """
SELECT DISTINCT e.pk, e.id, e.kind, e.title, e.starts, e.ends, e.zone, e.venue_pk, p.purpose_pk
FROM claim c JOIN entry e ON e.pk = c.entry_pk JOIN appointment p ON p.entry_pk = e.pk
WHERE c.calendar_pk = :calendar AND c.exclusive AND c.starts >= :since AND e.starts >= :now
ORDER BY e.starts, e.pk
"""


def inside_openings(session: Session, calendar_pk: int, now: datetime) -> dict[int, Displaced]:
    """The appointments to come that lie wholly in openings of their purpose at their venue, by their keys."""
    minute = int(now.timestamp()) // 60
    found = rows(session, _TO_COME, {"calendar": calendar_pk, "since": minute - LONG_MINUTES, "now": minute})
    if not found:
        return {}
    window = (minute, max(row[5] for row in found))
    inside = {}
    for purpose_pk in sorted({row[8] for row in found}):
        open_at = _open_at(session, calendar_pk, window, purpose_pk)
        for row in found:
            if row[8] == purpose_pk and covers(open_at.get(row[7], ()), (row[4], row[5])):
                inside[row[0]] = Displaced(*row[:7])
    return inside


def within_opening(session: Session, calendar_pk: int, opening_id: str, now: datetime) -> tuple[Displaced, ...]:
    """The appointments to come that lie within one opening, by start: whom its end would concern."""
    inside = sorted(inside_openings(session, calendar_pk, now).values(), key=lambda one: (one.starts, one.id))
    if not inside:
        return ()
    window = (inside[0].starts, max(one.ends for one in inside))
    given = merge(
        span for each in shown(session, [calendar_pk], window) if each.id == opening_id for span in each.spans
    )
    return tuple(one for one in inside if covers(given, (one.starts, one.ends)))


def _open_at(session: Session, calendar_pk: int, window: Span, purpose_pk: int) -> dict[int, Sequence[Span]]:
    spans: dict[int, list[Span]] = {}
    for opening in offered(session, [calendar_pk], window, purpose_pk):
        spans.setdefault(opening.venue_pk, []).extend(opening.spans)
    return {venue_pk: merge(several) for venue_pk, several in spans.items()}


def fallen_outside(before: dict[int, Displaced], after: Iterable[int]) -> tuple[Displaced, ...]:
    """Those that were inside and no longer are, by start."""
    still = set(after)
    return tuple(sorted((one for pk, one in before.items() if pk not in still), key=lambda one: (one.starts, one.id)))
