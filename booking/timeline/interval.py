"""Instants, half-open intervals, and the passage between the wall clock of a zone and absolute time.

An instant is a whole number of minutes since 1970-01-01T00:00Z. An interval is a pair
``(start, end)`` that holds every minute ``m`` with ``start <= m < end``.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

Minute = int
Span = tuple[Minute, Minute]

MINUTES_A_DAY = 1440
_MINUTE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1)
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


def merge(spans: Iterable[Span]) -> list[Span]:
    """The same minutes as few sorted intervals: overlapping and touching ones become one, empty ones go."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def subtract(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """The minutes of `spans` that lie in none of `taken`, merged."""
    holes = merge(taken)
    left: list[Span] = []
    first = 0
    for start, end in merge(spans):
        while first < len(holes) and holes[first][1] <= start:
            first += 1
        cursor = start
        for hole_start, hole_end in holes[first:]:
            if hole_start >= end:
                break
            if hole_start > cursor:
                left.append((cursor, hole_start))
            cursor = max(cursor, hole_end)
        if cursor < end:
            left.append((cursor, end))
    return left


def intersect(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """The minutes that lie both in `spans` and in `others`, merged."""
    mine, theirs = merge(spans), merge(others)
    shared: list[Span] = []
    i = j = 0
    while i < len(mine) and j < len(theirs):
        start = max(mine[i][0], theirs[j][0])
        end = min(mine[i][1], theirs[j][1])
        if start < end:
            shared.append((start, end))
        if mine[i][1] <= theirs[j][1]:
            i += 1
        else:
            j += 1
    return shared


def clip(spans: Iterable[Span], window: Span) -> list[Span]:
    """What of each interval lies in `window`; the order is kept and nothing is merged."""
    left, right = window
    return [(max(s, left), min(e, right)) for s, e in spans if max(s, left) < min(e, right)]


def overlap(one: Span, other: Span) -> bool:
    """Whether two intervals share at least one minute."""
    return max(one[0], other[0]) < min(one[1], other[1])


def covers(spans: Sequence[Span], wanted: Span) -> bool:
    """Whether every minute of `wanted` lies in one of the merged `spans`."""
    return any(start <= wanted[0] and wanted[1] <= end for start, end in spans)


def widen(span: Span, before: int, after: int) -> Span:
    """The interval with `before` minutes put in front of it and `after` minutes behind."""
    return span[0] - before, span[1] + after


def to_minute(wall: datetime, zone: ZoneInfo) -> Minute:
    """The instant at which the clocks of `zone` show `wall` (naive; seconds are dropped).

    A time that the clocks skip is read with the offset before the gap, so it falls later (RFC 5545
    §3.3.5); of a time that they show twice the first is meant, whatever `fold` says.
    """
    if wall.tzinfo is not None:
        raise ValueError("to_minute takes a wall-clock time without zone")
    return (wall - _EPOCH - _offset(wall.replace(fold=0) if wall.fold else wall, zone)) // _MINUTE


def to_wall(minute: Minute, zone: ZoneInfo) -> datetime:
    """What the clocks of `zone` show at this instant: naive, with `fold` set when shown the second time."""
    return to_aware(minute, zone).replace(tzinfo=None)


def to_aware(minute: Minute, zone: ZoneInfo) -> datetime:
    """This instant as an aware datetime in `zone`."""
    return from_utc(minute).astimezone(zone)


def from_utc(minute: Minute) -> datetime:
    """This instant as an aware datetime in UTC."""
    return (_EPOCH + timedelta(minutes=minute)).replace(tzinfo=UTC)


def from_aware(moment: datetime) -> Minute:
    """The instant of an aware datetime; seconds are dropped. A naive one is a ValueError."""
    if moment.tzinfo is None:
        raise ValueError("from_aware takes a datetime with zone")
    return (moment.astimezone(UTC).replace(tzinfo=None) - _EPOCH) // _MINUTE


def utc_offset(minute: Minute, zone: ZoneInfo) -> int:
    """How many minutes the clocks of `zone` are ahead of UTC at this instant."""
    return _offset(to_aware(minute, zone), zone) // _MINUTE


def local_day(day: date, zone: ZoneInfo) -> Span:
    """From local midnight to the next: 1,380, 1,440 or 1,500 minutes in zones that change by one hour."""
    midnight = datetime.combine(day, time())
    return to_minute(midnight, zone), to_minute(midnight + timedelta(days=1), zone)


def local_date(minute: Minute, zone: ZoneInfo) -> date:
    """The local date on which this instant falls."""
    return to_wall(minute, zone).date()


def local_days(window: Span, zone: ZoneInfo) -> Iterator[date]:
    """Every local date that has at least one minute in `window`."""
    if window[0] >= window[1]:
        return
    day, last = local_date(window[0], zone), local_date(window[1] - 1, zone)
    while day <= last:
        yield day
        day += timedelta(days=1)


@lru_cache(maxsize=16384)
def day_offset(zone: ZoneInfo, ordinal: int) -> int | None:
    """Minutes east of UTC all through a local day (proleptic ordinal), None when its clocks change."""
    midnight = datetime.fromordinal(ordinal)
    here, next_day = _offset(midnight, zone), _offset(midnight + timedelta(days=1), zone)
    return None if here != next_day or here % _MINUTE else here // _MINUTE


def minute_of_day(ordinal: int, minutes: int, zone: ZoneInfo) -> Minute:
    """`to_minute` of a local day (proleptic ordinal) and minutes of its clock (0 to 1,439), made fast."""
    offset = day_offset(zone, ordinal)
    if offset is None:
        return to_minute(datetime.fromordinal(ordinal) + timedelta(minutes=minutes), zone)
    return (ordinal - EPOCH_ORDINAL) * MINUTES_A_DAY + minutes - offset


def _offset(wall: datetime, zone: ZoneInfo) -> timedelta:
    offset = zone.utcoffset(wall)
    if offset is None:
        raise ValueError(f"{zone} has no offset")
    return offset
