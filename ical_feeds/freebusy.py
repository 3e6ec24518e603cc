"""Busy time without any event: a VFREEBUSY, for programs that only ask when somebody is taken.

It stands besides the feed of events, not in its place: the large web calendars do not show it.
Sources: RFC 5545 §3.6.4 and §3.8.2.6.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ical_feeds.content_lines import text_line, utc
from ical_feeds.writer import calendar_header

STRENGTHS = ("busy", "busy-tentative", "busy-unavailable")
"""How firmly time is taken; written in capitals as FBTYPE."""


@dataclass(frozen=True, slots=True)
class BusyPeriod:
    """Taken time, from ``start`` up to but not including ``end`` (aware instants), of one of `STRENGTHS`."""

    start: datetime
    end: datetime
    strength: str = "busy"

    def __post_init__(self) -> None:
        if self.strength not in STRENGTHS:
            raise ValueError(f"unknown strength: {self.strength!r}")
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("busy periods are aware instants")


def merged(periods: Iterable[BusyPeriod], start: datetime, end: datetime) -> list[BusyPeriod]:
    """The periods cut to the window; those of equal strength that overlap or touch are one; earliest first.

    Periods of different strength may overlap: each strength says by itself when time is taken that firmly.
    """
    joined: list[BusyPeriod] = []
    last: dict[str, int] = {}
    for period in sorted(periods, key=lambda period: period.start):
        begin, finish = max(period.start, start), min(period.end, end)
        if begin >= finish:
            continue
        index = last.get(period.strength)
        if index is not None and begin <= joined[index].end:
            finish = max(finish, joined[index].end)
            joined[index] = BusyPeriod(joined[index].start, finish, period.strength)
        else:
            last[period.strength] = len(joined)
            joined.append(BusyPeriod(begin, finish, period.strength))
    return sorted(joined, key=lambda period: (period.start, period.end, period.strength))


def write_freebusy(
    periods: Iterable[BusyPeriod],
    *,
    uid: str,
    stamp: datetime,
    start: datetime,
    end: datetime,
    name: str,
    refresh_minutes: int = 60,
    source: str | None = None,
    prodid: str | None = None,
    lang: str = "fr",
) -> str:
    """A whole calendar with one VFREEBUSY over the window ``[start, end)``, all in UTC.

    ``uid`` is the calendar's, for life; ``stamp`` the instant of the last revision of what it says (not of
    the request), so that the same periods give the same text; ``name`` is shown as the calendar's name.
    Raises ValueError for naive instants or an empty window.
    """
    if end <= start:
        raise ValueError(f"the window of a free-busy answer ends after it starts: {start} to {end}")
    header = calendar_header(
        name=name,
        timezone=None,
        refresh_minutes=refresh_minutes,
        source=source,
        color=None,
        prodid=prodid,
        lang=lang,
    )
    lines = [
        "BEGIN:VFREEBUSY",
        text_line("UID", uid),
        f"DTSTAMP:{utc(stamp)}",
        f"DTSTART:{utc(start)}",
        f"DTEND:{utc(end)}",
        *(
            f"FREEBUSY;FBTYPE={period.strength.upper()}:{utc(period.start)}/{utc(period.end)}"
            for period in merged(periods, start, end)
        ),
        "END:VFREEBUSY",
        "END:VCALENDAR",
        "",
    ]
    return header + "\r\n".join(lines)
