"""Quarters of the year: the span that a programme is made for."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

_TEXT = re.compile(r"(\d{4})-T([1-4])")
_ORDINALS = ("1er", "2e", "3e", "4e")


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A quarter of a year, from 1 (January to March) to 4; in order of time. Written `2027-T1`."""

    year: int
    number: int

    def __post_init__(self) -> None:
        if not (1 <= self.number <= 4 and 1 <= self.year <= 9999):
            raise ValueError(f"no such quarter: {self.year}, {self.number}")

    def __str__(self) -> str:
        return f"{self.year:04d}-T{self.number}"


def parse_quarter(text: str) -> Quarter:
    """The quarter written `2027-T1`; anything else is a ValueError."""
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a quarter such as 2027-T1")
    return Quarter(int(match[1]), int(match[2]))


def quarter_of(day: date) -> Quarter:
    """The quarter in which this date lies."""
    return Quarter(day.year, (day.month + 2) // 3)


def next_quarter(quarter: Quarter, by: int = 1) -> Quarter:
    """The quarter `by` quarters later, or earlier when negative."""
    year, index = divmod(quarter.year * 4 + quarter.number - 1 + by, 4)
    return Quarter(year, index + 1)


def previous_quarter(quarter: Quarter) -> Quarter:
    """The quarter before."""
    return next_quarter(quarter, -1)


def first_day(quarter: Quarter) -> date:
    """The first date of the quarter."""
    return date(quarter.year, quarter.number * 3 - 2, 1)


def last_day(quarter: Quarter) -> date:
    """The last date of the quarter."""
    if quarter.number == 4:
        return date(quarter.year, 12, 31)
    return date(quarter.year, quarter.number * 3 + 1, 1) - timedelta(days=1)


def label(quarter: Quarter, language: str = "fr") -> str:
    """`1er trimestre 2027`, or `Q1 2027` in English."""
    if language.startswith("en"):
        return f"Q{quarter.number} {quarter.year}"
    return f"{_ORDINALS[quarter.number - 1]} trimestre {quarter.year}"
