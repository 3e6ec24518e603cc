"""The planner's table: a line of a day cut into cells of quarter hours, each free, open, closed or taken."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from booking.actions.planner import Block, Line, OpenTime
from booking.timeline.interval import Span

STEP = 15
LINK_STEP = 30


@dataclass(frozen=True)
class Cell:
    """A run of quarter hours. ``state``: ``taken``, ``open`` (can be booked here), ``drop_in`` or ``closed``."""

    state: str
    starts: int
    ends: int
    block: Block | None = None
    open_time: OpenTime | None = None

    @property
    def css(self) -> str:
        return self.state.replace("_", "-")

    @property
    def columns(self) -> int:
        return (self.ends - self.starts) // STEP


def hours_shown(lines: Iterable[Line], day: Span, usual: tuple[int, int] = (8 * 60, 18 * 60)) -> Span:
    """From the first to the last whole hour that the day needs, at least the usual ones (minutes of the day)."""
    first, last = day[0] + usual[0], day[0] + usual[1]
    for line in lines:
        for starts, ends in (
            *((block.starts, block.ends) for block in line.blocks if block.kind not in ("absence", "busy")),
            *((time.starts, time.ends) for time in line.openings),
        ):
            if ends > day[0] and starts < day[1]:
                first, last = min(first, max(starts, day[0])), max(last, min(ends, day[1]))
    return first - (first - day[0]) % 60, min(day[1], last + (day[0] - last) % 60)


def cells(line: Line, shown: Span) -> list[Cell]:
    """The line between two instants, without a gap. Appointments lie over absences; the rest keeps its order."""
    taken: list[tuple[int, int, Block]] = []
    for block in sorted(line.blocks, key=lambda one: (one.strength == "busy-unavailable", one.starts)):
        for starts, ends in _left_of(_rounded((block.starts, block.ends), shown), [(one[0], one[1]) for one in taken]):
            taken.append((starts, ends, block))
    answer: list[Cell] = []
    at = shown[0]
    for starts, ends, block in sorted(taken, key=lambda one: one[0]):
        answer.extend(_free(line, (at, starts)))
        answer.append(Cell("taken", starts, ends, block=block))
        at = ends
    answer.extend(_free(line, (at, shown[1])))
    return answer


def _rounded(span: Span, shown: Span) -> Span:
    """Outwards to quarter hours, within what is shown."""
    starts = span[0] - (span[0] - shown[0]) % STEP
    ends = span[1] + (shown[0] - span[1]) % STEP
    return max(starts, shown[0]), min(ends, shown[1])


def _left_of(span: Span, taken: Sequence[Span]) -> list[Span]:
    parts = [span] if span[0] < span[1] else []
    for other in taken:
        parts = [
            part
            for starts, ends in parts
            for part in ((starts, min(ends, other[0])), (max(starts, other[1]), ends))
            if part[0] < part[1]
        ]
    return parts


def _free(line: Line, span: Span) -> list[Cell]:
    """Free time: open time in half hours (each a link), the rest closed."""
    answer: list[Cell] = []
    at = span[0]
    for time in line.openings:
        starts, ends = _rounded((time.starts, time.ends), span)
        starts = max(starts, at)
        if starts >= ends:
            continue
        if at < starts:
            answer.append(Cell("closed", at, starts))
        answer.extend(_halves(time, starts, ends))
        at = ends
    if at < span[1]:
        if line.calendar.kind == "adviser":
            answer.append(Cell("closed", at, span[1]))
        else:
            answer.extend(Cell("open", one, two) for one, two in _steps(at, span[1], 60))
    return answer


def _halves(time: OpenTime, starts: int, ends: int) -> list[Cell]:
    if time.admission == "drop_in":
        return [Cell("drop_in", starts, ends, open_time=time)]
    return [Cell("open", one, two, open_time=time) for one, two in _steps(starts, ends, LINK_STEP)]


def _steps(starts: int, ends: int, step: int) -> Iterable[Span]:
    at = starts
    while at < ends:
        until = min(ends, at - at % step + step)
        yield at, until
        at = until
