"""Reservations: rooms, vehicles and colleagues' time taken for a stated use; all calendars of all dates, or nothing.

The order is that of every writing path: resolve and check rights, lock the calendars, examine the time, write the
entries with their claims, then the ledger and the audit. Nothing here commits. All verbs are to be had from here:
``preview`` and ``reserve``, ``change``, ``cancel`` and ``restore``, ``confirm`` and ``reject``.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from booking.actions.reminders import Planned
from booking.actions.reservation_changes import Scope, change
from booking.actions.reservation_dates import DatePreview, Examined, Instead, preview
from booking.actions.reservation_endings import cancel, restore
from booking.actions.reservation_outcomes import OnClash, Outcome, Reserved, goes, next_start, settled, told
from booking.actions.reservation_proposals import confirm, reject, status_of
from booking.actions.reservation_requests import (
    KEEP,
    DateChange,
    ReservationChange,
    ReservationDraft,
    ReservationPlan,
    Wish,
    resolve,
)
from booking.actions.reservation_rows import ELSEWHERE, LEFT_OUT, Identity, Left, announce, note, of_entry, write
from booking.actions.rights import Actor
from booking.actions.series import TAKEN
from booking.database import lock_calendars
from booking.models import Entry

__all__ = [
    "KEEP",
    "DateChange",
    "DatePreview",
    "Instead",
    "OnClash",
    "Outcome",
    "ReservationChange",
    "ReservationDraft",
    "Reserved",
    "Scope",
    "cancel",
    "change",
    "confirm",
    "preview",
    "reject",
    "reserve",
    "restore",
]


def reserve(
    session: Session, actor: Actor, draft: ReservationDraft, now: datetime, on_clash: OnClash = "refuse"
) -> Reserved:
    """Reserves every calendar on every date of the draft, in the caller's one transaction.

    With ``refuse`` all of it or nothing; with ``skip`` the dates that do not go are left out, each told with its
    reason, and it is refused only if none goes. Raises ``Invalid``, ``Forbidden``, ``Clash``, ``NotOffered``.
    """
    plan = resolve(session, actor, draft, now)
    lock_calendars(session, [each.pk for each in plan.every_calendar])
    examined = settled(session, actor, plan, now, on_clash)
    going = [each.wish for each in examined if goes(each, plan)]
    made = _write(session, actor, plan, examined, going, now)
    messages: list[Planned] = []
    for entry, _ in made:
        kind = "booked" if entry.status == "confirmed" else "proposed"
        messages += announce(session, kind, of_entry(session, entry), actor, now)
    head = made[0][0]
    ids = {wish.original: entry.id for entry, wishes in made for wish in wishes}
    outcomes = told(session, actor, plan, examined, ids)
    return Reserved(head.pk, head.id, head.version, head.status, head.zone, outcomes, tuple(messages))


def _write(
    session: Session,
    actor: Actor,
    plan: ReservationPlan,
    examined: Sequence[Examined],
    going: Sequence[Wish],
    now: datetime,
) -> list[tuple[Entry, list[Wish]]]:
    """The entries of a plan, the first being the one the others are joined to, with the dates each of them holds."""
    together = [wish for wish in going if not wish.elsewhere] if plan.series else []
    alone = [wish for wish in going if plan.series is None or wish.elsewhere]
    made: list[tuple[Entry, list[Wish]]] = []
    if together:
        identity = _identity(session, actor, plan, together, now, None)
        left = {each.wish.original: Left(_why(each), 0) for each in examined if each.wish not in together}
        entry = write(session, plan, together, identity, now, series=plan.series, dates=left)
        note(session, actor, *_noted(entry, len(together)), now, {"starts": entry.starts, "dates": len(together)})
        made.append((entry, together))
    for wish in alone:
        head_pk = made[0][0].pk if made else None
        identity = _identity(session, actor, plan, [wish], now, head_pk)
        entry = write(session, plan, [wish], identity, now, series=None)
        note(session, actor, *_noted(entry, 1), now, {"starts": entry.starts, "ends": entry.ends})
        made.append((entry, [wish]))
    return made


def _noted(entry: Entry, dates: int) -> tuple[str, Entry]:
    return ("reserve" if entry.status == "confirmed" else "propose"), entry


def _why(examined: Examined) -> str:
    if examined.wish.elsewhere:
        return ELSEWHERE
    return TAKEN if examined.clashes else LEFT_OUT


def _identity(
    session: Session,
    actor: Actor,
    plan: ReservationPlan,
    wishes: Sequence[Wish],
    now: datetime,
    related_pk: int | None,
) -> Identity:
    status, lapses_at = status_of(session, plan, wishes[0].calendars, next_start(wishes, now), now)
    return Identity(actor.pk, status, lapses_at, related_pk)
