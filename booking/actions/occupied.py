"""What occupies calendars: busy times for whoever may see that much, entries with their titles as far as allowed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from booking.actions.claims import standing
from booking.actions.directories import calendar_pks
from booking.actions.rights import NO_RIGHTS, Actor, rights_on
from booking.database import rows
from booking.models.claims import BUSY, TENTATIVE, UNAVAILABLE
from booking.refusals import NotFound
from booking.timeline.interval import Minute, Span, clip, merge, subtract

STRONGEST_FIRST = (BUSY, UNAVAILABLE, TENTATIVE)
"""Where claims of several strengths overlap, the time is told as the first of these."""


@dataclass(frozen=True)
class Busy:
    """A stretch that is taken, buffers included, and how strongly (RFC 5545 FBTYPE §3.2.9). UTC minutes."""

    starts: Minute
    ends: Minute
    strength: str


@dataclass(frozen=True)
class BusyTimes:
    """The busy times of one calendar, and the zone they are told in."""

    zone: str
    times: list[Busy]


def busy(session: Session, actor: Actor, calendar_id: str, window: Span) -> BusyTimes:
    """The merged busy times of a calendar within the window. ``NotFound`` where the actor may not see that much."""
    pk, zone = _seen_calendar(session, actor, calendar_id)
    by_strength: dict[str, list[Span]] = {}
    for claim in standing(session, [pk], *window):
        by_strength.setdefault(claim.strength, []).append((claim.starts, claim.ends))
    told: list[Span] = []
    times = []
    for strength in STRONGEST_FIRST:
        spans = clip(merge(by_strength.get(strength, ())), window)
        times += [Busy(starts, ends, strength) for starts, ends in subtract(spans, merge(told))]
        told += spans
    return BusyTimes(zone, sorted(times, key=lambda each: each.starts))


@dataclass(frozen=True)
class Entered:
    """An entry on a calendar. Who may see only that the calendar is busy gets the claim's span and nothing else.

    ``starts``/``ends`` are the entry's own where it may be seen, ``claim_starts``/``claim_ends`` what it takes of
    the calendar, buffers included. UTC minutes.
    """

    claim_pk: int
    calendar: str
    starts: Minute
    ends: Minute
    claim_starts: Minute
    claim_ends: Minute
    strength: str
    zone: str
    id: str | None
    kind: str | None
    status: str | None
    title: str | None
    venue: str | None
    booked_by: str | None


_ENTRIES = """
SELECT c.pk, c.calendar_pk, c.starts, c.ends, c.strength, c.occurrence, k.id, t.timezone,
       e.id, e.kind, e.status, e.title, e.starts, e.ends, v.id, e.booked_by_pk, b.id, e.rrule
FROM claim c
JOIN calendar k ON k.pk = c.calendar_pk
JOIN organisation o ON o.pk = k.organisation_pk
JOIN territory t ON t.pk = o.territory_pk
JOIN entry e ON e.pk = c.entry_pk
LEFT JOIN venue v ON v.pk = e.venue_pk
LEFT JOIN account b ON b.pk = e.booked_by_pk
WHERE c.pk IN_ARRAY(:claims)
ORDER BY c.starts, c.pk
"""
_PAGE = """
SELECT starts, pk FROM (
  SELECT starts, pk FROM claim
  WHERE calendar_pk IN_ARRAY(:calendars) AND starts >= :day_before AND starts < :until AND ends > :since
  UNION ALL
  SELECT starts, pk FROM claim
  WHERE calendar_pk IN_ARRAY(:calendars) AND ends - starts > 1440 AND starts < :day_before AND ends > :since
) x
WHERE starts > :after OR (starts = :after AND pk > :after_pk)
ORDER BY starts, pk LIMIT :most
"""


def entries(
    session: Session,
    actor: Actor,
    calendar_ids: Sequence[str],
    window: Span,
    *,
    after: tuple[Minute, int] | None,
    limit: int,
) -> list[Entered]:
    """What stands on these calendars within the window, in the order of the claims' starts, then of their keys.

    ``after`` is the start and the key of the last claim of the page before; one item more than ``limit`` is read.
    ``NotFound`` when the actor may not know of one of the calendars.
    """
    known = calendar_pks(session, calendar_ids)
    rights = rights_on(session, actor, known.values())
    if any(known.get(each) not in rights for each in calendar_ids):
        raise NotFound
    last = after or (-(2**31), 0)
    found = rows(
        session,
        _PAGE,
        {
            "calendars": sorted(rights),
            "day_before": window[0] - 1440,
            "since": window[0],
            "until": window[1],
            "after": last[0],
            "after_pk": last[1],
            "most": limit + 1,
        },
    )
    told = []
    for row in rows(session, _ENTRIES, {"claims": [pk for _, pk in found]}):
        visible = rights.get(row[1], NO_RIGHTS).sees_details or row[15] == actor.pk
        told.append(_entered(row, visible))
    return told


def _entered(row: Sequence[Any], visible: bool) -> Entered:
    pk, _, starts, ends, strength, occurrence, calendar, zone = row[:8]
    if not visible:
        return Entered(pk, calendar, starts, ends, starts, ends, strength, zone, None, None, None, None, None, None)
    own = (row[12], row[13]) if not occurrence and row[17] is None else (starts, ends)
    entry_id, kind, status, title = row[8:12]
    return Entered(
        pk, calendar, own[0], own[1], starts, ends, strength, zone, entry_id, kind, status, title, row[14], row[16]
    )


def _seen_calendar(session: Session, actor: Actor, calendar_id: str) -> tuple[int, str]:
    found = rows(
        session,
        "SELECT c.pk, t.timezone FROM calendar c JOIN organisation o ON o.pk = c.organisation_pk "
        "JOIN territory t ON t.pk = o.territory_pk WHERE c.id = :id",
        {"id": calendar_id},
    )
    if not found or not rights_on(session, actor, [found[0][0]]):
        raise NotFound
    return found[0][0], found[0][1]
