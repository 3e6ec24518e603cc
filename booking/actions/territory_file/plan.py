"""What a file asks for, as values: the rows of entries to write, what was counted, what the whole must show."""

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from booking.actions.territory_file.findings import Findings
from booking.actions.territory_file.offers import Visits
from booking.actions.territory_file.overlaps import Lanes
from booking.actions.territory_file.spool import Spool
from booking.actions.territory_file.world import World


class Columns(NamedTuple):
    """An entry's row; references are ids."""

    id: str
    kind: str
    uid: str
    sequence: int
    version: int
    status: str
    zone: str
    starts: int
    ends: int
    before: int
    after: int
    title: str | None
    territory: str
    venue: str | None
    booked_by: str | None
    created: int
    last_modified: int
    lapses_at: int | None
    reason: str | None
    starts_wall: str | None
    rrule: str | None
    exdates: str | None


class Work(NamedTuple):
    """One entry to write. ``pk`` is absent for a new one; ``person_pk`` is the beneficiary to change in place.

    ``reclaims``: the claims it holds are given back, without a tombstone on the calendars in ``claims``, and those
    in ``claims`` taken. ``released`` are notes of claims it no longer holds.
    """

    pk: int | None
    columns: tuple[Any, ...]
    detail: tuple[Any, ...]
    person: tuple[Any, ...] | None
    person_pk: int | None
    person_number: int | None
    reclaims: bool
    claims: list[tuple[Any, ...]]
    released: list[tuple[Any, ...]]
    dates: list[tuple[Any, ...]] | None
    related: tuple[str, str] | None


@dataclass
class Plan:
    """Everything that a file asks for, once it is read."""

    session: Session
    world: World
    now: datetime
    findings: Findings = field(default_factory=Findings)
    lanes: Lanes = field(default_factory=Lanes)
    visits: Visits = field(default_factory=Visits)
    spool: Spool = field(default_factory=Spool)
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    people: dict[int, tuple[tuple[Any, ...], str, int | None]] = field(default_factory=dict)
    related: list[tuple[str, str, str]] = field(default_factory=list)

    def count(self, list_name: str, what: str) -> None:
        self.counts.setdefault(list_name, Counter())[what] += 1

    @property
    def seconds(self) -> int:
        return int(self.now.timestamp())


class Ids:
    """Every id and every told uid of a list, as hashes: enough to find the few that stand twice."""

    def __init__(self) -> None:
        self._hashes = array("q")
        self._rows = array("i")

    def add(self, value: str, index: int) -> None:
        self._hashes.append(hash(value))
        self._rows.append(index)

    def repeated(self) -> Iterator[tuple[int, int]]:
        """Pairs of rows: the first with a value, and each later one with the same."""
        ordered = sorted(self._hashes)
        twice = {one for one, other in pairwise(ordered) if one == other}
        first: dict[int, int] = {}
        if twice:
            for value, index in zip(self._hashes, self._rows, strict=True):
                if value in twice:
                    if value in first:
                        yield first[value], index
                    else:
                        first[value] = index
