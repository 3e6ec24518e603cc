"""Instants as the API speaks them: RFC 3339 with an offset outside, whole UTC minutes inside."""

import re
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from booking.timeline.interval import Minute

FIRST_YEAR, LAST_YEAR = 1970, 2199
"""What planning is about; everything in it fits the database's integers and Python's dates."""

_INSTANT = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_A_LOST_PLUS = re.compile(r"(.*[Tt]\d\d:\d\d(?::\d\d(?:\.\d+)?)?) (\d\d:\d\d)", re.ASCII)


class NoInstant(ValueError):
    """The text is no instant; the message says what it lacks."""


def parsed(text: str) -> Minute:
    """The UTC minute of ``2027-01-19T10:00:00+01:00``. Raises ``NoInstant``."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        raise NoInstant("an RFC 3339 instant with its offset, such as 2027-01-19T10:00:00+01:00")
    try:
        instant = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise NoInstant("there is no such date, hour or offset") from error
    if instant.second or instant.microsecond:
        raise NoInstant("a whole minute: seconds must be 00")
    _check_year(instant.year)
    return int(instant.timestamp()) // 60


def parsed_date(text: str) -> date:
    """``2027-01-19`` as a date. Raises ``NoInstant``."""
    if not _DATE.fullmatch(text):
        raise NoInstant("a date, such as 2027-01-19")
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise NoInstant("there is no such date") from error
    _check_year(day.year)
    return day


def _check_year(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise NoInstant(f"a year from {FIRST_YEAR} to {LAST_YEAR}")


def with_its_plus(text: str) -> str:
    """Repairs the plus sign of an offset that came as a space, for want of being encoded in the address."""
    found = _A_LOST_PLUS.fullmatch(text)
    return f"{found.group(1)}+{found.group(2)}" if found else text


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=20_000)
def spoken(minute: Minute, zone: str) -> str:
    """A UTC minute with the offset that the zone has then."""
    return datetime.fromtimestamp(minute * 60, _zone(zone)).isoformat()


def spoken_if(minute: Minute | None, zone: str) -> str | None:
    """The same, or nothing."""
    return None if minute is None else spoken(minute, zone)


def spoken_stamp(instant: datetime, zone: str) -> str:
    """An aware stamp (to the second) with the offset that the zone has then."""
    return instant.astimezone(_zone(zone)).isoformat(timespec="seconds")
