"""The period a list is asked for: ``from`` and ``to`` as instants or local dates."""

from datetime import date
from zoneinfo import ZoneInfo

from booking.api.records import Member
from booking.api.shapes import InstantOrDay
from booking.refusals import Fault, Invalid
from booking.timeline.interval import Minute, Span, local_day

LONGEST_DAYS = 400
USUAL_DAYS = 28
A_DAY = 1440

PARAMETERS = {
    "from": Member(InstantOrDay(about="An instant, or a local date (its start). Now when absent.")),
    "to": Member(
        InstantOrDay(about=f"An instant, or a local date (its end). {USUAL_DAYS} days after `from` when absent.")
    ),
}


def period(since: Minute | date | None, until: Minute | date | None, zone: str, now_minute: Minute) -> Span:
    """The period as UTC minutes. Raises ``Invalid`` when it ends before it begins or is too long."""
    place = ZoneInfo(zone)
    start = now_minute if since is None else local_day(since, place)[0] if isinstance(since, date) else since
    if until is None:
        end = start + USUAL_DAYS * A_DAY
    else:
        end = local_day(until, place)[1] if isinstance(until, date) else until
    if end <= start:
        raise Invalid([Fault("/to", "order", "it must be after `from`")])
    if end - start > LONGEST_DAYS * A_DAY + 60:
        raise Invalid([Fault("/to", "range", f"at most {LONGEST_DAYS} days after `from`")])
    return start, end
