"""Overlapping exclusive claims, found before anything is written: with both pointers, or with what is stored.

A million claims stand in plain arrays of numbers, one set for each calendar; each is sorted and swept once. The
database's own law stays behind this as the last word.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from booking.actions.territory_file.findings import Findings
from booking.actions.territory_file.world import Record, World
from booking.database import rows
from booking.timeline.interval import to_wall

ACTIVE = 50
"""Claims with which one claim is compared at a time; more can only be with faults galore."""

_STORED = """
SELECT k.starts, k.ends, k.entry_pk FROM claim k
WHERE k.calendar_pk = :calendar AND k.exclusive AND k.starts < :until AND k.ends > :since
ORDER BY k.starts
"""
_NAMES = "SELECT kind, id FROM entry WHERE pk = :entry"


@dataclass(slots=True)
class Lane:
    """The exclusive claims of the file on one calendar: start, end, and which row of the file wants it."""

    starts: "array[int]" = field(default_factory=lambda: array("i"))
    ends: "array[int]" = field(default_factory=lambda: array("i"))
    rows: "array[int]" = field(default_factory=lambda: array("i"))


class Lanes:
    """All the exclusive claims of a file; ``replaced`` marks the stored entries that the file speaks of."""

    def __init__(self) -> None:
        self.lanes: dict[str, Lane] = {}
        self.replaced = bytearray()
        self._lists: list[str] = []
        self._list_of = array("B")
        self._index_of = array("i")

    def row(self, list_name: str, index: int) -> int:
        """A number for a row of the file, to be given with its claims."""
        if list_name not in self._lists:
            self._lists.append(list_name)
        self._list_of.append(self._lists.index(list_name))
        self._index_of.append(index)
        return len(self._index_of) - 1

    def pointer(self, row: int) -> str:
        return f"/{self._lists[self._list_of[row]]}/{self._index_of[row]}"

    def add(self, calendar: str, starts: int, ends: int, row: int) -> None:
        lane = self.lanes.get(calendar)
        if lane is None:
            lane = self.lanes[calendar] = Lane()
        lane.starts.append(starts)
        lane.ends.append(ends)
        lane.rows.append(row)

    def replace(self, entry_pk: int) -> None:
        """What this stored entry holds does not count: the file says anew what it takes."""
        if entry_pk >= len(self.replaced):
            self.replaced.extend(bytes(entry_pk + 1 - len(self.replaced)))
        self.replaced[entry_pk] = 1

    def is_replaced(self, entry_pk: int) -> bool:
        return entry_pk < len(self.replaced) and bool(self.replaced[entry_pk])


def find_overlaps(session: Session, world: World, lanes: Lanes, findings: Findings) -> None:
    """Notes a fault for each pair of claims that overlap, at the later of the two rows of the file."""
    for key, lane in lanes.lanes.items():
        calendar = world["calendar"][key]
        claims = sorted(zip(lane.starts, lane.ends, lane.rows, strict=True))
        if calendar.pk is not None:
            stored = _stored(session, calendar.pk, lanes, claims[0][0], max(lane.ends))
            if stored:
                claims = sorted(claims + stored)
        for one, other in _pairs(claims):
            _tell(session, world, lanes, findings, calendar, one, other)


Claimed = tuple[int, int, int]
"""Start, end, and the row of the file, or less than zero: the key of a stored entry, negated, less one."""


def _stored(session: Session, calendar_pk: int, lanes: Lanes, since: int, until: int) -> list[Claimed]:
    found = rows(session, _STORED, {"calendar": calendar_pk, "since": since, "until": until})
    return [(starts, ends, -1 - pk) for starts, ends, pk in found if not lanes.is_replaced(pk)]


def _pairs(claims: list[Claimed]) -> Iterator[tuple[Claimed, Claimed]]:
    """Every pair that overlaps, of claims in the order of their starts."""
    latest = claims[0][1] if claims else 0
    active: list[Claimed] = claims[:1]
    for claim in claims[1:]:
        if claim[0] >= latest:
            active = [claim]
        else:
            active = [other for other in active if other[1] > claim[0]][-ACTIVE:]
            for other in active:
                yield other, claim
            active.append(claim)
        latest = max(latest, claim[1])


def _tell(
    session: Session,
    world: World,
    lanes: Lanes,
    findings: Findings,
    calendar: Record,
    one: Claimed,
    other: Claimed,
) -> None:
    if one[2] < 0 and other[2] < 0:
        return
    later, earlier = (one, other) if one[2] > other[2] else (other, one)
    if earlier[2] >= 0:
        name = lanes.pointer(earlier[2])
    else:
        ((kind, entry_id),) = rows(session, _NAMES, {"entry": -1 - earlier[2]})
        name = f"{kind} {entry_id}"
    zone = world.zone_at(calendar)
    start, end = to_wall(max(one[0], other[0]), zone), to_wall(min(one[1], other[1]), zone)
    findings.fault(
        lanes.pointer(later[2]),
        "overlap",
        other=name,
        calendar=calendar.key,
        span=f"{start:%Y-%m-%d %H:%M}–{end:%H:%M}",
    )
