"""Windows: when rooms and vehicles may be had, read from their columns, their openings and their territory.

A room or a vehicle without openings is always open. Its openings are read as an adviser's are, whatever they admit;
``closed_on`` closes whole days besides. Read in two statements, whatever the number of calendars.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking.actions.holidays import school_holidays
from booking.actions.openings import Rules, changes_of, laid_out
from booking.database import rows
from booking.timeline import windows as timeline
from booking.timeline.holidays import closed_days
from booking.timeline.interval import Minute, Span
from booking.timeline.windows import Limits, Refused

PUBLIC, SCHOOL = "public_holidays", "school_holidays"
CLOSED_ON = (PUBLIC, SCHOOL)
_A_DAY = 1440


@dataclass(frozen=True)
class HalfDay:
    """A named part of the day (``Matin``, 08:30 to 12:30, local hours); one that ends before it starts goes over
    midnight."""

    name: str
    start: str
    end: str


@dataclass(frozen=True)
class Window:
    """The rules of one room or vehicle. Notices and lengths in minutes, the horizon in days.

    ``zone``, ``public_holidays`` and ``school_zone`` are those of its venue's territory. ``openings`` is ``None``
    for a calendar that is always open.
    """

    pk: int
    id: str
    kind: str
    zone: ZoneInfo
    public_holidays: str | None
    school_zone: str | None
    closed_on: tuple[str, ...]
    openings: Rules | None
    notice_minutes: int
    change_notice_minutes: int
    cancel_notice_minutes: int
    horizon_days: int | None
    shortest_minutes: int | None
    longest_minutes: int | None
    half_days: tuple[HalfDay, ...]
    capacity: int | None
    least_people: int | None

    def hours(self, span: Span) -> list[Span] | None:
        """The open hours around a span (UTC minutes), holidays taken off where they close; ``None``: always open."""
        if self.openings is None:
            return None
        usual: list[Span] = []
        always: list[Span] = []
        for each in laid_out(self.openings, span):
            (always if each.open_on_holidays else usual).extend(each.spans)
        return timeline.open_hours(usual, always, self._public(span))

    def closed(self, span: Span) -> list[Refused]:
        """The minutes of a span at which it is closed, and why: outside its hours, on a closed day."""
        return [*timeline.outside_hours(span, self.hours(span)), *self._on_closed_days(span)]

    def refused(self, wanted: Span, now: Minute) -> list[Refused]:
        """Every rule that a reservation from when to when breaks, as seen from now."""
        return [
            *timeline.limits_broken(wanted, self._limits(now)),
            *timeline.hours_broken(wanted, self.hours(wanted), self.zone),
            *self._on_closed_days(wanted),
        ]

    def school_unknown(self, span: Span) -> bool:
        """Whether this is closed on school holidays, and nobody knows yet if that time is one."""
        return SCHOOL in self.closed_on and timeline.school_unknown(school_holidays(self.school_zone), self.zone, span)

    def _on_closed_days(self, span: Span) -> list[Refused]:
        return [
            *timeline.days_broken(span, self._public(span) if PUBLIC in self.closed_on else (), "public_holiday"),
            *timeline.days_broken(span, self._school(span), "school_holiday"),
        ]

    def _limits(self, now: Minute) -> Limits:
        horizon = None if self.horizon_days is None else now + self.horizon_days * _A_DAY
        return Limits(
            now + self.notice_minutes if self.notice_minutes else None,
            horizon,
            self.shortest_minutes,
            self.longest_minutes,
        )

    def _public(self, span: Span) -> Sequence[Span]:
        return _public_days(self.public_holidays, self.zone, span) if self.public_holidays else ()

    def _school(self, span: Span) -> Sequence[Span]:
        if SCHOOL not in self.closed_on:
            return ()
        return timeline.school_days(school_holidays(self.school_zone), self.zone, span)


@lru_cache(maxsize=1024)
def _public_days(code: str, zone: ZoneInfo, span: Span) -> tuple[Span, ...]:
    return tuple(closed_days(code, zone, (span[0] - _A_DAY, span[1] + _A_DAY)))


HAS_HOURS = """
(c.kind <> 'adviser' AND (
    CAST(c.closed_on AS TEXT) NOT IN ('[]', 'null') OR EXISTS (SELECT 1 FROM opening h WHERE h.calendar_pk = c.pk)))
"""
"""Whether calendar ``c`` is a room or a vehicle that is not always open, as a condition."""

_WINDOWS = """
SELECT c.pk, c.id, c.kind, t.timezone, t.public_holidays, t.school_zone, c.closed_on, c.notice_minutes,
       c.change_notice_minutes, c.cancel_notice_minutes, c.horizon_days, c.shortest_minutes, c.longest_minutes,
       c.half_days, c.capacity, c.least_people,
       o.pk, o.venue_pk, o.starts_wall, o.minutes, o.rrule, o.exdates, o.holidays
FROM calendar c
JOIN venue v ON v.pk = c.venue_pk
JOIN organisation s ON s.pk = v.organisation_pk
JOIN territory t ON t.pk = s.territory_pk
LEFT JOIN opening o ON o.calendar_pk = c.pk
WHERE c.pk IN_ARRAY(:calendars) AND c.kind <> 'adviser'
ORDER BY c.pk, o.pk
"""
_COLUMNS = 16


def windows_of(session: Session, calendar_pks: Iterable[int]) -> dict[int, Window]:
    """The windows of those of these calendars that are rooms or vehicles, by key; one statement more with openings."""
    calendars = sorted(set(calendar_pks))
    if not calendars:
        return {}
    columns: dict[int, tuple[Any, ...]] = {}
    openings: dict[int, list[tuple[Any, ...]]] = {}
    for row in rows(session, _WINDOWS, {"calendars": calendars}):
        columns[row[0]] = row[:_COLUMNS]
        if row[_COLUMNS] is not None:
            pk, *rest = row[_COLUMNS:]
            openings.setdefault(row[0], []).append((pk, row[0], *rest, row[3]))
    changes = changes_of(session, sorted(openings)) if openings else {}
    return {pk: _window(row, Rules(openings[pk], changes) if pk in openings else None) for pk, row in columns.items()}


def _window(row: tuple[Any, ...], openings: Rules | None) -> Window:
    pk, id, kind, zone, public_holidays, school_zone, closed_on = row[:7]
    half_days, capacity, least = row[13:]
    notice, change_notice, cancel_notice, horizon, shortest, longest = row[7:13]
    return Window(
        pk,
        id,
        kind,
        ZoneInfo(zone),
        public_holidays,
        school_zone,
        tuple(listed(closed_on)),
        openings,
        notice,
        change_notice,
        cancel_notice,
        horizon,
        shortest,
        longest,
        tuple(HalfDay(each["name"], each["start"], each["end"]) for each in listed(half_days)),
        capacity,
        least,
    )


def listed(value: Any) -> list[Any]:
    """A JSON column as its engine gives it."""
    return json.loads(value) if isinstance(value, str) else list(value or ())
