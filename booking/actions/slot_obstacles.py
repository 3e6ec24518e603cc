"""Why a search found nothing: what stands in the way, day by day, in codes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking.actions.claims import Standing, standing
from booking.actions.openings import laid_out, read_rules
from booking.actions.rights import Actor
from booking.actions.slot_masks import Survey, between, by_place, by_venue, closed_at, grid_of, home_of
from booking.actions.slot_search import Bookable, Question, Search, resolve
from booking.database import rows
from booking.models.claims import UNAVAILABLE
from booking.timeline.interval import Span, local_date, local_day
from booking.timeline.slots import Grid, masks_meeting, open_starts

A_DAY = 1440
DAYS = 7
MOST_ADVISERS = 12
MOST_A_DAY = 4
STAGES = ("outside_openings", "public_holiday", "horizon", "notice", "absence", "busy", "room", "vehicle")
"""The conditions in the order in which they are blamed; the later one counts where an adviser has two venues."""

NO_COMMON_TIME = "no_common_time"
_Places = dict[tuple[int, int], tuple[list[Span], list[Span]]]


@dataclass(frozen=True)
class Hindered:
    """One reason for a day without slots. ``calendar`` (and its name) is whom or what it is about, if anybody."""

    day: date
    code: str
    calendar: str | None = None
    name: str | None = None


def why_none(session: Session, actor: Actor, search: Search, now: datetime, days: int = DAYS) -> list[Hindered]:
    """What stands in the way on each of the search's first days; days that have a slot are left out.

    At most ``days`` days, a dozen advisers and four reasons a day, so that it costs little whatever was asked.
    """
    question = resolve(session, actor, search, now)
    advisers = question.advisers[:MOST_ADVISERS]
    zone = ZoneInfo(actor.zone)
    first, last = question.since, min(question.until, question.since + days * A_DAY)
    if not advisers or last <= first:
        return []
    window = (first // A_DAY * A_DAY, -(-last // A_DAY) * A_DAY)
    inquiry = _Inquiry(session, question, advisers, window)
    found: list[Hindered] = []
    day_start = first
    while day_start < last:
        day = local_date(day_start, zone)
        day_end = local_day(day, zone)[1]
        found += inquiry.reasons(day, (day_start, min(day_end, last)))
        day_start = day_end
    names = _names(session, {each.calendar for each in found if each.calendar is not None})
    return [Hindered(each.day, each.code, each.calendar, names.get(each.calendar or "")) for each in found]


class _Inquiry:
    """What was read once for all the days that are asked about."""

    def __init__(self, session: Session, question: Question, advisers: Sequence[Bookable], window: Span) -> None:
        need = question.need
        self.question, self.advisers, self.window = question, advisers, window
        self.reach = (window[0] - need.before, window[1] + need.minutes + need.after)
        self.survey = Survey(session, question, window)
        self.rooms_at, self.vehicles_at = by_venue(question.rooms), by_venue(question.vehicles)
        pks = [one.pk for one in advisers]
        rules = read_rules(session, pks, window, question.purpose_pk)
        self.places: _Places = by_place(laid_out(rules, self.reach))
        venues = {venue_pk for _, venue_pk in self.places}
        homes = {one.venue_pk for one in advisers}
        others = [
            *(one for pk in venues for one in self.rooms_at.get(pk, ())),
            *(one for pk in homes if pk for one in self.vehicles_at.get(pk, ())),
        ]
        margin = max([0, *(max(one.setup_minutes, one.cleanup_minutes) for one in others)])
        self.claims = standing(
            session, [*pks, *(one.pk for one in others)], self.reach[0] - margin, self.reach[1] + margin
        )

    def reasons(self, day: date, span: Span) -> list[Hindered]:
        """Why nobody can be had in this span of a day; empty when somebody can."""
        blamed: dict[str, str] = {}
        for one in self.advisers:
            code = self._blamed(one, span)
            if code is None and not self.question.together:
                return []
            blamed[one.id] = code or NO_COMMON_TIME
        codes = set(blamed.values())
        if codes == {NO_COMMON_TIME}:
            return [Hindered(day, NO_COMMON_TIME)] if len(blamed) > 1 else []
        if len(codes) == 1 and codes & {"outside_openings", "public_holiday", "notice", "horizon", "room", "vehicle"}:
            return [Hindered(day, codes.pop(), next(iter(blamed)) if len(blamed) == 1 else None)]
        told = [
            Hindered(day, code, calendar)
            for calendar, code in blamed.items()
            if code not in ("outside_openings", NO_COMMON_TIME)
        ]
        return told[:MOST_A_DAY] or [Hindered(day, "outside_openings", next(iter(blamed), None))]

    def _blamed(self, one: Bookable, span: Span) -> str | None:
        """The condition that leaves this adviser without a start, at the venue where it went furthest."""
        furthest = -1
        for (calendar_pk, venue_pk), (usual, always) in self.places.items():
            if calendar_pk == one.pk and venue_pk in self.survey.allowed:
                reached = self._reached(one, venue_pk, usual, always, span)
                if reached is None:
                    return None
                furthest = max(furthest, reached)
        return STAGES[max(furthest, 0)]

    def _reached(
        self, one: Bookable, venue_pk: int, usual: Sequence[Span], always: Sequence[Span], span: Span
    ) -> int | None:
        """The number of the stage at which no start is left."""
        question, venue = self.question, self.survey.venues[venue_pk]
        grid = grid_of(self.window, question.need.minutes, question.step, venue.zone)
        left = between(grid, span[0], span[1] - 1)
        for number, mask in enumerate(self._stages(one, venue_pk, grid, usual, always)):
            left &= mask
            if not left:
                return number
        return None

    def _stages(
        self, one: Bookable, venue_pk: int, grid: Grid, usual: Sequence[Span], always: Sequence[Span]
    ) -> Iterator[int]:
        """The starts that meet each condition, in the order of ``STAGES``."""
        question, need, venue = self.question, self.question.need, self.survey.venues[venue_pk]
        closed = closed_at(venue.public_holidays, venue.zone, self.reach) if venue.public_holidays else ()
        yield open_starts(grid, need, [*usual, *always])
        yield open_starts(grid, need, usual, closed, always)
        yield between(grid, self.window[0], question.latest_end - need.minutes)
        yield between(grid, question.earliest, self.window[1])
        mine = [claim for claim in self.claims if claim.calendar_pk == one.pk]
        yield ~_meeting(grid, (each for each in mine if each.strength == UNAVAILABLE), need.before, self._after)
        yield ~_meeting(grid, (each for each in mine if each.strength != UNAVAILABLE), need.before, self._after)
        yield -1 if question.rooms is None else self._any_free(self.rooms_at.get(venue_pk, ()), grid, None)
        home = home_of([one])
        yield (
            -1
            if question.vehicles is None
            else self._any_free(
                self.vehicles_at.get(home, ()) if home is not None else (), grid, (need.before, self._after)
            )
        )

    @property
    def _after(self) -> int:
        return self.question.need.minutes + self.question.need.after

    def _any_free(self, ones: Iterable[Bookable], grid: Grid, buffers: tuple[int, int] | None) -> int:
        free = 0
        for one in ones:
            left, right = buffers or (one.setup_minutes, self.question.need.minutes + one.cleanup_minutes)
            mine = (claim for claim in self.claims if claim.calendar_pk == one.pk)
            closed = self.survey.closed(one, self.window, grid) if one.has_hours else 0
            free |= grid.valid & ~_meeting(grid, mine, left, right) & ~closed
        return free


def _meeting(grid: Grid, claims: Iterable[Standing], left: int, right: int) -> int:
    return masks_meeting(grid, ((0, claim.starts, claim.ends) for claim in claims), -left, right).get(0, 0)


def _names(session: Session, ids: set[str]) -> dict[str, str]:
    if not ids:
        return {}
    return dict(rows(session, "SELECT id, name FROM calendar WHERE id IN_ARRAY(:ids)", {"ids": sorted(ids)}))
