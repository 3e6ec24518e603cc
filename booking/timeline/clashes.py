"""Clashes that explain themselves: what stands in the way, when it is over, and what comes nearest."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Generic, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from booking.timeline.interval import Minute, Span, local_date, merge, overlap

Thing = TypeVar("Thing")
Calendar = TypeVar("Calendar", bound=Hashable)


class Standing(NamedTuple, Generic[Calendar]):
    """A claim that stands: of which calendar, from when to when (buffers included), for which entry."""

    calendar: Calendar
    start: Minute
    end: Minute
    entry: Hashable


@dataclass(frozen=True, slots=True)
class Clash(Generic[Calendar]):
    """A standing claim that meets a wanted interval of the same calendar."""

    standing: Standing[Calendar]
    wanted: Span

    @property
    def shared(self) -> Span:
        """The minutes that both want."""
        return max(self.standing.start, self.wanted[0]), min(self.standing.end, self.wanted[1])


def find_clashes(
    wanted: Mapping[Calendar, Sequence[Span]],
    standing: Iterable[Standing[Calendar]],
    ignoring: Iterable[Hashable] = (),
) -> list[Clash[Calendar]]:
    """Every standing claim that meets a wanted interval, by start; `ignoring` entries are let be.

    A move ignores the entry that is moved, a swap both of them.
    """
    ignored = set(ignoring)
    found = [
        Clash(one, span)
        for one in standing
        if one.entry not in ignored
        for span in wanted.get(one.calendar, ())
        if overlap((one.start, one.end), span)
    ]
    return sorted(found, key=lambda clash: (clash.standing.start, clash.standing.end, clash.wanted))


def own_clashes(wanted: Mapping[Calendar, Sequence[Span]]) -> list[tuple[Calendar, Span, Span]]:
    """The pairs of wanted intervals that meet each other on one calendar: a request that excludes itself."""
    found: list[tuple[Calendar, Span, Span]] = []
    for calendar, spans in wanted.items():
        ordered = sorted(spans)
        for index, span in enumerate(ordered):
            for other in ordered[index + 1 :]:
                if other[0] >= span[1]:
                    break
                if overlap(span, other):
                    found.append((calendar, span, other))
    return found


def free_from(taken: Iterable[Span], wanted: Span) -> Minute:
    """The first instant, at or after the wanted start, from which the wanted length fits between `taken`."""
    start, length = wanted[0], wanted[1] - wanted[0]
    for begin, end in merge(taken):
        if end <= start:
            continue
        if begin >= start + length:
            break
        start = end
    return start


def free_from_everywhere(taken: Mapping[Calendar, Sequence[Span]], wanted: Mapping[Calendar, Span]) -> int:
    """By how many minutes all wanted intervals must move later, together, until none meets what is taken.

    Each calendar has its own wanted interval (buffers differ); all of them move by the same amount.
    """
    shift = 0
    while True:
        needed = shift
        for calendar, (start, end) in wanted.items():
            free = free_from(taken.get(calendar, ()), (start + needed, end + needed))
            needed = max(needed, free - start)
        if needed == shift:
            return shift
        shift = needed


def nearest(
    wanted: Minute,
    candidates: Iterable[Thing],
    start_of: Callable[[Thing], Minute],
    zone: ZoneInfo,
    limit: int = 3,
) -> list[Thing]:
    """Up to `limit` alternatives to a lost start: those of the same local day first, then the nearest.

    At equal distance the earlier comes first, and then the order in which they were given.
    """
    day = local_date(wanted, zone)

    def rank(numbered: tuple[int, Thing]) -> tuple[bool, int, Minute, int]:
        number, candidate = numbered
        start = start_of(candidate)
        return local_date(start, zone) != day, abs(start - wanted), start, number

    return [candidate for _, candidate in nsmallest(limit, enumerate(candidates), key=rank)]
