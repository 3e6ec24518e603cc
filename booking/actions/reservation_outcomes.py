"""What becomes of each date of a reservation, and the refusal where some may not be left out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from booking.actions.claims import Standing as HeldClaim
from booking.actions.proposals import lapse_blocking
from booking.actions.reminders import Planned
from booking.actions.reservation_clashes import Want, explained, refusal
from booking.actions.reservation_dates import CLASH, HINDERED, Examined, examine
from booking.actions.reservation_requests import ReservationPlan, Wish
from booking.actions.reservation_rows import Standing
from booking.actions.rights import Actor
from booking.refusals import Clashing, Fault, Forbidden, Hindrance, Invalid, NotOffered
from booking.timeline.interval import Minute, local_date

OnClash = Literal["refuse", "skip"]
BOOKED, MOVED, SKIPPED = "booked", "moved", "skipped"
ASKED = "asked"


@dataclass(frozen=True)
class Outcome:
    """What became of one date: ``booked``, ``moved`` (to other calendars or another time, as asked) or ``skipped``.

    ``reason`` of a skipped one: ``asked``, ``clash`` or ``hindered``. ``id`` is the reservation that holds it.
    """

    date: str
    original: Minute
    starts: Minute
    ends: Minute
    outcome: str
    calendars: tuple[str, ...]
    id: str | None = None
    reason: str | None = None
    clashes: tuple[Clashing, ...] = ()
    hindrances: tuple[Hindrance, ...] = ()


@dataclass(frozen=True)
class Reserved:
    """What was done: the reservation, every date with what became of it, what will be sent."""

    entry_pk: int
    id: str
    version: int
    status: str
    zone: str
    outcomes: tuple[Outcome, ...] = ()
    messages: tuple[Planned, ...] = ()


def goes(examined: Examined, plan: ReservationPlan) -> bool:
    """Whether a date is taken, once it was settled that the others may be left out."""
    return not examined.wish.skipped and not examined.clashes and (not examined.hindrances or plan.insists)


def settled(
    session: Session,
    actor: Actor,
    plan: ReservationPlan,
    now: datetime,
    on_clash: OnClash,
    *,
    ignoring: Collection[int | tuple[int, Minute]] = (),
    held: frozenset[tuple[int, Minute, Minute]] = frozenset(),
) -> list[Examined]:
    """Every date examined; raises the refusal where some do not go that may not be left out."""
    examined = examine(session, actor, plan, now, ignoring=ignoring, held=held)
    in_the_way = [claim for each in examined for _, claim in each.clashes]
    if in_the_way and lapse_blocking(session, in_the_way, now):
        examined = examine(session, actor, plan, now, ignoring=ignoring, held=held)
    if on_clash == "skip" and any(goes(each, plan) for each in examined):
        return examined
    blocking: list[tuple[Want, HeldClaim]] = [pair for each in examined for pair in each.clashes]
    if blocking:
        raise refusal(session, actor, blocking)
    hindrances = [hindrance for each in examined for hindrance in each.hindrances]
    if hindrances and not plan.insists:
        if plan.override:
            raise Forbidden
        raise NotOffered(list(dict.fromkeys(hindrances)))
    return examined


def next_start(wishes: Sequence[Wish], now: datetime) -> Minute:
    """The start of the first date that has not begun yet; else that of the first."""
    minute = int(now.timestamp()) // 60
    return next((wish.starts for wish in wishes if wish.starts > minute), wishes[0].starts)


def told(
    session: Session,
    actor: Actor,
    plan: ReservationPlan,
    examined: Sequence[Examined],
    ids: dict[Minute, str],
) -> tuple[Outcome, ...]:
    """Every date of a plan with what became of it."""
    pairs = [pair for each in examined for pair in each.clashes]
    clashes = dict(zip(pairs, explained(session, actor, pairs), strict=True))
    outcomes = []
    for each in examined:
        wish = each.wish
        taken = goes(each, plan)
        outcomes.append(
            Outcome(
                date=local_date(wish.original, plan.zone).isoformat(),
                original=wish.original,
                starts=wish.starts,
                ends=wish.ends,
                outcome=SKIPPED if not taken else MOVED if wish.moved or wish.elsewhere else BOOKED,
                calendars=tuple(calendar.id for calendar in wish.calendars),
                id=ids.get(wish.original) if taken else None,
                reason=None if taken else ASKED if wish.skipped else CLASH if each.clashes else HINDERED,
                clashes=tuple(clashes[pair] for pair in each.clashes),
                hindrances=each.hindrances,
            )
        )
    return tuple(outcomes)


def reserved(standing: Standing, outcomes: Sequence[Outcome] = (), messages: Sequence[Planned] = ()) -> Reserved:
    """What a change comes back with."""
    entry = standing.entry
    return Reserved(entry.pk, entry.id, entry.version, entry.status, entry.zone, tuple(outcomes), tuple(messages))


def joined(one: Reserved, other: Reserved) -> Reserved:
    """What two steps of one change did, as the first of them tells it."""
    return replace(one, outcomes=one.outcomes + other.outcomes, messages=one.messages + other.messages)


def no_such_scope() -> Invalid:
    return Invalid([Fault("/scope", "date_needed", "one date, or it and the following, need a date")])
