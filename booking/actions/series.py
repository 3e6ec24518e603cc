"""Series on calendars: which dates of a recurring entry hold claims, and for how far ahead.

A rule without end cannot claim every date it will ever have, so its dates are claimed some years ahead and the
worker moves that horizon on (``extend_series``). One with an end claims all its dates at once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from booking.actions import claims
from booking.database import lock_calendars
from booking.models import Calendar, Claim, Entry, Occurrence
from booking.models.claims import BUSY, UNAVAILABLE
from booking.timeline.interval import Minute, Span, to_minute, to_wall
from booking.timeline.recurrence import Series, last_end, make_series, occurrences, occurrences_from

AHEAD = timedelta(days=3 * 366)
"""How far ahead of now, or of its start if that is later, a series without end is claimed."""

MOST_DATES = 10_000
"""Dates that one series may claim; a daily one has as many in 27 years."""

TAKEN = "taken"
"""The reason noted for a date left out because the time was taken when its turn to be claimed came."""

_NEVER = -(2**31)


class Date(NamedTuple):
    """One date of a series: the start (UTC minute) its rule gave, and what it takes."""

    original: Minute
    starts: Minute
    ends: Minute


@dataclass(frozen=True)
class LeftOut:
    """A date that could not be claimed: the entry, the start its rule gave, and what stands there."""

    entry_pk: int
    original: Minute
    taken_by: int


def series_of(starts_wall: str, minutes: int, rrule: str | None, exdates: Iterable[str], zone: str) -> Series:
    """The rule of an entry as a value; raises ``RuleError``."""
    return make_series(datetime.fromisoformat(starts_wall), minutes, rrule, exdates, ZoneInfo(zone))


def horizon(series: Series, now: datetime) -> Minute:
    """Up to where (UTC minute) the dates of a series are claimed, as seen from ``now``."""
    end = last_end(series)
    if end is not None:
        return end
    later = max(int(now.timestamp()) // 60, to_minute(series.start, series.zone))
    return later + int(AHEAD.total_seconds()) // 60


def dates(series: Series, changed: Mapping[Minute, Span | None], until: Minute, most: int = MOST_DATES) -> list[Date]:
    """Every date of the series that its rule puts before ``until``; one more than ``most`` if there are too many.

    ``changed`` tells, by the start that the rule gives, where a date was moved to, or ``None`` when cancelled.
    """
    found = []
    start = to_minute(series.start, series.zone)
    for occurrence in islice(occurrences_from(series, start), most + 1):
        original = occurrence.span[0]
        if original >= until:
            break
        span = changed.get(original, occurrence.span)
        if span is not None:
            found.append(Date(original, *span))
    return found


def changed_dates(session: Session, entry_pk: int) -> dict[Minute, Span | None]:
    """The dates of a stored series that differ from its rule."""
    return {
        row.original: None if row.starts is None else (row.starts, row.ends)
        for row in session.execute(
            select(Occurrence.original, Occurrence.starts, Occurrence.ends).where(Occurrence.entry_pk == entry_pk)
        )
    }


def extend_series(session: Session, now: datetime, limit: int = 200) -> list[LeftOut]:
    """Claims the dates of endless series that have come within reach since the last time.

    A date whose time is taken meanwhile is left out, noted as a cancelled date of the series and returned, for
    somebody to be told.
    """
    left_out: list[LeftOut] = []
    done = 0
    endless = session.scalars(
        select(Entry)
        .where(Entry.rrule.is_not(None), Entry.status.in_(("confirmed", "tentative")))
        .order_by(Entry.pk)
        .execution_options(yield_per=200)
    )
    for entry in endless:
        new = _dates_within_reach(session, entry, now)
        if new:
            left_out += _claim(session, entry, new, now)
            done += 1
        if done == limit:
            break
    return left_out


def _dates_within_reach(session: Session, entry: Entry, now: datetime) -> list[Date]:
    series = series_of(entry.starts_wall or "", entry.ends - entry.starts, entry.rrule, entry.exdates or (), entry.zone)
    if last_end(series) is not None:
        return []
    known = session.scalar(select(func.max(Claim.occurrence)).where(Claim.entry_pk == entry.pk)) or _NEVER
    left_out = session.scalar(select(func.max(Occurrence.original)).where(Occurrence.entry_pk == entry.pk)) or _NEVER
    claimed = max(known, left_out)
    until = horizon(series, now)
    if claimed == _NEVER or until - claimed < 0:
        return []
    changed = changed_dates(session, entry.pk)
    return [
        Date(one.span[0], *one.span)
        for one in occurrences(series, (claimed + 1, until))
        if one.span[0] > claimed and one.span[0] not in changed
    ]


def _claim(session: Session, entry: Entry, new: list[Date], now: datetime) -> list[LeftOut]:
    """Takes each date on every calendar the series holds, or on none of them."""
    held = list(
        session.execute(
            select(Calendar.pk, Calendar.kind, Calendar.setup_minutes, Calendar.cleanup_minutes, Claim.strength)
            .join(Claim, Claim.calendar_pk == Calendar.pk)
            .where(Claim.entry_pk == entry.pk)
            .distinct()
        )
    )
    exclusive = entry.kind not in ("absence", "busy")
    wanted: dict[int, list[claims.Wanted]] = {date.original: [] for date in new}
    for pk, kind, setup, cleanup, strength in held:
        before, after = (setup, cleanup) if kind == "room" else (entry.before, entry.after)
        if strength == UNAVAILABLE:
            before = after = 0
        for date in new:
            wanted[date.original].append(
                claims.Wanted(
                    pk, date.starts - before, date.ends + after, strength or BUSY, exclusive, occurrence=date.original
                )
            )
    lock_calendars(session, [each.pk for each in held])
    left_out = []
    for original, each in wanted.items():
        taken_by = _taken_by(session, each) if exclusive else None
        if taken_by is None:
            claims.take(session, entry.pk, each)
            continue
        left_out.append(LeftOut(entry.pk, original, taken_by))
        session.execute(
            insert(Occurrence),
            {
                "entry_pk": entry.pk,
                "original": original,
                "starts": None,
                "ends": None,
                "sequence": entry.sequence + 1,
                "reason": TAKEN,
                "last_modified": now,
            },
        )
    if left_out:
        entry.sequence += 1
        entry.version += 1
        entry.last_modified = now
        session.flush()
    return left_out


def _taken_by(session: Session, wanted: Iterable[claims.Wanted]) -> int | None:
    for each in wanted:
        for other in claims.standing(session, [each.calendar_pk], each.starts, each.ends):
            if other.exclusive:
                return other.entry_pk
    return None


def wall_text(minute: Minute, zone: ZoneInfo) -> str:
    """The local time as files and rules write it: ``2027-01-19T10:00``."""
    return to_wall(minute, zone).strftime("%Y-%m-%dT%H:%M")
