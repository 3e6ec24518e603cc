"""The RFC 5545 rules we keep, as values: read from text, written as text, turned into cycles of dates.

A rule speaks of local dates only; the time of day is its series' own. That is why UNTIL is held as a
date: the last local date on which an occurrence may start.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from booking.timeline.interval import from_aware, from_utc, to_minute, to_wall

Frequency = Literal["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FREQUENCIES: dict[str, Frequency] = {
    "DAILY": "DAILY",
    "WEEKLY": "WEEKLY",
    "MONTHLY": "MONTHLY",
    "YEARLY": "YEARLY",
}
_ALLOWED: dict[Frequency, frozenset[str]] = {
    "DAILY": frozenset({"BYDAY"}),
    "WEEKLY": frozenset({"BYDAY"}),
    "MONTHLY": frozenset({"BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"}),
    "YEARLY": frozenset({"BYDAY", "BYMONTHDAY", "BYMONTH"}),
}
_COMMON = frozenset({"FREQ", "INTERVAL", "UNTIL", "COUNT", "WKST"})
_KNOWN_ELSEWHERE = frozenset({"BYSECOND", "BYMINUTE", "BYHOUR", "BYYEARDAY", "BYWEEKNO"})
_UNTIL = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?")


class RuleError(ValueError):
    """A recurrence that cannot be read or is not supported; `part` names the guilty part of the rule."""

    def __init__(self, part: str, problem: str) -> None:
        super().__init__(f"{part}: {problem}")
        self.part = part
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Rule:
    """A recurrence in local dates.

    Everything that RFC 5545 takes from DTSTART is already filled in: `weekdays` of a weekly rule
    (0 is Monday), `month_days` or `nth_weekdays` of a monthly one, `months` of a yearly one.
    """

    frequency: Frequency
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    """Daily and weekly: the weekdays that count (daily: empty is all of them)."""
    nth_weekdays: tuple[tuple[int, int], ...] = ()
    """Monthly and yearly: (n, weekday), n from -5 to 5; 0 is every such weekday of the month."""
    month_days: tuple[int, ...] = ()
    """Monthly and yearly: days of the month, from 1 or, backwards from its end, from -1."""
    months: tuple[int, ...] = ()
    """Monthly and yearly: the months that count, empty for all."""
    positions: tuple[int, ...] = ()
    """Monthly: which of the month's matching days count (BYSETPOS), empty for all."""
    week_start: int = 0
    until: date | None = None
    """The last local date on which an occurrence may start."""
    count: int | None = None
    """How many occurrences there are, exceptions included."""


def parse_rule(text: str, start: datetime, zone: ZoneInfo) -> Rule:
    """The rule in `text` (the value of an RRULE) for a series that starts at the local time `start`.

    UNTIL may be a date (inclusive, local), a UTC time, or a local time. Raises RuleError.
    """
    parts = _parts(text)
    if "FREQ" not in parts:
        raise RuleError("FREQ", "is missing")
    frequency = _FREQUENCIES.get(parts["FREQ"])
    if frequency is None:
        raise RuleError("FREQ", f"{parts['FREQ']!r} is not DAILY, WEEKLY, MONTHLY or YEARLY")
    for name in parts:
        if name not in _COMMON and name not in _ALLOWED[frequency]:
            known = any(name in allowed for allowed in _ALLOWED.values()) or name in _KNOWN_ELSEWHERE
            raise RuleError(
                name,
                f"is not supported with FREQ={frequency}" if known else "is no part of a recurrence rule",
            )
    if "UNTIL" in parts and "COUNT" in parts:
        raise RuleError("COUNT", "cannot stand beside UNTIL")
    rule = Rule(
        frequency=frequency,
        interval=_positive("INTERVAL", parts.get("INTERVAL", "1")),
        week_start=_weekday("WKST", parts.get("WKST", "MO")),
        until=_last_date(parts["UNTIL"], start, zone) if "UNTIL" in parts else None,
        count=_positive("COUNT", parts["COUNT"]) if "COUNT" in parts else None,
    )
    if frequency in ("DAILY", "WEEKLY"):
        return _with_weekdays(rule, parts, start)
    return _with_month_pattern(rule, parts, start)


def rule_text(rule: Rule, start: datetime, zone: ZoneInfo) -> str:
    """The rule as iCalendar wants it beside a DTSTART with TZID: weekly with BYDAY, UNTIL in UTC."""
    parts = [f"FREQ={rule.frequency}"]
    if rule.interval != 1:
        parts.append(f"INTERVAL={rule.interval}")
    if rule.months:
        parts.append("BYMONTH=" + _listed(rule.months))
    if rule.month_days:
        parts.append("BYMONTHDAY=" + _listed(rule.month_days))
    if rule.weekdays:
        parts.append("BYDAY=" + ",".join(WEEKDAYS[day] for day in rule.weekdays))
    if rule.nth_weekdays:
        parts.append("BYDAY=" + ",".join(f"{n or ''}{WEEKDAYS[day]}" for n, day in rule.nth_weekdays))
    if rule.positions:
        parts.append("BYSETPOS=" + _listed(rule.positions))
    if rule.week_start:
        parts.append("WKST=" + WEEKDAYS[rule.week_start])
    if rule.until is not None:
        last = from_utc(to_minute(datetime.combine(rule.until, start.time()), zone))
        parts.append(f"UNTIL={last:%Y%m%dT%H%M%SZ}")
    if rule.count is not None:
        parts.append(f"COUNT={rule.count}")
    return ";".join(parts)


def _parts(text: str) -> dict[str, str]:
    body = text.strip().upper().removeprefix("RRULE:").removesuffix(";")
    parts: dict[str, str] = {}
    for piece in body.split(";"):
        name, equals, value = (bit.strip() for bit in piece.partition("="))
        if not equals or not value:
            raise RuleError(name or "rule", "has no value" if name else "is empty")
        if name in parts:
            raise RuleError(name, "stands twice")
        parts[name] = value
    return parts


def _with_weekdays(rule: Rule, parts: dict[str, str], start: datetime) -> Rule:
    weekdays: tuple[int, ...] = ()
    if "BYDAY" in parts:
        weekdays = tuple(sorted({_weekday("BYDAY", day.strip()) for day in parts["BYDAY"].split(",")}))
    elif rule.frequency == "WEEKLY":
        weekdays = (start.weekday(),)
    return replace(rule, weekdays=weekdays)


def _with_month_pattern(rule: Rule, parts: dict[str, str], start: datetime) -> Rule:
    months = _numbers("BYMONTH", parts, 1, 12)
    month_days = _numbers("BYMONTHDAY", parts, -31, 31)
    positions = _numbers("BYSETPOS", parts, -366, 366)
    nth = _nth_weekdays(parts["BYDAY"]) if "BYDAY" in parts else ()
    if rule.frequency == "YEARLY":
        if any(n for n, _ in nth) and not months:
            raise RuleError("BYDAY", "needs BYMONTH when it counts weekdays with FREQ=YEARLY")
        if not nth and not month_days:
            months = months or (start.month,)
    if positions and not nth and not month_days:
        raise RuleError("BYSETPOS", "needs BYDAY or BYMONTHDAY")
    if not nth and not month_days:
        month_days = (start.day,)
    return replace(rule, months=months, month_days=month_days, nth_weekdays=nth, positions=positions)


def _nth_weekdays(value: str) -> tuple[tuple[int, int], ...]:
    found: set[tuple[int, int]] = set()
    for piece in (bit.strip() for bit in value.split(",")):
        match = re.fullmatch(r"([+-]?\d{1,2})?([A-Z]{2})", piece)
        if match is None or match[2] not in WEEKDAYS:
            raise RuleError("BYDAY", f"{piece!r} is not a weekday such as TU, 1TU or -1FR")
        n = int(match[1]) if match[1] else 0
        if match[1] and not 1 <= abs(n) <= 5:
            raise RuleError("BYDAY", f"{piece!r}: a month has the first to the fifth of a weekday only")
        found.add((n, WEEKDAYS.index(match[2])))
    return tuple(sorted(found, key=lambda one: (one[0] < 0, abs(one[0]), one[1])))


def _numbers(name: str, parts: dict[str, str], low: int, high: int) -> tuple[int, ...]:
    if name not in parts:
        return ()
    found: set[int] = set()
    for piece in (bit.strip() for bit in parts[name].split(",")):
        if not re.fullmatch(r"[+-]?\d{1,3}", piece) or not low <= int(piece) <= high or int(piece) == 0:
            raise RuleError(name, f"{piece!r} is not a number from {low} to {high} other than 0")
        found.add(int(piece))
    return tuple(sorted(found, key=lambda n: (n < 0, abs(n))))


def _positive(name: str, value: str) -> int:
    if not re.fullmatch(r"\d{1,6}", value) or int(value) < 1:
        raise RuleError(name, f"{value!r} is not a whole number from 1 to 999999")
    return int(value)


def _weekday(name: str, value: str) -> int:
    if value not in WEEKDAYS:
        raise RuleError(name, f"{value!r} is not one of {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(value)


def _last_date(value: str, start: datetime, zone: ZoneInfo) -> date:
    match = _UNTIL.fullmatch(value)
    if match is None:
        raise RuleError("UNTIL", f"{value!r} is not a date (20270630) or a time (20270630T215959Z)")
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
        if match[4] is None:
            return day
        moment = datetime.combine(day, time(int(match[4]), int(match[5]), min(int(match[6]), 59)))
        until = from_aware(moment.replace(tzinfo=UTC)) if match[7] else to_minute(moment, zone)
        last = to_wall(until, zone).date()
        if to_minute(datetime.combine(last, start.time()), zone) > until:
            last -= timedelta(days=1)
    except (ValueError, OverflowError):
        raise RuleError("UNTIL", f"{value!r} is no date of the calendar") from None
    return last


def _listed(numbers: tuple[int, ...]) -> str:
    return ",".join(str(n) for n in numbers)
