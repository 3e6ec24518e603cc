"""The drop-in sessions of an adviser as a feed: openings where people may come without appointment.

A date is left out when the adviser is away for all of it, or on a public holiday that closes the opening. An
opening that was removed leaves no tombstone: it is no entry and had no claims.
"""

import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking.actions.entries import ENTRY_NAMESPACE
from booking.actions.feed_entries import Changed, Seen, Series, place
from booking.actions.feed_lookup import Feed
from booking.actions.openings import series_of
from booking.database import rows
from booking.models.claims import LONG_MINUTES, UNAVAILABLE
from booking.timeline.holidays import closed_days
from booking.timeline.interval import Span, covers, local_date, merge, overlap, to_minute
from booking.timeline.recurrence import occurrences

_OPENINGS = """
SELECT o.pk, o.id, o.starts_wall, o.minutes, o.rrule, o.exdates, o.admission, o.holidays, o.version,
       t.timezone, t.public_holidays, v.name, v.address, v.postcode, v.commune
FROM opening o
JOIN venue v ON v.pk = o.venue_pk
JOIN organisation s ON s.pk = v.organisation_pk
JOIN territory t ON t.pk = s.territory_pk
WHERE o.calendar_pk = :calendar AND o.admission IN ('drop_in', 'both')
ORDER BY o.pk
"""

_CHANGES = """
SELECT x.opening_pk, x.original, x.starts_wall, x.minutes
FROM opening_change x JOIN opening o ON o.pk = x.opening_pk
WHERE o.calendar_pk = :calendar AND o.admission IN ('drop_in', 'both')
ORDER BY x.opening_pk, x.original
"""

_AWAY = f"""
SELECT starts, ends FROM claim
WHERE calendar_pk = :calendar AND strength = '{UNAVAILABLE}' AND starts >= :day_before AND starts < :until
UNION ALL
SELECT starts, ends FROM claim
WHERE calendar_pk = :calendar AND strength = '{UNAVAILABLE}' AND ends - starts > {LONG_MINUTES}
  AND starts < :day_before AND ends > :since
"""  # noqa: S608 - constants


def read(session: Session, feed: Feed) -> list[Seen]:
    """The sessions around the feed's day; three statements."""
    window = (feed.since, feed.until)
    arguments = {
        "calendar": feed.calendar_pk,
        "since": window[0],
        "until": window[1],
        "day_before": window[0] - LONG_MINUTES,
    }
    away = merge(rows(session, _AWAY, arguments))
    changes: dict[int, list[Sequence[Any]]] = {}
    for opening_pk, *change in rows(session, _CHANGES, arguments):
        changes.setdefault(opening_pk, []).append(change)
    level = dict(feed.details)[feed.calendar_pk or 0]
    found = rows(session, _OPENINGS, arguments)
    seen = (_session_of(row, changes.get(row[0], ()), away, window, level, feed) for row in found)
    return [each for each in seen if each is not None]


def _session_of(
    row: Sequence[Any], changes: Iterable[Sequence[Any]], away: Sequence[Span], window: Span, level: str, feed: Feed
) -> Seen | None:
    _, opening_id, starts_wall, minutes, rrule, exdates, admission, holidays, version, zone, code = row[:11]
    info = _zone(zone)
    text = exdates if isinstance(exdates, str) else json.dumps(exdates)
    series = series_of(starts_wall, minutes, rrule, text, zone)
    closed = closed_days(code, info, window) if code and holidays == "closed" else []
    starts = to_minute(series.start, info)
    stamp = int(feed.created.timestamp())
    changed = [_change(change, minutes, info, version, stamp) for change in changes]
    originals = {change.original for change in changed}

    def takesplace(span: Span) -> bool:
        return not covers(away, span) and not any(overlap(span, day) for day in closed)

    out = [one.span[0] for one in occurrences(series, window) if not takesplace(one.span)]
    if rrule is None:
        moved = next((change for change in changed if change.original == starts), None)
        span = (starts, starts + minutes) if moved is None else (moved.starts, moved.ends)
        if span[0] is None or span[1] is None or not takesplace((span[0], span[1])):
            return None
        if not overlap((span[0], span[1]), window):
            return None
        return _worded(row, level, opening_id, version, zone, span[0], span[1], stamp, None, admission)
    dropped = tuple(local_date(start, info).isoformat() for start in out if start not in originals)
    kept = tuple(
        change
        if change.starts is None or change.ends is None or takesplace((change.starts, change.ends))
        else change._replace(starts=None, ends=None)
        for change in changed
    )
    recurring = Series(starts_wall, rrule, (*json.loads(text or "[]"), *dropped), kept)
    return _worded(row, level, opening_id, version, zone, starts, starts + minutes, stamp, recurring, admission)


def _change(change: Sequence[Any], minutes: int, zone: ZoneInfo, version: int, stamp: int) -> Changed:
    original, starts_wall, length, *_ = change
    first = to_minute(datetime.fromisoformat(original), zone)
    if starts_wall is None:
        return Changed(first, None, None, version - 1, stamp)
    starts = to_minute(datetime.fromisoformat(starts_wall), zone)
    return Changed(first, starts, starts + (length or minutes), version - 1, stamp)


def _worded(
    row: Sequence[Any],
    level: str,
    opening_id: str,
    version: int,
    zone: str,
    starts: int,
    ends: int,
    stamp: int,
    series: Series | None,
    admission: str,
) -> Seen:
    """Openings keep no stamps: theirs is the feed's own, and the sequence tells which revision is the newer."""
    seen = Seen(
        uid=str(uuid.uuid5(ENTRY_NAMESPACE, f"opening/{opening_id}")),
        sequence=version - 1,
        tentative=False,
        gone=False,
        zone=zone,
        starts=starts,
        ends=ends,
        created=stamp,
        modified=stamp,
        series=series,
        open_to_all=True,
    )
    if level == "free_busy":
        return seen
    return seen._replace(kind=f"opening:{admission}", venue=place(*row[11:15]))


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def spans(seen: Iterable[Seen], window: Span) -> list[Span]:
    """When these sessions take place in the window, for a reader who only asks that."""
    found: list[Span] = []
    for each in seen:
        if each.series is None:
            found.append((each.starts, each.ends))
            continue
        series = series_of(
            each.series.starts_wall,
            each.ends - each.starts,
            each.series.rrule,
            json.dumps(list(each.series.exdates)),
            each.zone,
        )
        changed = {change.original: change for change in each.series.changed}
        found += [one.span for one in occurrences(series, window) if one.span[0] not in changed]
        found += [(c.starts, c.ends) for c in changed.values() if c.starts is not None and c.ends is not None]
    return [span for span in found if overlap(span, window)]
