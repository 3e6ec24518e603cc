"""Each date of a reservation held against what stands: free, clashing, hindered; and what would do instead."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking.actions import reservation_rules
from booking.actions.claims import Standing, standing_on
from booking.actions.feasibility import CalendarFacts
from booking.actions.reservation_clashes import EXPLAINED, Want, explained, free_instead
from booking.actions.reservation_requests import ReservationDraft, ReservationPlan, Wish, resolve
from booking.actions.rights import Actor
from booking.refusals import Clashing, Fault, Hindrance, Invalid
from booking.timeline.clashes import own_clashes
from booking.timeline.interval import Minute, Span, local_date, local_day, merge, overlap, subtract

FREE, CLASH, HINDERED, SKIPPED = "free", "clash", "hindered", "skipped"
MOST_TIMES = 3
EARLIEST_HOUR, LATEST_HOUR = 7, 21
"""Other times are looked for within these hours, unless the wanted one lies outside of them."""


@dataclass(frozen=True)
class Examined:
    """A wish with what stands against it."""

    wish: Wish
    clashes: tuple[tuple[Want, Standing], ...] = ()
    hindrances: tuple[Hindrance, ...] = ()

    @property
    def state(self) -> str:
        if self.wish.skipped:
            return SKIPPED
        return CLASH if self.clashes else HINDERED if self.hindrances else FREE


@dataclass(frozen=True)
class Instead:
    """A calendar that is free in the place of another."""

    of: str
    calendar: str
    name: str


@dataclass(frozen=True)
class DatePreview:
    """What would become of one date. ``date`` is its local day; times are UTC minutes, ``zone`` the place's.

    ``state``: ``free``, ``clash`` (``clashes`` tell with what, titles as far as the actor may see), ``hindered``
    (``hindrances`` tell why; who manages every calendar may insist) or ``skipped`` (as the draft asks). Remedies:
    ``others`` are calendars free then, ``times`` other spans of that day at which all of its calendars are free.
    """

    date: str
    original: Minute
    starts: Minute
    ends: Minute
    zone: str
    calendars: tuple[str, ...]
    state: str
    clashes: tuple[Clashing, ...] = ()
    hindrances: tuple[Hindrance, ...] = ()
    others: tuple[Instead, ...] = ()
    times: tuple[Span, ...] = ()


def preview(session: Session, actor: Actor, draft: ReservationDraft, now: datetime) -> tuple[DatePreview, ...]:
    """Every date of a draft as it would go, before anything is written. Raises ``Invalid``, ``Forbidden``."""
    plan = resolve(session, actor, draft, now)
    return previewed(session, actor, plan, examine(session, actor, plan, now))


def examine(
    session: Session,
    actor: Actor,
    plan: ReservationPlan,
    now: datetime,
    *,
    ignoring: Collection[int | tuple[int, Minute]] = (),
    held: Collection[tuple[int, Minute, Minute]] = (),
) -> list[Examined]:
    """Each wish with what stands against it, ignoring what is being changed: entries, or single dates of one.

    What is ``held`` already (calendar, from when to when) is not asked for again, so no rule hinders it.
    Raises ``Invalid`` when the dates get into each other's way.
    """
    wishes = [wish for wish in plan.wishes if not wish.skipped]
    _refuse_own_overlaps(wishes)
    against: dict[int, list[Standing]] = {}
    spans = [(pk, *span) for wish in wishes for pk, span in wish.spans().items()]
    for claim in standing_on(session, spans, exclusive=True):
        if claim.entry_pk in ignoring or (claim.entry_pk, claim.occurrence) in ignoring:
            continue
        against.setdefault(claim.calendar_pk, []).append(claim)
    fresh = [wish for wish in wishes if not all((pk, *span) in held for pk, span in wish.spans().items())]
    changed = next((each if isinstance(each, int) else each[0] for each in ignoring), None)
    hindrances = _hindrances(session, actor, plan, fresh, now, changed)
    return [
        Examined(wish)
        if wish.skipped
        else Examined(wish, tuple(_clashes(wish, against)), tuple(hindrances.get(wish.original, ())))
        for wish in plan.wishes
    ]


def _refuse_own_overlaps(wishes: Sequence[Wish]) -> None:
    wanted: dict[int, list[Span]] = {}
    for wish in wishes:
        for pk, span in wish.spans().items():
            wanted.setdefault(pk, []).append(span)
    if len(wishes) > 1 and own_clashes(wanted):
        raise Invalid([Fault("/end", "overlaps_itself", "its dates would lie one upon another")])


def _clashes(wish: Wish, against: dict[int, list[Standing]]) -> Iterable[tuple[Want, Standing]]:
    for calendar in wish.calendars:
        want = Want(calendar, wish.starts, wish.ends)
        for claim in against.get(calendar.pk, ()):
            if overlap((claim.starts, claim.ends), want.claim):
                yield want, claim


def _hindrances(
    session: Session,
    actor: Actor,
    plan: ReservationPlan,
    wishes: Sequence[Wish],
    now: datetime,
    entry_pk: int | None,
) -> dict[Minute, list[Hindrance]]:
    """What hinders each date, by its original start. The rules are asked once for each set of calendars."""
    minute = int(now.timestamp()) // 60
    found: dict[Minute, list[Hindrance]] = {
        wish.original: [Hindrance("past", None, wish.starts, wish.ends, original=wish.original)]
        for wish in wishes
        if wish.ends <= minute
    }
    alike: dict[tuple[CalendarFacts, ...], list[Wish]] = {}
    for wish in wishes:
        if wish.ends > minute:
            alike.setdefault(wish.calendars, []).append(wish)
    for calendars, some in alike.items():
        hindrances = reservation_rules.examine(
            session,
            actor,
            calendars,
            [(wish.original, wish.starts, wish.ends) for wish in some],
            plan.noted.people,
            plan.noted.booked_for_pk or actor.pk,
            entry_pk,
            now,
            equipment=plan.noted.equipment,
        )
        for each in hindrances:
            for wish in some:
                if _concerns(each, wish):
                    found.setdefault(wish.original, []).append(each)
    return found


def _concerns(hindrance: Hindrance, wish: Wish) -> bool:
    if hindrance.original is not None:
        return hindrance.original == wish.original
    if hindrance.starts is None or hindrance.ends is None:
        return True
    return any(overlap((hindrance.starts, hindrance.ends), span) for span in wish.spans().values())


def previewed(
    session: Session, actor: Actor, plan: ReservationPlan, examined: Sequence[Examined]
) -> tuple[DatePreview, ...]:
    """The dates as they are told, with the remedies of those that do not go."""
    troubled = [each for each in examined if each.state in (CLASH, HINDERED)][:EXPLAINED]
    wants = {
        each.wish.original: [Want(calendar, each.wish.starts, each.wish.ends) for calendar in each.wish.calendars]
        for each in troubled
    }
    besides = {
        want: [calendar.pk for calendar in each.wish.calendars]
        for each in troubled
        for want in wants[each.wish.original]
    }
    instead = free_instead(session, actor, besides, besides=besides)
    times = _other_times(session, plan, [each.wish for each in troubled])
    clashes = iter(explained(session, actor, [pair for each in examined for pair in each.clashes]))
    told = []
    for each in examined:
        wish = each.wish
        wrong = {want.calendar.id for want, _ in each.clashes} | {hit.calendar for hit in each.hindrances}
        told.append(
            DatePreview(
                date=local_date(wish.original, plan.zone).isoformat(),
                original=wish.original,
                starts=wish.starts,
                ends=wish.ends,
                zone=plan.zone.key,
                calendars=tuple(calendar.id for calendar in wish.calendars),
                state=each.state,
                clashes=tuple(islice(clashes, len(each.clashes))),
                hindrances=each.hindrances,
                others=tuple(
                    Instead(want.calendar.id, other.id, other.name)
                    for want in wants.get(wish.original, ())
                    if want.calendar.id in wrong
                    for other in instead.get(want, ())
                ),
                times=times.get(wish.original, ()),
            )
        )
    return tuple(told)


def _other_times(session: Session, plan: ReservationPlan, wishes: Sequence[Wish]) -> dict[Minute, tuple[Span, ...]]:
    """Up to three other spans of the same day for each date, nearest first: one for each gap that is long enough."""
    windows = {wish.original: _hours(wish, plan.zone) for wish in wishes}
    asked = []
    for wish in wishes:
        first, last = windows[wish.original]
        asked += [(each.pk, *each.widened(first, last, 0, 0)) for each in wish.calendars]
    taken: dict[int, list[Span]] = {}
    for claim in standing_on(session, asked):
        taken.setdefault(claim.calendar_pk, []).append((claim.starts, claim.ends))
    return {wish.original: _nearest_gaps(wish, windows[wish.original], taken) for wish in wishes}


def _hours(wish: Wish, zone: ZoneInfo) -> Span:
    """Within which the whole of it is to lie: the usual hours of its day, or those it has itself."""
    day, end = local_day(local_date(wish.starts, zone), zone)
    first, last = day + EARLIEST_HOUR * 60, day + LATEST_HOUR * 60
    return (min(first, wish.starts), max(last, wish.ends)) if wish.ends <= end else (day, end + wish.ends - wish.starts)


def _nearest_gaps(wish: Wish, window: Span, taken: dict[int, list[Span]]) -> tuple[Span, ...]:
    length = wish.ends - wish.starts
    # A start is lost when what it takes of any calendar meets what is taken there.
    lost = [
        (start - (last - wish.starts) + 1, end + wish.starts - first)
        for calendar in wish.calendars
        for first, last in (calendar.widened(wish.starts, wish.ends, 0, 0),)
        for start, end in taken.get(calendar.pk, ())
    ]
    starts = subtract([(window[0], window[1] - length + 1)], merge(lost))
    nearest = sorted(
        (min(max(wish.starts, first), last - 1) for first, last in starts), key=lambda at: (abs(at - wish.starts), at)
    )
    return tuple((at, at + length) for at in nearest if at != wish.starts)[:MOST_TIMES]
