"""From local starts and ends, as people and programs write them, to spans of UTC minutes."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from booking.actions.openings_editing import is_local
from booking.refusals import Fault, Invalid
from booking.timeline.interval import Span, to_minute

LONGEST_DAYS = 366
LAST_YEAR = 2199
A_DAY = 1440
FARTHEST = (date(LAST_YEAR + 1, 1, 1) - date(1970, 1, 1)).days * A_DAY + A_DAY
"""The last of our minutes: a day into the year after the last, so that it has come to its end in every zone."""

_DAY = len("2027-01-19")


def as_time(text: str) -> str:
    """A day is meant from its first minute."""
    return text + "T00:00" if len(text) == _DAY else text


def span_of(start: str, end: str, zone: ZoneInfo, longest_days: int = LONGEST_DAYS) -> Span:
    """From when to when (UTC minutes): local times, or days, of which the last is taken to its end.

    Raises ``Invalid`` at ``/start`` or ``/end``.
    """
    faults = [
        Fault(pointer, "instant", "a local time such as 2027-01-19T09:00, or a day such as 2027-01-19")
        for pointer, text in (("/start", start), ("/end", end))
        if not is_local(as_time(text))
    ]
    if faults:
        raise Invalid(faults)
    first, last = datetime.fromisoformat(as_time(start)), datetime.fromisoformat(as_time(end))
    if len(end) == _DAY:
        last += timedelta(days=1)
    starts, ends = to_minute(first, zone), to_minute(last, zone)
    if ends <= starts:
        raise Invalid([Fault("/end", "order", "comes before the start")])
    if ends - starts > longest_days * A_DAY:
        raise Invalid([Fault("/end", "range", f"at most {longest_days} days after the start")])
    if ends > FARTHEST:
        raise Invalid([Fault("/end", "too_far", f"not after the year {LAST_YEAR}")])
    return starts, ends
