"""What an import only warns of: appointments outside openings, on absences or busy times, on holidays, in the past.

The appointments of each adviser are looked at in the order of their starts against that adviser's openings and
other times, expanded once for the whole span of the file.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from booking.actions.territory_file.drafts import STANDING, Draft
from booking.actions.territory_file.findings import Findings
from booking.actions.territory_file.overlaps import Lanes
from booking.actions.territory_file.world import Record, World, territory_of
from booking.database import rows
from booking.timeline.holidays import closed_days
from booking.timeline.interval import MINUTES_A_DAY, Span, merge
from booking.timeline.recurrence import Override, make_series, spans, with_overrides

_STORED = """
SELECT k.starts, k.ends, k.entry_pk, k.strength FROM claim k
WHERE k.calendar_pk = :calendar AND NOT k.exclusive AND k.starts < :until AND k.ends > :since
"""
_NOWHERE = ""


@dataclass(slots=True)
class Diary:
    """What the file says of one adviser: numbers of appointments, absences and busy times."""

    appointments: "array[int]" = field(default_factory=lambda: array("i"))
    absences: list[Span] = field(default_factory=list)
    busy: list[Span] = field(default_factory=list)


class Visits:
    """The appointments of a file, as numbers in arrays, and whatever may stand against them."""

    def __init__(self) -> None:
        self.diaries: dict[str, Diary] = {}
        self.busy_replaced: set[str] = set()
        self._rows = array("i")
        self._starts = array("i")
        self._ends = array("i")
        self._before = array("i")
        self._after = array("i")
        self._venues = array("i")
        self._purposes = array("i")
        self._venue_names: dict[str, int] = {_NOWHERE: 0}
        self._purpose_names: dict[str, int] = {}

    def diary(self, adviser: str) -> Diary:
        found = self.diaries.get(adviser)
        if found is None:
            found = self.diaries[adviser] = Diary()
        return found

    def note(self, draft: Draft, row: int) -> None:
        """Keeps what of an entry the warnings need; ``row`` is its number among the lanes."""
        if draft.status not in STANDING:
            return
        if draft.kind == "absence":
            for calendar in draft.calendars:
                self.diary(calendar.key).absences.extend((date.starts, date.ends) for date in draft.spans)
        elif draft.kind == "appointment":
            venue = draft.venue.key if draft.venue is not None else _NOWHERE
            self._rows.append(row)
            self._starts.append(draft.starts)
            self._ends.append(draft.ends)
            self._before.append(draft.before)
            self._after.append(draft.after)
            self._venues.append(self._venue_names.setdefault(venue, len(self._venue_names)))
            self._purposes.append(self._purpose_names.setdefault(draft.detail[0], len(self._purpose_names)))
            number = len(self._rows) - 1
            for calendar in draft.calendars:
                values = calendar.values
                if values["kind"] == "adviser":
                    self.diary(calendar.key).appointments.append(number)

    def warn(self, session: Session, world: World, lanes: Lanes, findings: Findings, now: datetime) -> None:
        """Counts the warnings of every appointment; an appointment of two advisers once for each of them."""
        venues, purposes = list(self._venue_names), list(self._purpose_names)
        this_minute = int(now.timestamp()) // 60
        openings: dict[str, list[Record]] = {}
        for opening in world["opening"].values():
            openings.setdefault(opening["calendar"].key, []).append(opening)
        closed = _Closed(world)
        for number, start in enumerate(self._starts):
            if start < this_minute:
                findings.warn(lanes.pointer(self._rows[number]), "past")
        for key, diary in self.diaries.items():
            if not diary.appointments:
                continue
            adviser = world["calendar"][key]
            window = (
                min(self._starts[number] for number in diary.appointments) - MINUTES_A_DAY,
                max(self._ends[number] for number in diary.appointments) + MINUTES_A_DAY,
            )
            absences, busy = self._against(session, adviser, diary, lanes, window)
            offered = _Offered(world, openings.get(key, ()), window)
            for number in diary.appointments:
                whole = (self._starts[number] - self._before[number], self._ends[number] + self._after[number])
                venue = world["venue"].get(venues[self._venues[number]])
                purpose = world["purpose"][purposes[self._purposes[number]]]
                pointer_of = self._rows[number]
                professions = purpose.values["professions"]
                if professions and adviser.values["profession"] not in professions:
                    findings.warn(lanes.pointer(pointer_of), "profession")
                inside = offered.covering(venue, purpose, (self._starts[number], self._ends[number]))
                if inside is None:
                    findings.warn(lanes.pointer(pointer_of), "outside_opening")
                if inside is not True and _meets(closed.days(venue or adviser, window), whole):
                    findings.warn(lanes.pointer(pointer_of), "on_holiday")
                if absences and _meets(absences, whole):
                    findings.warn(lanes.pointer(pointer_of), "on_absence")
                if busy and _meets(busy, whole):
                    findings.warn(lanes.pointer(pointer_of), "on_busy")

    def _against(
        self, session: Session, adviser: Record, diary: Diary, lanes: Lanes, window: Span
    ) -> tuple[list[Span], list[Span]]:
        """Absences and busy times of the file, and those stored that the file does not replace."""
        absences, busy = list(diary.absences), list(diary.busy)
        if adviser.pk is not None:
            found = rows(session, _STORED, {"calendar": adviser.pk, "since": window[0], "until": window[1]})
            for starts, ends, entry_pk, strength in found:
                if not lanes.is_replaced(entry_pk):
                    (absences if strength == "busy-unavailable" else busy).append((starts, ends))
        return merge(absences), merge(busy)


class _Closed:
    """The public holidays of each territory, reckoned once for a span and again only for a wider one."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._days: dict[str, tuple[Span, list[Span]]] = {}

    def days(self, place: Record, window: Span) -> list[Span]:
        territory = territory_of(place)
        if territory is None or territory["public_holidays"] is None:
            return []
        known = self._days.get(territory.key)
        if known is None or known[0][0] > window[0] or known[0][1] < window[1]:
            wide = window if known is None else (min(window[0], known[0][0]), max(window[1], known[0][1]))
            zone = self._world.zone_at(territory)
            known = self._days[territory.key] = (wide, closed_days(territory["public_holidays"], zone, wide))
        return known[1]


class _Offered:
    """What one adviser offers by appointment in a window, by venue and by the openings that admit a purpose."""

    def __init__(self, world: World, openings: Iterable[Record], window: Span) -> None:
        self._world = world
        self._window = window
        self._openings = [opening for opening in openings if opening["admission"] != "drop_in"]
        self._spans: dict[str, list[tuple[str, Span]]] = {}
        self._merged: dict[tuple[str, tuple[str, ...]], list[Span]] = {}
        self._admitting: dict[str, tuple[tuple[Record, ...], tuple[Record, ...]]] = {}

    def covering(self, venue: Record | None, purpose: Record, span: Span) -> bool | None:
        """Whether openings cover all of a span: ``True`` if those do that open on holidays, ``None`` if none do."""
        every, on_holidays = self._admit(purpose)
        if on_holidays and _covers(self._at(venue, on_holidays), span):
            return True
        return False if _covers(self._at(venue, every), span) else None

    def _admit(self, purpose: Record) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
        found = self._admitting.get(purpose.key)
        if found is None:
            every = tuple(
                opening for opening in self._openings if not opening["limited"] or purpose in opening["purposes"]
            )
            found = self._admitting[purpose.key] = (
                every,
                tuple(opening for opening in every if opening["holidays"] == "open"),
            )
        return found

    def _at(self, venue: Record | None, openings: Sequence[Record]) -> list[Span]:
        place = _NOWHERE if venue is None else venue.key
        key = (place, tuple(opening.key for opening in openings))
        found = self._merged.get(key)
        if found is None:
            found = self._merged[key] = merge(
                span for opening in openings for where, span in self._of(opening) if place == _NOWHERE or where == place
            )
        return found

    def _of(self, opening: Record) -> list[tuple[str, Span]]:
        found = self._spans.get(opening.key)
        if found is None:
            found = self._spans[opening.key] = list(_expanded(self._world, opening, self._window))
        return found


def _expanded(world: World, opening: Record, window: Span) -> Iterable[tuple[str, Span]]:
    """The times of one opening, each with its venue's id."""
    values = opening.values
    if values["starts_wall"] is None or values["venue"] is None or not values["minutes"]:
        return []
    start = datetime.fromisoformat(values["starts_wall"])
    zone = world.zone_at(values["venue"])
    series = make_series(start, values["minutes"], values["rrule"], values["exdates"], zone)
    venue = values["venue"].key
    if not values["changes"]:
        return [(venue, span) for span in spans(series, window)]
    overrides: dict[datetime, Override] = {}
    elsewhere: dict[datetime, str] = {}
    for original, starts_wall, minutes, other_venue in values["changes"]:
        wall = datetime.fromisoformat(original)
        overrides[wall] = (
            None if starts_wall is None else (datetime.fromisoformat(starts_wall), minutes or series.minutes)
        )
        if other_venue is not None:
            elsewhere[wall] = other_venue.key
    return [
        (elsewhere.get(occurrence.original, venue), occurrence.span)
        for occurrence in with_overrides(series, overrides, window)
    ]


def _covers(merged: list[Span], span: Span) -> bool:
    at = bisect_right(merged, (span[0], 1 << 60)) - 1
    return at >= 0 and merged[at][1] >= span[1]


def _meets(merged: list[Span], span: Span) -> bool:
    at = bisect_right(merged, (span[1] - 1, 1 << 60)) - 1
    return at >= 0 and merged[at][1] > span[0]
