"""The members of a row, read one by one: each of the expected type and range, or a fault at its pointer.

A member that is absent and one that is ``null`` are the same. Whatever was wrong, reading goes on, with a value
that does no harm, so that one run finds every fault of a file.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from booking.actions.territory_file.findings import Findings, escaped
from booking.timeline.interval import MINUTES_A_DAY, Minute, minute_of_day

Known = TypeVar("Known")

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
LONGEST_MINUTES = 10 * 366 * MINUTES_A_DAY
"""No length and no buffer is longer than ten years, so that no sum of them leaves the calendar."""

MANY = 1_000_000_000
YEARS = (1900, 2999)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LOCAL = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d):(\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?Z", re.ASCII)


class Row:
    """One row of a list, or an object inside one, and where it stands."""

    __slots__ = ("_findings", "_index", "_prefix", "data", "sound")

    def __init__(self, data: Any, prefix: str, index: int | None, findings: Findings) -> None:
        self._prefix = prefix
        self._index = index
        self._findings = findings
        self.sound = True
        if type(data) is not dict:
            self.data: dict[str, Any] = {}
            self.fault(None, "object")
        else:
            self.data = data

    @property
    def pointer(self) -> str:
        return self._prefix if self._index is None else f"{self._prefix}/{self._index}"

    def fault(self, name: str | None, code: str, **values: Any) -> None:
        """Notes a fault of this row, or of one of its members (a name, or a path below it)."""
        self.sound = False
        self._findings.fault(self.pointer if name is None else f"{self.pointer}/{name}", code, **values)

    def warn(self, name: str | None, code: str) -> None:
        self._findings.warn(self.pointer if name is None else f"{self.pointer}/{name}", code)

    def only(self, members: frozenset[str]) -> None:
        """A member that is none of these is a fault."""
        if not self.data.keys() <= members:
            for name in self.data:
                if name not in members:
                    self.fault(escaped(name), "unknown_member")

    def has(self, name: str) -> bool:
        return self.data.get(name) is not None

    def id(self, name: str = "id") -> str | None:
        """An id of its own: required and of the form ids have."""
        value = self.text(name, required=True)
        if value is not None and not ID.fullmatch(value):
            self.fault(name, "id", value=shown(value))
            return None
        return value

    def text(self, name: str, *, longest: int = 1000, required: bool = False) -> str | None:
        """A text; one without anything in it is as good as none."""
        value = self.data.get(name)
        if value is None:
            if required:
                self.fault(name, "required")
            return None
        if type(value) is not str:
            self.fault(name, "text")
        elif _CONTROL.search(value):
            self.fault(name, "characters")
        elif len(value) > longest:
            self.fault(name, "length", longest=longest)
        elif not value or value.isspace():
            if required:
                self.fault(name, "empty")
        else:
            return value
        return None

    def integer(
        self, name: str, low: int, high: int, *, default: int | None = None, required: bool = False
    ) -> int | None:
        value = self.data.get(name)
        if value is None:
            if required:
                self.fault(name, "required")
            return default
        if type(value) is not int:
            if type(value) is not float or not value.is_integer():
                self.fault(name, "integer")
                return default
            value = int(value)
        if not low <= value <= high:
            self.fault(name, "range", low=low, high=high)
            return default
        return value

    def minutes(self, name: str, *, low: int = 0, default: int | None = None, required: bool = False) -> int | None:
        """A length in minutes."""
        return self.integer(name, low, LONGEST_MINUTES, default=default, required=required)

    def number(self, name: str, low: float, high: float) -> float | None:
        value = self.data.get(name)
        if value is None:
            return None
        if type(value) is not float and type(value) is not int:
            self.fault(name, "number")
        elif not low <= value <= high:
            self.fault(name, "range", low=low, high=high)
        else:
            return float(value)
        return None

    def flag(self, name: str, default: bool | None = False) -> bool | None:
        value = self.data.get(name)
        if value is None:
            return default
        if type(value) is not bool:
            self.fault(name, "boolean")
            return default
        return value

    def choice(
        self, name: str, choices: Sequence[str], *, default: str | None = None, required: bool = False
    ) -> str | None:
        value = self.data.get(name)
        if value is None:
            if required:
                self.fault(name, "required")
            return default
        if type(value) is not str or value not in choices:
            self.fault(name, "choice", choices=", ".join(choices))
            return default
        return value

    def named(self, name: str, known: Mapping[str, Known], *, required: bool = False) -> Known | None:
        """What an id points to, among ``known``: in the file or already stored."""
        value = self.data.get(name)
        if value is None:
            if required:
                self.fault(name, "required")
            return None
        return self._resolved(name, value, known)

    def _resolved(self, name: str, value: Any, known: Mapping[str, Known]) -> Known | None:
        if type(value) is not str:
            self.fault(name, "text")
            return None
        found = known.get(value)
        if found is None:
            self.fault(name, "unknown_id", value=shown(value))
        return found

    def all_named(self, name: str, known: Mapping[str, Known]) -> list[Known] | None:
        """What a list of ids points to, each once; ``None`` when there is no list."""
        values = self.items(name)
        if values is None:
            return None
        found: list[Known] = []
        first: dict[Any, int] = {}
        for index, value in enumerate(values):
            one = self._resolved(f"{name}/{index}", value, known)
            if one is None:
                continue
            if value in first:
                self.fault(f"{name}/{index}", "duplicate", other=f"{self.pointer}/{name}/{first[value]}")
                continue
            first[value] = index
            found.append(one)
        return found

    def items(self, name: str) -> list[Any] | None:
        value = self.data.get(name)
        if value is None:
            return None
        if type(value) is not list:
            self.fault(name, "list")
            return None
        return value

    def texts(self, name: str, choices: Sequence[str] | None = None) -> list[str] | None:
        """A list of texts, of the given ones if there are any given."""
        values = self.items(name)
        if values is None:
            return None
        found = []
        for index, value in enumerate(values):
            if type(value) is not str or not value:
                self.fault(f"{name}/{index}", "text")
            elif _CONTROL.search(value):
                self.fault(f"{name}/{index}", "characters")
            elif choices is not None and value not in choices:
                self.fault(f"{name}/{index}", "choice", choices=", ".join(choices))
            else:
                found.append(value)
        return found

    def rows(self, name: str, members: frozenset[str]) -> "Iterator[Row] | None":
        """The objects of a list inside this row."""
        values = self.items(name)
        return None if values is None else self._inner(name, values, members)

    def _inner(self, name: str, values: "Sequence[Any]", members: frozenset[str]) -> "Iterator[Row]":
        for index, value in enumerate(values):
            inner = Row(value, f"{self.pointer}/{name}", index, self._findings)
            inner.only(members)
            yield inner
            self.sound = self.sound and inner.sound

    def inner(self, name: str, members: frozenset[str]) -> "Row | None":
        """An object inside this row."""
        value = self.data.get(name)
        if value is None:
            return None
        inner = Row(value, f"{self.pointer}/{name}", None, self._findings)
        inner.only(members)
        return inner

    def local(self, name: str, *, required: bool = False) -> str | None:
        """A local time, as it is written."""
        value = self.data.get(name)
        if value is None:
            if required:
                self.fault(name, "required")
            return None
        if type(value) is not str or _clock(value) is None:
            self.fault(name, "local_time", value=shown(value))
            return None
        return value

    def instant(self, name: str) -> int | None:
        """A stamp (``2027-01-18T09:40:00Z``), in seconds since 1970."""
        value = self.data.get(name)
        if value is None:
            return None
        if type(value) is str and _INSTANT.fullmatch(value):
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                pass
            else:
                if YEARS[0] <= moment.year <= YEARS[1]:
                    return int(moment.timestamp())
        self.fault(name, "instant", value=shown(value))
        return None

    def utc_minute(self, name: str, *, required: bool = False) -> Minute | None:
        """A stamp in whole minutes since 1970."""
        if required and not self.has(name):
            self.fault(name, "required")
        seconds = self.instant(name)
        return None if seconds is None else seconds // 60


def shown(value: Any) -> str:
    """A wrong value as it is quoted: short, and without what a terminal would obey."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


@lru_cache(maxsize=65536)
def _day(text: str) -> int | None:
    """The proleptic ordinal of a date that exists."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day.toordinal() if YEARS[0] <= day.year <= YEARS[1] else None


def _clock(text: str) -> tuple[int, int] | None:
    """The day (ordinal) and the minute of its clock that a local time names."""
    match = _LOCAL.fullmatch(text)
    if match is None:
        return None
    day, hour, minute = _day(match[1]), int(match[2]), int(match[3])
    return None if day is None or hour > 23 or minute > 59 else (day, hour * 60 + minute)


def minute_of(text: str, zone: ZoneInfo, second: bool = False) -> Minute:
    """The instant of a local time that was read; ``second``: the later of two, when clocks were set back."""
    clock = _clock(text)
    if clock is None:
        raise ValueError(text)
    first = minute_of_day(*clock, zone)
    if second:
        return first + _repeated(text, zone)
    return first


def _repeated(text: str, zone: ZoneInfo) -> int:
    """How many minutes after the first the same local time comes again; 0 when it does not."""
    wall = datetime.fromisoformat(text).replace(tzinfo=zone)
    later = wall.replace(fold=1)
    return max(0, int((later.astimezone(UTC) - wall.astimezone(UTC)).total_seconds()) // 60)


def is_day(text: str) -> bool:
    return bool(_DAY.fullmatch(text)) and _day(text) is not None
