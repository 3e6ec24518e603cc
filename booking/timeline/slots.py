"""Which starts are slots, by arithmetic on big integers.

The candidate starts of a search lie on a grid; an integer holds one bit for each of them, the lowest for
the first. An opening allows a range of starts, an occupied interval forbids one, and a search is

    starts inside the openings, and not forbidden by anything that stands, and some room, and some vehicle

taken for thousands of starts in one operation. The result is exact to the minute: a busy interval `[s, e)`
forbids every start from `s - minutes - after` to `e + before`, both excluded, wherever they fall on the grid.
"""

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from math import gcd
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from booking.timeline.interval import Minute, Span, merge, subtract, utc_offset

Key = TypeVar("Key", bound=Hashable)

STEPS = (5, 10, 15, 20, 30, 60)
_ONES = tuple((1 << n) - 1 for n in range(257))
_BITS = bytes(digit & 1 for digit in range(256))
_A_DAY = 1440


@dataclass(frozen=True, slots=True)
class Need:
    """What one appointment takes: its minutes, and the adviser's and vehicle's buffers around it."""

    minutes: int
    before: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class Grid:
    """The candidate starts `origin + i * step` for `0 <= i < size`; `valid` has the bit of each that counts.

    All of them count, save where a change of offset moves the zone's quarters of the hour (no French zone).
    """

    origin: Minute
    step: int
    size: int
    valid: int


def make_grid(window: Span, minutes: int, earliest: Minute, step: int, zone: ZoneInfo) -> Grid:
    """The starts in `window`, not before `earliest`, whose `minutes` end in it, on the local hour's grid."""
    first, last = max(window[0], earliest), window[1] - minutes
    if last < first:
        return Grid(first, step, 0, 0)
    phases = [(begin, -offset % step) for begin, offset in _offsets(first, last, zone)]
    fine = step
    for _, phase in phases:
        fine = gcd(fine, phase - phases[0][1])
    origin = first + (phases[0][1] - first) % fine
    size = max(0, (last - origin) // fine + 1)
    if fine == step:
        return Grid(origin, step, size, (1 << size) - 1)
    valid = 0
    for index in range(size):
        start = origin + index * fine
        phase = [phase for begin, phase in phases if begin <= start][-1]
        valid |= (start % step == phase) << index
    return Grid(origin, fine, size, valid)


def _offsets(first: Minute, last: Minute, zone: ZoneInfo) -> list[tuple[Minute, int]]:
    """The zone's offsets from `first` to `last`, each with the instant from which it holds."""
    found = [(first, utc_offset(first, zone))]
    here = first
    while here < last:
        there = min(here + _A_DAY, last)
        offset = utc_offset(there, zone)
        if offset != found[-1][1]:
            before = found[-1][1]
            change = bisect_left(range(here, there + 1), True, key=lambda at: utc_offset(at, zone) != before)
            found.append((here + change, offset))
        here = there
    return found


def starts_within(grid: Grid, spans: Iterable[Span], left: int, right: int) -> int:
    """The starts `s` for which one of the merged `spans` holds every minute of `[s + left, s + right)`."""
    origin, step, mask = grid.origin, grid.step, 0
    low_shift, high_shift = step - 1 - left - origin, step - right - origin
    for start, end in spans:
        low = (start + low_shift) // step
        high = (end + high_shift) // step
        if low < 0:
            low = 0
        if low < high:
            count = min(high, grid.size) - low
            if count > 0:
                mask |= (_ONES[count] if count <= 256 else (1 << count) - 1) << low
    return mask & grid.valid


def starts_meeting(grid: Grid, spans: Iterable[Span], left: int, right: int) -> int:
    """The starts `s` for which some minute of `[s + left, s + right)` lies in one of the `spans`."""
    if left >= right:
        return 0
    return masks_meeting(grid, ((0, start, end) for start, end in spans), left, right).get(0, 0)


def masks_meeting(grid: Grid, rows: Iterable[tuple[Key, Minute, Minute]], left: int, right: int) -> dict[Key, int]:
    """`starts_meeting` for many at once: rows `(key, start, end)`, fastest when equal keys follow each other.

    Rows may come straight from the database; a key is never None. Intervals need neither order nor merging.
    """
    masks: dict[Any, int] = {}
    size, step = grid.size, grid.step
    low_shift, high_shift = step - right - grid.origin, step - 1 - left - grid.origin
    current: Any = None
    mask = 0
    for key, start, end in rows:
        if key != current:
            masks[current] = mask
            current, mask = key, masks.get(key, 0)
        low = (start + low_shift) // step
        count = (end + high_shift) // step - low
        if low < 0:
            count += low
            low = 0
        if low >= size or count <= 0:
            continue
        if count <= 256:
            mask |= _ONES[count] << low
        else:
            mask |= ((1 << min(count, size - low)) - 1) << low
    masks[current] = mask
    masks.pop(None, None)
    return masks


def busy_starts(grid: Grid, need: Need, busy: Iterable[Span]) -> int:
    """The starts at which the appointment or its buffers would meet one of the `busy` intervals."""
    return starts_meeting(grid, busy, -need.before, need.minutes + need.after)


def busy_starts_by(grid: Grid, need: Need, rows: Iterable[tuple[Key, Minute, Minute]]) -> dict[Key, int]:
    """`busy_starts` of many calendars from rows `(calendar, start, end)`."""
    return masks_meeting(grid, rows, -need.before, need.minutes + need.after)


def open_starts(
    grid: Grid,
    need: Need,
    openings: Sequence[Span],
    holidays: Sequence[Span] = (),
    open_on_holidays: Sequence[Span] = (),
) -> int:
    """The starts that the openings of one adviser at one venue allow, public holidays taken into account.

    `openings` close on `holidays`; `open_on_holidays` do not. A start is allowed when every minute of the
    appointment lies in an opening that is open then, and no minute of a buffer in a holiday, save where
    the opening at that end of the appointment is open on holidays.
    """
    if not open_on_holidays:
        starts = starts_within(grid, merge(openings), 0, need.minutes)
        return starts & ~busy_starts(grid, need, holidays) if starts else 0
    always = merge(open_on_holidays)
    shut = subtract(holidays, always)
    starts = starts_within(grid, merge([*subtract(openings, shut), *always]), 0, need.minutes)
    early = starts_meeting(grid, shut, -need.before, 0)
    late = starts_meeting(grid, shut, need.minutes, need.minutes + need.after)
    if early:
        starts &= ~early | starts_within(grid, always, 0, 1)
    if late:
        starts &= ~late | starts_within(grid, always, need.minutes - 1, need.minutes)
    return starts


class Candidate(NamedTuple):
    """A room or a vehicle that would do, with what occupies it and the buffers it needs around a use."""

    id: str
    busy: Sequence[Span]
    before: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class Choices:
    """At which starts each of several rooms (or vehicles) is free, and at which any of them is."""

    free: Mapping[str, int]
    any: int

    def at(self, index: int) -> tuple[str, ...]:
        """Those that are free at the grid's start `index`."""
        return tuple(one for one, mask in self.free.items() if mask >> index & 1)


NOTHING = Choices({}, 0)


def choices(grid: Grid, minutes: int, candidates: Iterable[Candidate]) -> Choices:
    """When each candidate is free for `minutes` and its own buffers, in the order given."""
    free: dict[str, int] = {}
    union = 0
    for one in candidates:
        mask = grid.valid & ~starts_meeting(grid, one.busy, -one.before, minutes + one.after)
        free[one.id] = mask
        union |= mask
    return Choices(free, union)


def common(several: Sequence[Choices]) -> Choices:
    """The candidates that stand in every one of `several`: a single one must serve all."""
    if not several:
        return NOTHING
    free = dict(several[0].free)
    for other in several[1:]:
        free = {one: mask & other.free[one] for one, mask in free.items() if one in other.free}
    union = 0
    for mask in free.values():
        union |= mask
    return Choices(free, union)


@dataclass(frozen=True, slots=True)
class Line:
    """The slots of one adviser, or of several together, at one venue: a line of the search's answer.

    `rooms` and `vehicles` are None when none is asked for.
    """

    advisers: tuple[str, ...]
    venue: str
    grid: Grid
    starts: int
    rooms: Choices | None = None
    vehicles: Choices | None = None


def offered(
    advisers: Sequence[str],
    venue: str,
    grid: Grid,
    each: Sequence[tuple[int, int]],
    rooms: Choices | None = None,
    vehicles: Choices | None = None,
) -> Line:
    """The slots of one adviser, or of several at once: `each` has (open starts, busy starts) of every one.

    One single room and one single vehicle serve all of them, where asked for.
    """
    starts = grid.valid if each else 0
    for allowed, forbidden in each:
        starts &= allowed & ~forbidden
    if rooms is not None:
        starts &= rooms.any
    if vehicles is not None:
        starts &= vehicles.any
    return Line(tuple(advisers), venue, grid, starts, rooms, vehicles)


class Slot(NamedTuple):
    """An offered slot with the rooms and vehicles that would do (empty when none is asked for)."""

    start: Minute
    end: Minute
    advisers: tuple[str, ...]
    venue: str
    rooms: tuple[str, ...]
    vehicles: tuple[str, ...]


Position = tuple[Minute, tuple[str, ...], str]
"""Where a page ends: start, advisers and venue of its last slot."""


def slots(lines: Iterable[Line], minutes: int, limit: int | None = None, after: Position | None = None) -> list[Slot]:
    """The first `limit` slots of all lines behind `after`, ordered by start, then adviser, then venue."""
    ordered = sorted((line for line in lines if line.starts), key=lambda line: (line.advisers, line.venue))
    masks = [line.starts for line in ordered]
    if after is not None:
        masks = [_from(line, after[0] + ((line.advisers, line.venue) <= after[1:])) for line in ordered]
    if limit is not None:
        last = _last_start(ordered, masks, limit)
        masks = [mask & _below(line.grid, last + 1) for line, mask in zip(ordered, masks, strict=True)]
    found = sorted(
        (start, number) for number, mask in enumerate(masks) for start in start_minutes(ordered[number].grid, mask)
    )
    known: dict[tuple[int, int], tuple[str, ...]] = {}
    return [_slot(ordered[number], start, minutes, known) for start, number in found[:limit]]


def start_minutes(grid: Grid, mask: int) -> Iterator[Minute]:
    """The instants of the bits set in `mask`, in order."""
    digits = bin(mask)[:1:-1].encode().translate(_BITS)
    return compress(range(grid.origin, grid.origin + len(digits) * grid.step, grid.step), digits)


def how_many(lines: Iterable[Line]) -> int:
    """How many slots the lines hold."""
    return sum(line.starts.bit_count() for line in lines)


def _slot(line: Line, start: Minute, minutes: int, known: dict[tuple[int, int], tuple[str, ...]]) -> Slot:
    index = (start - line.grid.origin) // line.grid.step
    rooms = _at(line.rooms, index, known) if line.rooms is not None else ()
    vehicles = _at(line.vehicles, index, known) if line.vehicles is not None else ()
    return Slot(start, start + minutes, line.advisers, line.venue, rooms, vehicles)


def _at(choices: Choices, index: int, known: dict[tuple[int, int], tuple[str, ...]]) -> tuple[str, ...]:
    """`Choices.at`, remembered: the advisers of one venue share its rooms."""
    free = known.get((id(choices), index))
    if free is None:
        free = known[id(choices), index] = choices.at(index)
    return free


def _below(grid: Grid, limit: Minute) -> int:
    """The bits of all starts before the instant `limit`."""
    count = -((grid.origin - limit) // grid.step)
    return (1 << min(max(count, 0), grid.size)) - 1


def _from(line: Line, first: Minute) -> int:
    return line.starts & ~_below(line.grid, first)


def _last_start(lines: Sequence[Line], masks: Sequence[int], limit: int) -> Minute:
    """An instant by which the lines have `limit` starts, if they have so many: the page ends there."""
    if not lines:
        return 0
    ends = [line.grid.origin + line.grid.step * mask.bit_length() for line, mask in zip(lines, masks, strict=True)]
    low, high = min(line.grid.origin for line in lines), max(ends)
    grids = {id(line.grid): line.grid for line in lines}
    step = min(grid.step for grid in grids.values())
    pairs = [(id(line.grid), mask) for line, mask in zip(lines, masks, strict=True)]
    while high - low > step:
        middle = (low + high) // 2
        below = {one: _below(grid, middle + 1) for one, grid in grids.items()}
        if sum([(mask & below[one]).bit_count() for one, mask in pairs]) >= limit:
            high = middle
        else:
            low = middle
    return high
