"""The dates of a rule: cycles of so many days, or of so many months with a pattern of days in each.

Days are proleptic ordinals, as `date.toordinal` gives them; `first` is the day on which the series starts.
"""

from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import islice

from booking.timeline.rule import Rule

# A year short of the calendar's end, so that no zone's offset and no occurrence's length leaves the calendar.
LAST_ORDINAL = date.max.toordinal() - 366


@lru_cache(maxsize=65536)
def day_cycle(rule: Rule, first: int) -> tuple[int, int, tuple[int, ...]]:
    """A daily or weekly rule as (origin day, length in days, offsets of its dates in each cycle)."""
    if rule.frequency == "DAILY":
        if not rule.weekdays:
            return first, rule.interval, (0,)
        steps = (k * rule.interval for k in range(7))
        return first, 7 * rule.interval, tuple(k for k in steps if _weekday(first + k) in rule.weekdays)
    origin = first - (_weekday(first) - rule.week_start) % 7
    return origin, 7 * rule.interval, tuple(sorted((day - rule.week_start) % 7 for day in rule.weekdays))


def month_days(rule: Rule, first: int, low: int, high: int) -> Iterator[int]:
    """The days of a monthly or yearly rule from `low` to `high`, in order, blind to UNTIL and COUNT."""
    for month in _months(rule, first, low, high):
        for day in _days_of_month(rule, month):
            if low <= day <= high:
                yield day


def _months(rule: Rule, first: int, low: int, high: int) -> Iterator[int]:
    """The months (12 a year, counted from year 0) in which the rule may have dates from `low` to `high`."""
    origin, earliest, latest = (_month_of(day) for day in (first, low, high))
    if rule.frequency == "MONTHLY":
        step = rule.interval
        for month in range(earliest + (origin - earliest) % step, latest + 1, step):
            if not rule.months or month % 12 + 1 in rule.months:
                yield month
        return
    wanted = sorted(rule.months) or range(1, 13)
    year, last_year = earliest // 12, latest // 12
    for one in range(year + (origin // 12 - year) % rule.interval, last_year + 1, rule.interval):
        for number in wanted:
            if earliest <= one * 12 + number - 1 <= latest:
                yield one * 12 + number - 1


@lru_cache(maxsize=65536)
def _days_of_month(rule: Rule, month: int) -> tuple[int, ...]:
    """The ordinals of the days of this month that the rule's pattern names, in order."""
    year, number = divmod(month, 12)
    first_weekday, length = monthrange(year, number + 1)
    days = set(range(1, length + 1))
    if rule.month_days:
        days &= {day if day > 0 else length + 1 + day for day in rule.month_days}
    if rule.nth_weekdays:
        days &= {day for n, weekday in rule.nth_weekdays for day in _nth(n, (weekday - first_weekday) % 7 + 1, length)}
    found = sorted(days)
    if rule.positions:
        picked = {p - 1 if p > 0 else len(found) + p for p in rule.positions}
        found = [day for index, day in enumerate(found) if index in picked]
    start = date(year, number + 1, 1).toordinal() - 1
    return tuple(start + day for day in found)


def _nth(n: int, earliest: int, length: int) -> Sequence[int]:
    """The days of a month on which its nth weekday falls, given the first such day and the month's length."""
    every = range(earliest, length + 1, 7)
    if n == 0:
        return every
    return every[n - 1 : n] if n > 0 else every[n : n + 1 or None]


@lru_cache(maxsize=65536)
def last_ordinal(rule: Rule | None, first: int) -> int | None:
    """The last local date on which the rule may have an occurrence, or None when it goes on for ever."""
    if rule is None:
        return first
    if rule.count is None:
        return None if rule.until is None else rule.until.toordinal()
    if rule.frequency in ("DAILY", "WEEKLY"):
        origin, length, offsets = day_cycle(rule, first)
        if not offsets:
            return first - 1
        cycles, index = divmod(bisect_left(offsets, first - origin) + rule.count - 1, len(offsets))
        return min(origin + cycles * length + offsets[index], LAST_ORDINAL)
    if _one_a_month(rule):
        month = _month_of(first) + (_days_of_month(rule, _month_of(first))[0] < first) * rule.interval
        month += (rule.count - 1) * rule.interval
        return LAST_ORDINAL if month // 12 >= date.max.year else _days_of_month(rule, month)[0]
    return next(islice(month_days(rule, first, first, LAST_ORDINAL), rule.count - 1, None), LAST_ORDINAL)


def _one_a_month(rule: Rule) -> bool:
    """Whether every month that the rule visits has exactly one of its dates, so that COUNT is a product."""
    if rule.frequency != "MONTHLY" or rule.months or rule.positions:
        return False
    if rule.nth_weekdays:
        return not rule.month_days and len(rule.nth_weekdays) == 1 and 1 <= abs(rule.nth_weekdays[0][0]) <= 4
    return len(rule.month_days) == 1 and abs(rule.month_days[0]) <= 28


def how_many(rule: Rule, first: int, last: int) -> int:
    """How many dates the rule has up to and with the day `last`, blind to UNTIL and COUNT."""
    if last < first:
        return 0
    if rule.frequency in ("DAILY", "WEEKLY"):
        origin, length, offsets = day_cycle(rule, first)
        cycles, rest = divmod(last - origin, length)
        return cycles * len(offsets) + bisect_right(offsets, rest) - bisect_left(offsets, first - origin)
    return sum(1 for _ in month_days(rule, first, first, last))


def _weekday(ordinal: int) -> int:
    return (ordinal + 6) % 7


def _month_of(ordinal: int) -> int:
    day = date.fromordinal(ordinal)
    return day.year * 12 + day.month - 1
