"""Public holidays by territory, and school holidays as data with an end.

Public holidays are computed by the `holidays` library (code du travail, art. L3133-1 and L3422-1 to -2;
ordinance of 16 August 1892 for Alsace-Moselle), so they hold for any year. School holidays are decrees:
they are known up to a date, and beyond it nobody knows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

import holidays as library

from booking.timeline.interval import Span, clip, local_day, local_days, merge

SchoolState = Literal["in_holidays", "term", "unknown"]

_SUBDIVISIONS: dict[str, str | None] = {
    "metropole": None,
    "alsace-moselle": "57",
    "guadeloupe": "971",
    "martinique": "972",
    "guyane": "973",
    "la-reunion": "974",
    "mayotte": "976",
    "saint-pierre-et-miquelon": "PM",
    "saint-barthelemy": "BL",
    "saint-martin": "MF",
    "terres-australes": "TF",
    "wallis-et-futuna": "WF",
    "polynesie-francaise": "PF",
    "nouvelle-caledonie": "NC",
}
_ALIASES = {
    "fr": "metropole",
    "france": "metropole",
    "metropolitaine": "metropole",
    "alsace": "alsace-moselle",
    "moselle": "alsace-moselle",
    "reunion": "la-reunion",
    "miquelon": "saint-pierre-et-miquelon",
    "polynesie": "polynesie-francaise",
    "taaf": "terres-australes",
    "971": "guadeloupe",
    "972": "martinique",
    "973": "guyane",
    "974": "la-reunion",
    "975": "saint-pierre-et-miquelon",
    "976": "mayotte",
    "977": "saint-barthelemy",
    "978": "saint-martin",
    "984": "terres-australes",
    "986": "wallis-et-futuna",
    "987": "polynesie-francaise",
    "988": "nouvelle-caledonie",
    "gp": "guadeloupe",
    "mq": "martinique",
    "gf": "guyane",
    "re": "la-reunion",
    "pm": "saint-pierre-et-miquelon",
    "yt": "mayotte",
    "bl": "saint-barthelemy",
    "mf": "saint-martin",
    "tf": "terres-australes",
    "wf": "wallis-et-futuna",
    "pf": "polynesie-francaise",
    "nc": "nouvelle-caledonie",
}
PUBLIC_HOLIDAY_CODES = tuple(_SUBDIVISIONS)


def is_known_code(code: str) -> bool:
    """Whether `public_holidays` knows this territory: a name, a department number or an ISO 3166 code."""
    return _canonical(code) in _SUBDIVISIONS


@lru_cache(maxsize=512)
def public_holidays(code: str, year: int) -> Mapping[date, str]:
    """The public holidays of one year with their French names, in order. An unknown code is a ValueError."""
    name = _canonical(code)
    if name not in _SUBDIVISIONS:
        raise ValueError(f"unknown public holidays: {code!r}")
    days = library.country_holidays("FR", subdiv=_SUBDIVISIONS[name], years=year, language="fr")
    return MappingProxyType(dict(sorted(days.items())))


def public_holiday(code: str, day: date) -> str | None:
    """The French name of the public holiday on this local date, if it is one."""
    return public_holidays(code, day.year).get(day)


def closed_days(code: str, zone: ZoneInfo, window: Span) -> list[Span]:
    """The minutes of `window` that fall on a public holiday, whole local days where they fit, merged."""
    days = [local_day(day, zone) for day in local_days(window, zone) if public_holiday(code, day)]
    return clip(merge(days), window)


def _canonical(code: str) -> str:
    folded = code.strip().lower().replace("_", "-").removeprefix("fr-")
    return _ALIASES.get(folded, folded)


@dataclass(frozen=True, slots=True)
class SchoolHoliday:
    """One holiday of a school zone, from its first day off to the day before `back` (the day of return)."""

    name: str
    first_day: date
    back: date


@dataclass(frozen=True, slots=True)
class SchoolHolidays:
    """What is known of one school zone (`A`, `B`, `C`, `Corse` …) up to and with the date `known_until`.

    `known_since` is the first date the data speaks of, None when it has no such bound.
    """

    zone: str
    periods: Sequence[SchoolHoliday]
    known_until: date
    known_since: date | None = None


def school_state(known: SchoolHolidays | None, day: date) -> SchoolState:
    """Whether pupils are off on this date; outside what is known, or with no data at all, it is unknown."""
    if known is None or day > known.known_until or (known.known_since and day < known.known_since):
        return "unknown"
    return "in_holidays" if school_holiday(known, day) else "term"


def school_holiday(known: SchoolHolidays, day: date) -> SchoolHoliday | None:
    """The school holiday that this date belongs to, if the data names one."""
    return next((one for one in known.periods if one.first_day <= day < one.back), None)


def days_known(known: SchoolHolidays, today: date) -> int:
    """How many days from `today` on are still known; zero or less when the data has run out."""
    return (known.known_until - today).days


def last_known_day(periods: Sequence[SchoolHoliday]) -> date | None:
    """The last date that a list of holidays says anything about: the eve of its last return."""
    return max((one.back for one in periods), default=date.min) - timedelta(days=1) if periods else None
