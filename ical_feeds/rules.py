"""Recurrence rules as feeds may carry them: the part of RRULE that calendar programs read alike.

Daily, weekly (its days always named), monthly and yearly by date or by weekday, with an interval and either a
count or an end. BYSETPOS stands under FREQ=MONTHLY only; BYWEEKNO, BYYEARDAY and rules finer than a day are
refused: readers expand them differently.
Source: RFC 5545 §3.3.10 and §3.8.5.3.
"""

import re
from calendar import monthrange
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from ical_feeds.content_lines import utc, wall

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

_LAST_SECOND = time(23, 59, 59)
_DAY = r"(?:[+-]?[1-9][0-9]?)?(?:MO|TU|WE|TH|FR|SA|SU)"
_MONTHDAY = r"[+-]?(?:[1-9]|[12][0-9]|3[01])"
_MONTH = r"(?:[1-9]|1[0-2])"
_POSITION = r"[+-]?[1-9][0-9]{0,2}"
_GRAMMAR = {
    "FREQ": re.compile("DAILY|WEEKLY|MONTHLY|YEARLY"),
    "INTERVAL": re.compile(r"[1-9][0-9]{0,5}"),
    "COUNT": re.compile(r"[1-9][0-9]{0,5}"),
    "UNTIL": re.compile(r"[0-9]{8}(?:T[0-9]{6}Z?)?"),
    "BYDAY": re.compile(rf"{_DAY}(?:,{_DAY})*"),
    "BYMONTHDAY": re.compile(rf"{_MONTHDAY}(?:,{_MONTHDAY})*"),
    "BYMONTH": re.compile(rf"{_MONTH}(?:,{_MONTH})*"),
    "BYSETPOS": re.compile(rf"{_POSITION}(?:,{_POSITION})*"),
    "WKST": re.compile("MO|TU|WE|TH|FR|SA|SU"),
}


def feed_rule(rule: str, start: date, zone: str | None) -> str:
    """The rule as a feed must carry it, from any way of writing it that means the same.

    ``start`` is the first occurrence: a local time of ``zone``, or a date for an all-day series. An UNTIL
    given as a date includes that local day; one given as local time is of ``zone``; the answer has it in UTC
    (or as a date for an all-day series). A weekly rule that names no day gets the day of ``start``; "BYDAY=TU
    with BYSETPOS=2" becomes the better understood "BYDAY=2TU".
    Raises ValueError as `check_rule` does.
    """
    parts = _parts(rule.strip().upper().removeprefix("RRULE:").removesuffix(";"))
    if "UNTIL" in parts:
        parts["UNTIL"] = _feed_until(parts["UNTIL"], start, zone)
    if parts.get("FREQ") == "WEEKLY" and "BYDAY" not in parts:
        parts["BYDAY"] = WEEKDAYS[start.weekday()]
    _number_weekday(parts)
    parts = {"FREQ": parts.pop("FREQ"), **parts}
    written = ";".join(f"{name}={value}" for name, value in parts.items())
    check_rule(written, start)
    return written


def check_rule(rule: str, start: date) -> None:
    """Raises ValueError, in words, unless the rule may stand in a feed under this start.

    That is: known parts only, each well formed and given once, FREQ first, never COUNT with UNTIL, UNTIL in
    UTC for timed series and a date for all-day ones, BYDAY named when weekly, and a start that is itself an
    occurrence (what a rule means from any other start is undefined).
    """
    parts = _parts(rule)
    if not rule.startswith("FREQ="):
        raise ValueError(f"a rule begins with its FREQ: {rule!r}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError(f"a rule has COUNT or UNTIL, not both: {rule!r}")
    if "UNTIL" in parts:
        if isinstance(start, datetime) and not parts["UNTIL"].endswith("Z"):
            raise ValueError(f"UNTIL is in UTC under a timed start: {rule!r}")
        if not isinstance(start, datetime) and len(parts["UNTIL"]) != len("20270119"):
            raise ValueError(f"UNTIL is a date under an all-day start: {rule!r}")
    _check_days(parts, rule)
    if not _is_occurrence(start, parts):
        raise ValueError(f"the start {wall(start)} is no occurrence of {rule!r}")


def _check_days(parts: dict[str, str], rule: str) -> None:
    frequency = parts["FREQ"]
    numbered = any(len(day) > 2 for day in parts.get("BYDAY", "").split(","))
    if numbered and frequency != "MONTHLY" and not (frequency == "YEARLY" and "BYMONTH" in parts):
        raise ValueError(f"only monthly rules, and yearly ones that name months, have nth weekdays: {rule!r}")
    if frequency == "WEEKLY" and "BYDAY" not in parts:
        raise ValueError(f"a weekly rule names its days: {rule!r}")
    if frequency == "WEEKLY" and "BYMONTHDAY" in parts:
        raise ValueError(f"a weekly rule has no days of the month: {rule!r}")
    if "BYSETPOS" in parts and not (frequency == "MONTHLY" and ("BYDAY" in parts or "BYMONTHDAY" in parts)):
        raise ValueError(f"BYSETPOS picks among the named days of a monthly rule: {rule!r}")


def _parts(rule: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in rule.split(";"):
        name, _, value = part.partition("=")
        if name not in _GRAMMAR:
            raise ValueError(f"a feed's rule has no part {name!r}: {rule!r}")
        if name in parts:
            raise ValueError(f"a rule has each part once, {name} stands twice: {rule!r}")
        if not _GRAMMAR[name].fullmatch(value):
            raise ValueError(f"{name} is malformed: {rule!r}")
        parts[name] = value
    if "FREQ" not in parts:
        raise ValueError(f"a rule needs its FREQ: {rule!r}")
    return parts


def _number_weekday(parts: dict[str, str]) -> None:
    positions = parts.get("BYSETPOS", "").split(",")
    lone_weekday = parts.get("BYDAY") in WEEKDAYS and "BYMONTHDAY" not in parts
    if parts["FREQ"] == "MONTHLY" and lone_weekday and all(0 < abs(int(p or 0)) <= 5 for p in positions):
        parts["BYDAY"] = ",".join(f"{int(p)}{parts['BYDAY']}" for p in positions)
        del parts["BYSETPOS"]


def _feed_until(until: str, start: date, zone: str | None) -> str:
    day = date(int(until[:4]), int(until[4:6]), int(until[6:8]))
    if not isinstance(start, datetime):
        return wall(day)
    if until.endswith("Z"):
        return until
    if zone is None:
        raise ValueError(f"a timed series needs its zone to put UNTIL={until} in UTC")
    clock = time(int(until[9:11]), int(until[11:13]), int(until[13:15])) if len(until) > 8 else _LAST_SECOND
    return utc(datetime.combine(day, clock, ZoneInfo(zone)))


def _is_occurrence(start: date, parts: dict[str, str]) -> bool:
    if "BYMONTH" in parts and start.month not in _numbers(parts["BYMONTH"]):
        return False
    length = monthrange(start.year, start.month)[1]
    days = [day for day in range(1, length + 1) if _is_named(start.replace(day=day), length, parts)]
    if "BYSETPOS" in parts:
        positions = _numbers(parts["BYSETPOS"])
        days = [day for i, day in enumerate(days) if i + 1 in positions or i - len(days) in positions]
    return start.day in days


def _is_named(day: date, month_length: int, parts: dict[str, str]) -> bool:
    if "BYMONTHDAY" in parts and not _numbers(parts["BYMONTHDAY"]) & {day.day, day.day - month_length - 1}:
        return False
    if "BYDAY" not in parts:
        return True
    nth, nth_last = (day.day - 1) // 7 + 1, (day.day - month_length) // 7
    return any(
        named[-2:] == WEEKDAYS[day.weekday()] and (len(named) == 2 or int(named[:-2]) in (nth, nth_last))
        for named in parts["BYDAY"].split(",")
    )


def _numbers(listed: str) -> set[int]:
    return set(map(int, listed.split(",")))
