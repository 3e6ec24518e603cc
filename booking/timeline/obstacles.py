"""Why a time is no slot: the conditions of slots.py, taken one by one and told with their intervals."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from booking.timeline.interval import Minute, Span, intersect, merge, overlap, subtract, widen
from booking.timeline.slots import Candidate, Need

Code = Literal["outside_openings", "notice", "horizon", "absence", "busy", "public_holiday", "room", "vehicle"]


class Obstacle(NamedTuple):
    """One condition that fails, on which calendar (None: on nobody's in particular), from when to when."""

    code: Code
    calendar: str | None
    start: Minute
    end: Minute


class Occupied(NamedTuple):
    """An interval of a calendar on which nothing may be put, its buffers included, and why."""

    start: Minute
    end: Minute
    code: Literal["busy", "absence"] = "busy"


class Diary(NamedTuple):
    """What decides about one adviser at one venue: openings, public holidays, what stands in the diary."""

    calendar: str
    openings: Sequence[Span]
    occupied: Sequence[Occupied]
    holidays: Sequence[Span] = ()
    open_on_holidays: Sequence[Span] = ()


def bounds_obstacles(start: Minute, minutes: int, earliest: Minute, latest_end: Minute | None) -> list[Obstacle]:
    """Whether the time comes before `earliest` (notice) or ends after `latest_end` (horizon)."""
    found: list[Obstacle] = []
    if start < earliest:
        found.append(Obstacle("notice", None, start, earliest))
    if latest_end is not None and start + minutes > latest_end:
        found.append(Obstacle("horizon", None, latest_end, start + minutes))
    return found


def diary_obstacles(start: Minute, need: Need, diary: Diary) -> list[Obstacle]:
    """What in one adviser's diary stands against an appointment at `start`; empty: nothing.

    On the grid and within the bounds, a start without obstacles is one that `open_starts` and `busy_starts`
    offer, and the other way round.
    """
    core = (start, start + need.minutes)
    whole = widen(core, need.before, need.after)
    always = merge(diary.open_on_holidays)
    outside = subtract([core], [*diary.openings, *always])
    found = [Obstacle("outside_openings", diary.calendar, *span) for span in outside]
    for span in intersect([whole], _closed_to(core, whole, always, diary.holidays)):
        found.append(Obstacle("public_holiday", diary.calendar, *span))
    for one in sorted(diary.occupied):
        if overlap(whole, (one.start, one.end)):
            found.append(Obstacle(one.code, diary.calendar, one.start, one.end))
    return found


def choice_obstacles(
    code: Literal["room", "vehicle"], start: Minute, minutes: int, candidates: Iterable[Candidate]
) -> list[Obstacle]:
    """What occupies each candidate, if none of them is free; with no candidate at all, the time itself."""
    found: list[Obstacle] = []
    for one in candidates:
        wanted = widen((start, start + minutes), one.before, one.after)
        taken = [span for span in one.busy if overlap(span, wanted)]
        if not taken:
            return []
        found.extend(Obstacle(code, one.id, *span) for span in taken)
    return found or [Obstacle(code, None, start, start + minutes)]


def first_obstacle(stages: Iterable[tuple[Code, int]]) -> Code | None:
    """Which condition leaves a whole search without any start; None when some start meets them all.

    `stages` are the conditions in the order in which they should be blamed, with the starts that meet each.
    """
    left = -1
    for code, mask in stages:
        left &= mask
        if not left:
            return code
    return None


def _closed_to(core: Span, whole: Span, always: Sequence[Span], holidays: Sequence[Span]) -> list[Span]:
    """The holiday minutes that count for this time: not where its own openings are open on holidays."""
    exempt = list(always)
    if _meets_any(always, (core[0], core[0] + 1)):
        exempt.append((whole[0], core[0]))
    if _meets_any(always, (core[1] - 1, core[1])):
        exempt.append((core[1], whole[1]))
    return subtract(holidays, exempt)


def _meets_any(spans: Iterable[Span], wanted: Span) -> bool:
    """Whether one of the intervals shares a minute with `wanted`."""
    return any(overlap(span, wanted) for span in spans)
