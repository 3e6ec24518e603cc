"""Openings: what time advisers offer, read for a window; making and changing them is in ``openings_editing``."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking.database import rows
from booking.timeline.interval import Span
from booking.timeline.recurrence import Override, Series, make_series, spans, with_overrides

A_DAY = 1440


class Offered(NamedTuple):
    """Spans (UTC minutes) that one opening offers at one venue."""

    calendar_pk: int
    venue_pk: int
    open_on_holidays: bool
    spans: list[Span]


@dataclass(frozen=True)
class VenueClock:
    """What a venue's territory decides: its zone and which public holidays close it."""

    zone: str
    public_holidays: str | None


_OPENINGS = """
SELECT o.pk, o.calendar_pk, o.venue_pk, o.starts_wall, o.minutes, o.rrule, o.exdates, o.holidays, t.timezone
FROM opening o
JOIN venue v ON v.pk = o.venue_pk
JOIN organisation s ON s.pk = v.organisation_pk
JOIN territory t ON t.pk = s.territory_pk
WHERE o.calendar_pk IN_ARRAY(:calendars)
  AND o.admission <> 'drop_in'
  AND (NOT o.limited OR EXISTS (
        SELECT 1 FROM opening_purpose p WHERE p.opening_pk = o.pk AND p.purpose_pk = :purpose))
  AND (o.rrule IS NOT NULL OR EXISTS (SELECT 1 FROM opening_change x WHERE x.opening_pk = o.pk)
       OR (o.starts_wall >= :first_day AND o.starts_wall < :last_day))
ORDER BY o.calendar_pk, o.pk
"""

_SHOWN = """
SELECT o.pk, o.calendar_pk, o.venue_pk, o.starts_wall, o.minutes, o.rrule, o.exdates, o.holidays, t.timezone,
       o.id, o.admission
FROM opening o
JOIN venue v ON v.pk = o.venue_pk
JOIN organisation s ON s.pk = v.organisation_pk
JOIN territory t ON t.pk = s.territory_pk
WHERE o.calendar_pk IN_ARRAY(:calendars)
ORDER BY o.calendar_pk, o.pk
"""

_CHANGES = """
SELECT x.opening_pk, x.original, x.starts_wall, x.minutes, x.venue_pk
FROM opening_change x JOIN opening o ON o.pk = x.opening_pk
WHERE o.calendar_pk IN_ARRAY(:calendars)
"""


@lru_cache(maxsize=50_000)
def series_of(starts_wall: str, minutes: int, rrule: str | None, exdates: str, timezone: str) -> Series:
    """The rule of an opening as a value; made once for each text. ``exdates`` is its JSON text."""
    return make_series(
        datetime.fromisoformat(starts_wall), minutes, rrule, json.loads(exdates or "[]"), ZoneInfo(timezone)
    )


@dataclass(frozen=True)
class Rules:
    """Openings as they are stored, read once and laid out over any part of the window they were read for."""

    openings: Sequence[tuple[Any, ...]]
    changes: dict[int, list[tuple[Any, ...]]]


def offered(session: Session, calendar_pks: Iterable[int], window: Span, purpose_pk: int | None) -> list[Offered]:
    """What these advisers offer by appointment around a window, in two statements whatever their number.

    With a purpose, the openings that admit it; without one, those not limited to purposes. The spans reach a
    day beyond the window on both sides; those of one calendar stand together.
    """
    return laid_out(read_rules(session, calendar_pks, window, purpose_pk), window)


class Shown(NamedTuple):
    """Spans (UTC minutes) of one opening as people see it: with its admission, drop-in too."""

    id: str
    calendar_pk: int
    venue_pk: int
    admission: str
    open_on_holidays: bool
    spans: list[Span]


def shown(session: Session, calendar_pks: Iterable[int], window: Span) -> list[Shown]:
    """Every opening of these advisers around a window, in two statements; public holidays are not taken off."""
    calendars = sorted(set(calendar_pks))
    changes = changes_of(session, calendars)
    answer = []
    for row in rows(session, _SHOWN, {"calendars": calendars}):
        for each in laid_out(Rules([row[:9]], changes), window):
            if each.spans:
                answer.append(
                    Shown(row[9], each.calendar_pk, each.venue_pk, row[10], each.open_on_holidays, each.spans)
                )
    return answer


def read_rules(session: Session, calendar_pks: Iterable[int], window: Span, purpose_pk: int | None) -> Rules:
    """The openings of ``offered``, not yet laid out."""
    calendars = sorted(set(calendar_pks))
    changes = changes_of(session, calendars)
    found = rows(
        session,
        _OPENINGS,
        {
            "calendars": calendars,
            "purpose": purpose_pk if purpose_pk is not None else -1,
            # Wall texts are compared as text, with days to spare for zones and long openings.
            "first_day": _day_text(window[0] - 4 * A_DAY),
            "last_day": _day_text(window[1] + 3 * A_DAY),
        },
    )
    return Rules(found, changes)


def laid_out(rules: Rules, window: Span) -> list[Offered]:
    """The spans that the rules give around the window, a day beyond it on both sides.

    Colleagues often keep the same hours: each rule is laid out once, and its spans are shared.
    """
    wide = (window[0] - A_DAY, window[1] + A_DAY)
    same: dict[tuple[Any, ...], list[Span]] = {}
    answer = []
    for pk, calendar_pk, venue_pk, starts_wall, minutes, rrule, exdates, holidays, timezone in rules.openings:
        text = exdates if isinstance(exdates, str) else json.dumps(exdates)
        rule = (starts_wall, minutes, rrule, text, timezone)
        open_on_holidays = holidays == "open"
        if pk in rules.changes:
            for venue, some in _with_changes(series_of(*rule), venue_pk, rules.changes[pk], wide).items():
                answer.append(Offered(calendar_pk, venue, open_on_holidays, some))
            continue
        if rule not in same:
            same[rule] = spans(series_of(*rule), wide)
        answer.append(Offered(calendar_pk, venue_pk, open_on_holidays, same[rule]))
    return answer


def changes_of(session: Session, calendars: list[int]) -> dict[int, list[tuple[Any, ...]]]:
    """The changed dates of the openings of these calendars, by the openings' keys."""
    changes: dict[int, list[tuple[Any, ...]]] = {}
    for pk, *change in rows(session, _CHANGES, {"calendars": calendars}):
        changes.setdefault(pk, []).append(tuple(change))
    return changes


def _with_changes(series: Series, venue_pk: int, changes: list[tuple[Any, ...]], window: Span) -> dict[int, list[Span]]:
    """The spans by venue once single dates are cancelled, moved, or held elsewhere."""
    overrides: dict[datetime, Override] = {}
    elsewhere: dict[datetime, int] = {}
    for original, starts_wall, minutes, venue in changes:
        wall = datetime.fromisoformat(original)
        overrides[wall] = (
            None if starts_wall is None else (datetime.fromisoformat(starts_wall), minutes or series.minutes)
        )
        if venue is not None:
            elsewhere[wall] = venue
    by_venue: dict[int, list[Span]] = {}
    for occurrence in with_overrides(series, overrides, window):
        by_venue.setdefault(elsewhere.get(occurrence.original, venue_pk), []).append(occurrence.span)
    return by_venue


def _day_text(minute: int) -> str:
    days = minute // A_DAY
    return datetime.fromordinal(max(1, 719163 + days)).strftime("%Y-%m-%dT%H:%M")


_CLOCKS = """
SELECT v.pk, t.timezone, t.public_holidays
FROM venue v JOIN organisation s ON s.pk = v.organisation_pk JOIN territory t ON t.pk = s.territory_pk
WHERE v.pk IN_ARRAY(:venues)
"""


def venue_clocks(session: Session, venue_pks: Iterable[int]) -> dict[int, VenueClock]:
    """Zone and holidays of each venue."""
    found = rows(session, _CLOCKS, {"venues": sorted(set(venue_pks))})
    return {pk: VenueClock(zone, holidays) for pk, zone, holidays in found}
