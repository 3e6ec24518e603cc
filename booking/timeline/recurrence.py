"""Series of occurrences: the dates of a rule, found by jumping to the window, never by walking to it.

A series starts at a local time and lasts so many elapsed minutes each time. Occurrences are those that
match the rule on or after the start; as in python-dateutil, and unlike a strict reading of RFC 5545
§3.8.5.3, the start itself is one only if it matches. COUNT counts the dates that exceptions take out.
At most one occurrence starts on a local date.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from booking.timeline.cycles import LAST_ORDINAL, day_cycle, how_many, last_ordinal, month_days
from booking.timeline.interval import (
    EPOCH_ORDINAL,
    MINUTES_A_DAY,
    Minute,
    Span,
    day_offset,
    minute_of_day,
    overlap,
    to_minute,
)
from booking.timeline.rule import Rule, RuleError, parse_rule, rule_text

__all__ = [
    "Occurrence",
    "Override",
    "Rule",
    "RuleError",
    "Series",
    "aligned",
    "first_start",
    "is_occurrence",
    "last_end",
    "make_series",
    "occurrences",
    "occurrences_from",
    "parse_rule",
    "rule_text",
    "spans",
    "split",
    "with_overrides",
]


Override = tuple[datetime, int] | None
"""What became of one date: moved to (local start, minutes), or None when it is cancelled."""


class Occurrence(NamedTuple):
    """One date of a series: where the rule put it, where it starts on the wall, and what it takes."""

    original: datetime
    start: datetime
    span: Span


@dataclass(frozen=True, slots=True)
class Series:
    """Something that happens once (`rule` None) or again and again, on the wall clock of `zone`."""

    start: datetime
    minutes: int
    rule: Rule | None
    exdates: frozenset[date]
    zone: ZoneInfo
    plan: "Plan" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.start.tzinfo is not None:
            raise ValueError("a series starts at a wall-clock time without zone")
        if self.minutes < 1:
            raise ValueError("an occurrence lasts at least one minute")
        object.__setattr__(self, "plan", _plan(self.start, self.rule, self.exdates))


class Plan(NamedTuple):
    """A series reckoned through once, so that each search only adds and compares whole numbers of days."""

    first: int
    """The day of the start, as a proleptic ordinal, like every day here."""
    last: int
    """The last day on which it may start, or that of the calendar."""
    clock: int
    """The minutes of the wall clock at which it starts."""
    out: frozenset[int]
    """The days that exceptions take out."""
    origin: int
    length: int
    offsets: tuple[int, ...]
    """Daily and weekly: it starts on `origin + n * length + offset`; empty for monthly and yearly ones."""


def make_series(
    start: datetime, minutes: int, rrule: str | None, exdates: Iterable[str | date | datetime], zone: ZoneInfo
) -> Series:
    """A series from the texts of a territory file or form; raises RuleError.

    `exdates` are local dates (`2027-02-10`), or local times equal to an occurrence's start.
    """
    return _made(start.replace(second=0, microsecond=0, fold=0), minutes, rrule or None, tuple(exdates), zone)


@lru_cache(maxsize=32768)
def _made(
    start: datetime, minutes: int, rrule: str | None, exdates: tuple[str | date | datetime, ...], zone: ZoneInfo
) -> Series:
    rule = parse_rule(rrule, start, zone) if rrule else None
    return Series(start, minutes, rule, frozenset(_exception(one, start) for one in exdates), zone)


def occurrences(series: Series, window: Span) -> list[Occurrence]:
    """The occurrences that share a minute with `window`, in order of their local start."""
    time_of_day = series.start.time()
    found: list[Occurrence] = []
    for ordinal, start in _starts(series, window[0] - series.minutes + 1, window[1] - 1):
        wall = datetime.combine(date.fromordinal(ordinal), time_of_day)
        found.append(Occurrence(wall, wall, (start, start + series.minutes)))
    return found


def spans(series: Series, window: Span) -> list[Span]:
    """The intervals of `occurrences`, without their wall-clock starts: the cheap form.

    It says in its own loop what `_starts` says, since a search runs it for every opening of a territory.
    """
    minutes, zone, plan = series.minutes, series.zone, series.plan
    earliest, latest = window[0] - minutes + 1, window[1] - 1
    clock, out = plan.clock - EPOCH_ORDINAL * MINUTES_A_DAY, plan.out
    found: list[Span] = []
    for ordinal in _days_around(series, earliest, latest):
        offset = day_offset(zone, ordinal)
        shown = ordinal * MINUTES_A_DAY + clock
        start = shown - offset if offset is not None else minute_of_day(ordinal, plan.clock, zone)
        if earliest <= start <= latest and ordinal not in out:
            found.append((start, start + minutes))
    return found


def occurrences_from(series: Series, since: Minute) -> Iterator[Occurrence]:
    """Every occurrence that starts at or after the instant `since`, without end if the rule has none."""
    time_of_day = series.start.time()
    for ordinal, start in _starts(series, since, None):
        wall = datetime.combine(date.fromordinal(ordinal), time_of_day)
        yield Occurrence(wall, wall, (start, start + series.minutes))


def with_overrides(series: Series, overrides: Mapping[datetime, Override], window: Span) -> list[Occurrence]:
    """`occurrences` with single dates cancelled or moved, into the window and out of it, ordered by time.

    Keys are the local starts that the rule gives; a key that is no occurrence changes nothing.
    """
    kept = [one for one in occurrences(series, window) if one.original not in overrides]
    for original, change in overrides.items():
        if change is None or not is_occurrence(series, original):
            continue
        wall, minutes = change
        start = to_minute(wall, series.zone)
        if overlap((start, start + minutes), window):
            kept.append(Occurrence(original, wall, (start, start + minutes)))
    return sorted(kept, key=lambda one: (one.span, one.original))


def is_occurrence(series: Series, wall: datetime) -> bool:
    """Whether the rule gives an occurrence that starts at this local time and is not taken out."""
    if wall.time() != series.start.time() or wall.date() in series.exdates:
        return False
    return any(True for _ in _days_of(series, wall.toordinal(), wall.toordinal()))


def first_start(series: Series) -> datetime | None:
    """The local start of the first occurrence, or None when there is none at all."""
    return next(_walls(series, series.start.toordinal(), LAST_ORDINAL), None)


def last_end(series: Series) -> Minute | None:
    """The instant at which the last occurrence is over (the start's own if there is none); None: endless.

    Exceptions are not looked at: the answer is a safe upper bound for an index.
    """
    if series.rule is not None and series.rule.until is None and series.rule.count is None:
        return None
    last = max(series.plan.last, 1)
    day = datetime.combine(date.fromordinal(last), series.start.time())
    return max(to_minute(day, series.zone), to_minute(series.start, series.zone)) + series.minutes


def aligned(series: Series) -> Series | None:
    """The same occurrences from a start that is one of them, as iCalendar wants it; None if without any."""
    return split(series, date.min)[1]


def split(series: Series, on: date) -> tuple[Series | None, Series | None]:
    """The series cut before the local date `on` ("this and the following"): what was, and what follows.

    Both together have exactly the occurrences of the whole. Where the head had a COUNT it has an UNTIL;
    the tail starts at its own first occurrence and counts what is left. A half without any is None.
    """
    first, cut = series.start.toordinal(), on.toordinal()
    following = next(_walls(series, cut, LAST_ORDINAL), None)
    last = next(_walls_before(series, cut), None)
    head = tail = None
    if series.rule is None:
        return (series, None) if last else (None, series if following else None)
    if last is not None:
        taken = frozenset(day for day in series.exdates if day < on)
        head = replace(series, rule=replace(series.rule, until=last.date(), count=None), exdates=taken)
        if following is None:
            head = series
    if following is not None:
        count = series.rule.count
        if count is not None:
            count -= how_many(series.rule, first, following.toordinal() - 1)
        kept = frozenset(day for day in series.exdates if day > following.date())
        tail = replace(series, start=following, rule=replace(series.rule, count=count), exdates=kept)
        if last is None and following == series.start:
            tail = series
    return head, tail


def _plan(start: datetime, rule: Rule | None, exdates: frozenset[date]) -> Plan:
    first = start.toordinal()
    last = last_ordinal(rule, first)
    origin, length = first, 1
    offsets: tuple[int, ...] = ()
    if rule is None:
        offsets = (0,)
    elif rule.frequency in ("DAILY", "WEEKLY"):
        origin, length, offsets = day_cycle(rule, first)
    return Plan(
        first,
        LAST_ORDINAL if last is None else min(last, LAST_ORDINAL),
        start.hour * 60 + start.minute,
        frozenset(day.toordinal() for day in exdates),
        origin,
        length,
        offsets,
    )


def _starts(series: Series, earliest: Minute, latest: Minute | None) -> Iterator[tuple[int, Minute]]:
    """The day and instant of every occurrence that starts from `earliest` to `latest`, both included."""
    plan, zone = series.plan, series.zone
    for ordinal in _days_around(series, earliest, latest):
        start = minute_of_day(ordinal, plan.clock, zone)
        if start >= earliest and (latest is None or start <= latest) and ordinal not in plan.out:
            yield ordinal, start


def _days_around(series: Series, earliest: Minute, latest: Minute | None) -> Iterable[int]:
    """The days of a series on which an occurrence may start from `earliest` to `latest`.

    No zone is a day ahead of UTC or behind it, so one day more on each side is enough.
    """
    high = LAST_ORDINAL if latest is None else latest // MINUTES_A_DAY + EPOCH_ORDINAL + 1
    return _days_of(series, earliest // MINUTES_A_DAY + EPOCH_ORDINAL - 1, high)


def _days_of(series: Series, low: int, high: int) -> Iterable[int]:
    """The days of a series from `low` to `high`, exceptions included."""
    rule, (first, last, _, _, origin, length, offsets) = series.rule, series.plan
    if low < first:
        low = first
    if high > last:
        high = last
    if low > high:
        return ()
    if len(offsets) == 1:
        return range(low + (origin + offsets[0] - low) % length, high + 1, length)
    if rule is not None and rule.frequency in ("MONTHLY", "YEARLY"):
        return month_days(rule, first, low, high)
    bases = range(low - (low - origin) % length, high + 1, length)
    return (base + offset for base in bases for offset in offsets if low <= base + offset <= high)


def _walls(series: Series, low: int, high: int) -> Iterator[datetime]:
    time_of_day = series.start.time()
    for ordinal in _days_of(series, low, high):
        if ordinal not in series.plan.out:
            yield datetime.combine(date.fromordinal(ordinal), time_of_day)


def _walls_before(series: Series, cut: int) -> Iterator[datetime]:
    """The occurrences before the day `cut`, latest first, looked for in growing steps backwards."""
    high, reach = min(cut - 1, series.plan.last), 64
    while high >= series.plan.first:
        low = max(series.plan.first, high - reach)
        yield from reversed(list(_walls(series, low, high)))
        high, reach = low - 1, reach * 2


def _exception(value: str | date | datetime, start: datetime) -> date:
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
        except ValueError:
            raise RuleError("exdates", f"{value!r} is no local date (2027-02-10)") from None
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is not None or value.time() != start.time():
        raise RuleError("exdates", f"{value.isoformat()} is not the local start of an occurrence")
    return value.date()
