"""When a room or a vehicle may be had: open hours, closed days, notice, horizon and how long."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from booking.timeline.holidays import SchoolHolidays, school_state
from booking.timeline.interval import (
    MINUTES_A_DAY,
    Minute,
    Span,
    clip,
    covers,
    intersect,
    local_date,
    local_day,
    local_days,
    merge,
    overlap,
    subtract,
)

Code = Literal["closed", "public_holiday", "school_holiday", "notice", "horizon", "too_short", "too_long"]


class Refused(NamedTuple):
    """One rule that a wanted time breaks, and from when to when."""

    code: Code
    start: Minute
    end: Minute


class Limits(NamedTuple):
    """How soon, how far ahead and how long; `earliest` and `latest_end` are instants, `None` sets no bound."""

    earliest: Minute | None = None
    latest_end: Minute | None = None
    shortest: int | None = None
    longest: int | None = None


def limits_broken(wanted: Span, limits: Limits) -> list[Refused]:
    """Whether the time comes too soon, ends too far ahead, is too short or too long."""
    start, end = wanted
    found: list[Refused] = []
    if limits.earliest is not None and start < limits.earliest:
        found.append(Refused("notice", start, limits.earliest))
    if limits.latest_end is not None and end > limits.latest_end:
        found.append(Refused("horizon", limits.latest_end, end))
    if limits.shortest is not None and end - start < limits.shortest:
        found.append(Refused("too_short", start, end))
    if limits.longest is not None and end - start > limits.longest:
        found.append(Refused("too_long", start, end))
    return found


def open_hours(usual: Iterable[Span], always: Iterable[Span], holidays: Iterable[Span]) -> list[Span]:
    """The open minutes, merged: of the usual openings those not on public holidays, of the others all."""
    return merge([*subtract(usual, holidays), *always])


def outside_hours(wanted: Span, hours: Sequence[Span] | None) -> list[Refused]:
    """The closed minutes of a wanted time, every one of them; `hours` are merged, `None` is always open."""
    return [] if hours is None else [Refused("closed", *span) for span in subtract([wanted], hours)]


def hours_broken(wanted: Span, hours: Sequence[Span] | None, zone: ZoneInfo) -> list[Refused]:
    """The closed minutes of a wanted time. `hours` are merged; `None` is always open.

    What goes over midnight is fetched and brought back in open hours, and kept in between: of it only the first
    and the last minute must be open.
    """
    start, end = wanted
    if hours is None or covers(hours, wanted):
        return []
    if local_date(start, zone) == local_date(end - 1, zone):
        return outside_hours(wanted, hours)
    ends = [(start, start + 1), (end - 1, end)]
    return [Refused("closed", *span) for span in ends if not covers(hours, span)]


def days_broken(wanted: Span, closed_days: Iterable[Span], code: Code) -> list[Refused]:
    """The closed days that a wanted time touches."""
    return [Refused(code, *span) for span in intersect([wanted], closed_days)]


def school_days(known: SchoolHolidays | None, zone: ZoneInfo, window: Span) -> list[Span]:
    """The minutes of `window` on which pupils are off, as far as that is known; merged."""
    if known is None:
        return []
    days = [(local_day(one.first_day, zone)[0], local_day(one.back, zone)[0]) for one in known.periods]
    return clip([span for span in merge(days) if overlap(span, window)], window)


def school_unknown(known: SchoolHolidays | None, zone: ZoneInfo, window: Span) -> bool:
    """Whether some day of `window` lies outside of what is known about school holidays."""
    if window[1] - window[0] > 2 * MINUTES_A_DAY:
        days = [local_date(window[0], zone), local_date(window[1] - 1, zone)]
    else:
        days = list(local_days(window, zone))
    return any(school_state(known, day) == "unknown" for day in days)
