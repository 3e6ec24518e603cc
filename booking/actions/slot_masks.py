"""The free starts of a search, window by window: read in a few statements, kept as masks by calendar version.

A mask is kept with the version its calendar had **before** its openings and claims were read, and is used only
while the calendar still has that version. Every transaction that changes what stands on a calendar, or how it
opens, raises the version with it; so a kept mask never shows a time that the database knew to be taken when the
search began. There is no time to live.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking.actions.claims import occupied
from booking.actions.distance import kilometres
from booking.actions.openings import Offered, Rules, laid_out, read_rules
from booking.actions.slot_search import Bookable, Question
from booking.actions.windows import Window, windows_of
from booking.database import rows
from booking.refusals import NotFound
from booking.timeline.holidays import closed_days
from booking.timeline.interval import Span, merge
from booking.timeline.slots import (
    NOTHING,
    Choices,
    Grid,
    Line,
    Need,
    make_grid,
    masks_meeting,
    offered,
    open_starts,
    starts_meeting,
)

A_DAY = 1440
A_WEEK = 7 * A_DAY
MANY = 50
KEPT_BYTES = 24_000_000
_ENTRY_BYTES = 250


class VenueRow(NamedTuple):
    pk: int
    id: str
    zone: str
    public_holidays: str | None
    school_zone: str | None
    latitude: float | None
    longitude: float | None
    territory_pk: int


Clock = tuple[str, str | None, str | None]
"""What the masks at a venue rest on besides the calendars: its zone, its public holidays and its school zone."""

Shape = tuple[str, int | None, Span, Need, int]
"""Database, purpose, window of starts, need, step of the grid."""

_OpenAt = tuple[tuple[int, int], ...]
"""(venue, open starts) pairs of one adviser."""

_Reach = tuple[int, int, int, int]
"""The grid's origin and step, and the minutes that must be free before and after the appointment."""


class Kept:
    """The masks of one shape of search. Each stands beside the version that its calendar had before it was read.

    ``opens`` holds the open starts of advisers, ``busy`` the forbidden starts of calendars.
    """

    __slots__ = ("busy", "clocks", "opens", "size")

    def __init__(self) -> None:
        self.clocks: dict[int, Clock] = {}
        self.opens: dict[int, tuple[int, _OpenAt]] = {}
        self.busy: dict[_Reach, dict[int, tuple[int, int]]] = {}
        self.size = 0

    def bytes(self) -> int:
        entries = len(self.opens) + sum(len(each) for each in self.busy.values())
        return entries * (_ENTRY_BYTES + self.size // 8)


_shelf: OrderedDict[Shape, Kept] = OrderedDict()
_guard = Lock()


def forget() -> None:
    """Drops everything that is kept (for measuring a first search)."""
    with _guard:
        _shelf.clear()


def _kept(session: Session, shape: Shape) -> Kept:
    """What is kept of this shape. A writing transaction neither uses nor leaves anything: it may be undone."""
    if session.connection().get_execution_options().get("writing"):
        return Kept()
    with _guard:
        kept = _shelf.setdefault(shape, Kept())
        _shelf.move_to_end(shape)
        while len(_shelf) > 1 and sum(each.bytes() for each in _shelf.values()) > KEPT_BYTES:
            _shelf.popitem(last=False)
    return kept


def windows(question: Question, since: int, limit: int | None) -> list[Span]:
    """The starts to look at from ``since`` on, as whole UTC days: a week first, then all the rest.

    Of many advisers a few slots are found in a day or two, so those come before the week. Whole days, so that what
    is kept serves the next minute's search as well.
    """
    last = question.latest_end - question.need.minutes
    first = max(question.earliest, since)
    if last < first:
        return []
    begin, end = first // A_DAY * A_DAY, (last // A_DAY + 1) * A_DAY
    many = len(question.advisers)
    cuts = [begin + A_WEEK, end]
    if limit is not None and many >= MANY and limit <= 2 * many:
        cuts.insert(0, begin + 2 * A_DAY)
    looks: list[Span] = []
    for cut in cuts:
        if begin < min(cut, end):
            looks.append((begin, min(cut, end)))
            begin = looks[-1][1]
    return looks


_VENUES = """
SELECT v.pk, v.id, t.timezone, t.public_holidays, t.school_zone, v.latitude, v.longitude, t.pk
FROM venue v JOIN organisation s ON s.pk = v.organisation_pk JOIN territory t ON t.pk = s.territory_pk
WHERE v.id IN_ARRAY(:named)
   OR v.pk IN (SELECT o.venue_pk FROM opening o WHERE o.calendar_pk IN_ARRAY(:advisers))
   OR v.pk IN (SELECT x.venue_pk FROM opening_change x JOIN opening o ON o.pk = x.opening_pk
               WHERE o.calendar_pk IN_ARRAY(:advisers))
"""


class Survey:
    """One search under way. ``lines`` looks at one window; openings are read once for all of them."""

    def __init__(self, session: Session, question: Question, within: Span) -> None:
        self._session = session
        self._question = question
        self._within = within
        self._rules: list[tuple[frozenset[int], Rules]] = []
        self._windows: dict[int, Window] = {}
        self._database = str(session.get_bind().engine.url)
        self._advisers = {each.pk: each for each in question.advisers}
        self.venues = self._read_venues()
        self.allowed = {pk for pk, venue in self.venues.items() if self._allows(venue)}

    def _read_venues(self) -> dict[int, VenueRow]:
        named = sorted(self._question.venues or ())
        found = rows(self._session, _VENUES, {"named": named, "advisers": list(self._advisers)})
        venues = {row[0]: VenueRow(*row) for row in found}
        known = {venue.id for venue in venues.values() if venue.territory_pk in self._question.territories}
        if not known.issuperset(named):
            raise NotFound
        return venues

    def _allows(self, venue: VenueRow) -> bool:
        question = self._question
        if question.venues is not None and venue.id not in question.venues:
            return False
        if question.near is None:
            return True
        if venue.latitude is None or venue.longitude is None:
            return False
        return kilometres(question.near, (venue.latitude, venue.longitude)) <= question.within_km

    def lines(self, window: Span) -> list[Line]:
        """The free starts in the window, and within the search's bounds, of everyone at every venue."""
        question, need = self._question, self._question.need
        kept = _kept(self._session, (self._database, question.purpose_pk, window, need, question.step))
        grids = {pk: grid_of(window, need.minutes, question.step, self.venues[pk].zone) for pk in self.venues}
        cuts = {grid: between(grid, question.earliest, question.latest_end - need.minutes) for grid in grids.values()}
        kept.size = max((grid.size for grid in cuts), default=0)
        opens = self._opens(kept, window, grids)
        rooms_at, vehicles_at = by_venue(question.rooms), by_venue(question.vehicles)
        wanted = list(self._wanted(opens, grids, cuts, rooms_at, vehicles_at))
        busy = self._busy(kept, window, wanted, grids, rooms_at, vehicles_at)

        def free(ones: Sequence[Bookable], grid: Grid, before: int | None = None, after: int = 0) -> Choices:
            masks = {}
            for one in ones:
                left, right = (one.setup_minutes, one.cleanup_minutes) if before is None else (before, after)
                masks[one.id] = grid.valid & ~busy[grid.origin, grid.step, left, right][one.pk]
            return Choices(masks, _union(masks.values()))

        rooms: dict[int, Choices] = {}
        vehicles: dict[tuple[int, Grid], Choices] = {}
        found = []
        for group, venue_pk, each in wanted:
            grid = grids[venue_pk]
            taken = busy[grid.origin, grid.step, need.before, need.after]
            rooms_here = vehicles_here = None
            if question.rooms is not None:
                if venue_pk not in rooms:
                    rooms[venue_pk] = free(rooms_at.get(venue_pk, ()), grid)
                rooms_here = rooms[venue_pk]
            if question.vehicles is not None:
                home = home_of(group)
                if home is None:
                    vehicles_here = NOTHING
                else:
                    if (home, grid) not in vehicles:
                        vehicles[home, grid] = free(vehicles_at.get(home, ()), grid, need.before, need.after)
                    vehicles_here = vehicles[home, grid]
            found.append(
                offered(
                    tuple(one.id for one in group),
                    self.venues[venue_pk].id,
                    grid,
                    [(mask & cuts[grid], taken[one.pk]) for one, mask in zip(group, each, strict=True)],
                    rooms_here,
                    vehicles_here,
                )
            )
        return found

    def _opens(self, kept: Kept, window: Span, grids: dict[int, Grid]) -> dict[int, _OpenAt]:
        """The open starts of every adviser at every venue; the kept ones, and the rest read and made anew.

        What is found is held apart from what is kept: another search may put back an older state meanwhile.
        """
        clocks = {pk: (venue.zone, venue.public_holidays, venue.school_zone) for pk, venue in self.venues.items()}
        if any(clocks.get(pk, clock) != clock for pk, clock in kept.clocks.items()):
            kept.opens, kept.busy = {}, {}
        kept.clocks = {**kept.clocks, **clocks}
        shared, opens = kept.opens, {}
        for pk, one in self._advisers.items():
            held = shared.get(pk)
            if held is not None and held[0] == one.version:
                opens[pk] = held[1]
        if len(opens) < len(self._advisers):
            for pk, masks in self._open_masks(self._advisers.keys() - opens.keys(), window, grids).items():
                opens[pk] = masks
                shared[pk] = (self._advisers[pk].version, masks)
        return opens

    def _open_masks(self, stale: set[int], window: Span, grids: dict[int, Grid]) -> dict[int, _OpenAt]:
        need = self._question.need
        reach = (window[0] - need.before, window[1] + need.minutes + need.after)
        masks: dict[int, list[tuple[int, int]]] = {pk: [] for pk in stale}
        for (calendar_pk, venue_pk), (usual, always) in by_place(laid_out(self._rules_of(stale), reach)).items():
            if calendar_pk in masks and venue_pk in grids:
                venue = self.venues[venue_pk]
                closed = closed_at(venue.public_holidays, venue.zone, reach) if venue.public_holidays else ()
                mask = open_starts(grids[venue_pk], need, usual, closed, always)
                if mask:
                    masks[calendar_pk].append((venue_pk, mask))
        return {pk: tuple(each) for pk, each in masks.items()}

    def _rules_of(self, stale: set[int]) -> Rules:
        """The openings of these advisers, read once for all windows."""
        for pks, rules in self._rules:
            if stale <= pks:
                return rules
        rules = read_rules(self._session, stale, self._within, self._question.purpose_pk)
        self._rules.append((frozenset(stale), rules))
        return rules

    def _wanted(
        self,
        opens: dict[int, _OpenAt],
        grids: dict[int, Grid],
        cuts: dict[Grid, int],
        rooms_at: dict[int, list[Bookable]],
        vehicles_at: dict[int, list[Bookable]],
    ) -> Iterator[tuple[tuple[Bookable, ...], int, tuple[int, ...]]]:
        """Who may be free where, as far as openings go: (advisers, venue, the open starts of each)."""
        question = self._question

        def possible(group: tuple[Bookable, ...], venue_pk: int) -> bool:
            return (
                venue_pk in self.allowed
                and (question.rooms is None or venue_pk in rooms_at)
                and (question.vehicles is None or home_of(group) in vehicles_at)
            )

        if not question.together:
            for adviser in question.advisers:
                group = (adviser,)
                for venue_pk, mask in opens[adviser.pk]:
                    if mask & cuts[grids[venue_pk]] and possible(group, venue_pk):
                        yield group, venue_pk, (mask,)
        elif question.advisers:
            at = [dict(opens[adviser.pk]) for adviser in question.advisers]
            for venue_pk in at[0]:
                each = tuple(one.get(venue_pk, 0) for one in at)
                all_open = cuts[grids[venue_pk]]
                for mask in each:
                    all_open &= mask
                if all_open and possible(question.advisers, venue_pk):
                    yield question.advisers, venue_pk, each

    def _busy(
        self,
        kept: Kept,
        window: Span,
        wanted: Sequence[tuple[tuple[Bookable, ...], int, tuple[int, ...]]],
        grids: dict[int, Grid],
        rooms_at: dict[int, list[Bookable]],
        vehicles_at: dict[int, list[Bookable]],
    ) -> dict[_Reach, dict[int, int]]:
        """The forbidden starts of all calendars that matter; those not kept are read in one statement."""
        need = self._question.need
        asked: dict[_Reach, dict[int, Bookable]] = {}
        by_origin: dict[tuple[int, int], Grid] = {}
        for group, venue_pk, _ in wanted:
            grid = grids[venue_pk]
            by_origin[grid.origin, grid.step] = grid
            mine = asked.setdefault((grid.origin, grid.step, need.before, need.after), {})
            for one in group:
                mine[one.pk] = one
        places = {(home_of(group) or 0, venue_pk) for group, venue_pk, _ in wanted} if rooms_at or vehicles_at else ()
        for home, venue_pk in places:
            origin, step = grids[venue_pk].origin, grids[venue_pk].step
            for room in rooms_at.get(venue_pk, ()):
                asked.setdefault((origin, step, room.setup_minutes, room.cleanup_minutes), {})[room.pk] = room
            for vehicle in vehicles_at.get(home, ()):
                asked[origin, step, need.before, need.after][vehicle.pk] = vehicle
        busy: dict[_Reach, dict[int, int]] = {}
        stale: dict[_Reach, dict[int, Bookable]] = {}
        for key, ones in asked.items():
            shared, found = kept.busy.setdefault(key, {}), busy.setdefault(key, {})
            for pk, one in ones.items():
                held = shared.get(pk)
                if held is not None and held[0] == one.version:
                    found[pk] = held[1]
                else:
                    stale.setdefault(key, {})[pk] = one
        for key, masks in self._busy_masks(window, stale, by_origin).items():
            busy[key].update(masks)
            kept.busy[key].update((pk, (stale[key][pk].version, mask)) for pk, mask in masks.items())
        return busy

    def _busy_masks(
        self, window: Span, stale: dict[_Reach, dict[int, Bookable]], by_origin: dict[tuple[int, int], Grid]
    ) -> dict[_Reach, dict[int, int]]:
        if not stale:
            return {}
        minutes = self._question.need.minutes
        before, after = max(key[2] for key in stale), max(key[3] for key in stale)
        everyone = {pk for ones in stale.values() for pk in ones}
        found = occupied(self._session, everyone, window[0] - before, window[1] + minutes + after)
        busy = {}
        for (origin, step, left, right), ones in stale.items():
            mine = found if len(ones) == len(everyone) else [row for row in found if row[0] in ones]
            grid = by_origin[origin, step]
            masks = masks_meeting(grid, mine, -left, minutes + right)
            busy[origin, step, left, right] = {
                pk: masks.get(pk, 0) | (self.closed(one, window, grid) if one.has_hours else 0)
                for pk, one in ones.items()
            }
        return busy

    def closed(self, one: Bookable, window: Span, grid: Grid) -> int:
        """The starts at which a room is closed during the appointment, a vehicle while it is out."""
        need = self._question.need
        before, after = (0, 0) if one.kind == "room" else (need.before, need.after)
        closed = self._window_of(one).closed((window[0] - before, window[1] + need.minutes + after))
        return starts_meeting(grid, merge((each.start, each.end) for each in closed), -before, need.minutes + after)

    def _window_of(self, one: Bookable) -> Window:
        """The rules of a room or vehicle that is not always open; all of them are read at once."""
        if one.pk not in self._windows:
            candidates = [*(self._question.rooms or ()), *(self._question.vehicles or ())]
            self._windows = windows_of(self._session, [each.pk for each in candidates if each.has_hours])
        return self._windows[one.pk]


@lru_cache(maxsize=1024)
def grid_of(window: Span, minutes: int, step: int, zone: str) -> Grid:
    """All starts of the window on the local grid, wherever they end."""
    return make_grid((window[0], window[1] - 1 + minutes), minutes, window[0], step, ZoneInfo(zone))


@lru_cache(maxsize=256)
def closed_at(code: str, zone: str, reach: Span) -> tuple[Span, ...]:
    return tuple(closed_days(code, ZoneInfo(zone), (reach[0] - A_DAY, reach[1] + A_DAY)))


def between(grid: Grid, first: int, last: int) -> int:
    """The starts from ``first`` to ``last``, both included."""

    def below(limit: int) -> int:
        return (1 << min(max(-((grid.origin - limit) // grid.step), 0), grid.size)) - 1

    return grid.valid & below(last + 1) & ~below(first)


def by_place(offers: Iterable[Offered]) -> dict[tuple[int, int], tuple[list[Span], list[Span]]]:
    """What is open of each adviser at each venue: spans that close on public holidays, spans that do not."""
    places: dict[tuple[int, int], tuple[list[Span], list[Span]]] = {}
    for offer in offers:
        usual_and_always = places.setdefault((offer.calendar_pk, offer.venue_pk), ([], []))
        usual_and_always[offer.open_on_holidays].extend(offer.spans)
    return places


def by_venue(ones: Sequence[Bookable] | None) -> dict[int, list[Bookable]]:
    at: dict[int, list[Bookable]] = {}
    for one in ones or ():
        if one.venue_pk is not None:
            at.setdefault(one.venue_pk, []).append(one)
    return at


def home_of(group: Sequence[Bookable]) -> int | None:
    """The home venue that all of these share."""
    home = group[0].venue_pk
    return home if len(group) == 1 or all(one.venue_pk == home for one in group) else None


def _union(masks: Iterable[Any]) -> int:
    union = 0
    for mask in masks:
        union |= mask
    return union
