"""School holidays: the data of the package as values. Public holidays are computed, in ``timeline.holidays``."""

import csv
from collections.abc import Mapping
from datetime import date
from functools import cache
from io import StringIO

from booking.data import read_text
from booking.timeline.holidays import SchoolHoliday, SchoolHolidays, last_known_day


def school_holidays(zone: str | None) -> SchoolHolidays | None:
    """What is known of a school zone (``A``, ``B``, ``C``, ``Corse`` …); ``None`` for a zone nobody knows."""
    return None if zone is None else _all_zones().get(zone.strip().casefold())


def is_known_zone(zone: str) -> bool:
    return school_holidays(zone) is not None


def school_zone_of(insee: str) -> str | None:
    """The school zone of a commune, from its INSEE code: overseas departments have three characters."""
    department = insee[:3] if insee[:2] in ("97", "98") else insee[:2]
    return _zones_by_department().get(department)


@cache
def _all_zones() -> Mapping[str, SchoolHolidays]:
    periods: dict[str, list[SchoolHoliday]] = {}
    for row in csv.DictReader(StringIO(read_text("school_holidays.csv"))):
        back = date.fromisoformat(row["reprise"])
        periods.setdefault(row["zone"], []).append(
            SchoolHoliday(row["libelle"], date.fromisoformat(row["debut"]), back)
        )
    known = {}
    for zone, several in periods.items():
        several.sort(key=lambda one: one.first_day)
        until = last_known_day(several)
        if until is not None:
            known[zone.casefold()] = SchoolHolidays(zone, tuple(several), until, several[0].first_day)
    return known


@cache
def _zones_by_department() -> Mapping[str, str]:
    rows = csv.DictReader(StringIO(read_text("school_zones.csv")))
    return {row["departement"]: row["zone"] for row in rows}
