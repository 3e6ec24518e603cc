"""Cancelling what was reserved - one date, this and the following, or all of it - and taking that back."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from booking.actions import claims, entries
from booking.actions.proposals import check_reason, lapse_minute
from booking.actions.reservation_changes import Scope
from booking.actions.reservation_clashes import Want, refusal
from booking.actions.reservation_outcomes import Reserved, no_such_scope, reserved
from booking.actions.reservation_requests import Wish
from booking.actions.reservation_rows import (
    ELSEWHERE,
    ENDED,
    Left,
    Standing,
    announce,
    drop,
    facts_of,
    family,
    forget_dates,
    load,
    may,
    note,
    of_entry,
    still,
    take,
    write_dates,
)
from booking.actions.reservation_series import (
    addressed,
    cut,
    end_before,
    end_if_empty,
    reason_of,
    series_of_entry,
    span_now,
)
from booking.actions.rights import Actor, rights_on
from booking.database import lock_calendars
from booking.models import Entry
from booking.models.claims import TENTATIVE
from booking.refusals import NotFound, WrongState
from booking.timeline.interval import Minute


def cancel(
    session: Session,
    actor: Actor,
    reservation_id: str,
    reason: str | None,
    now: datetime,
    scope: Scope = "all",
    date: str | None = None,
    seen: int | None = None,
) -> Reserved:
    """Cancels a reservation: the whole of it, one ``date``, or that date and the following. Twice is as once.

    With all of a series go the dates that left it for other calendars; chosen dates go together.
    """
    check_reason(reason)
    standing = load(session, actor, reservation_id, "change", seen)
    about = addressed(session, standing, date)
    entry = about.standing.entry
    if entry.status in ENDED:
        return reserved(about.standing)
    if entry.rrule is not None and about.original is None and scope != "all":
        raise no_such_scope()
    if about.original is not None and scope == "one":
        return _cancel_date(session, actor, about.standing, about.original, reason, now)
    if about.original is not None and scope == "following":
        return _cancel_following(session, actor, about.standing, about.original, reason, now)
    several = [entry] if scope == "one" else _with_it(session, entry)
    if scope == "following":
        several = [each for each in several if each.starts >= entry.starts]
    return _cancel_several(session, actor, about.standing, several, reason, now)


def _with_it(session: Session, entry: Entry) -> list[Entry]:
    """What is cancelled together: a series with what left it, or chosen dates; what left a series goes alone."""
    several = family(session, entry)
    left_a_series = entry.rrule is None and any(each.rrule is not None for each in several)
    return [entry] if left_a_series else several


def _cancel_several(
    session: Session, actor: Actor, first: Standing, several: list[Entry], reason: str | None, now: datetime
) -> Reserved:
    standings = [first if each.pk == first.entry.pk else of_entry(session, each) for each in several]
    lock_calendars(session, {pk for each in standings for pk in each.calendar_pks})
    still(session, first.entry)
    messages = []
    for each in standings:
        if each is not first:
            session.refresh(each.entry)
        if each.entry.status in ENDED:
            continue
        if each is first or may(actor, each.holders, rights_on(session, actor, each.calendar_pks), "change"):
            messages += drop(session, each, actor, now, kind="cancelled", reason=reason or None)
    return reserved(first, (), messages)


def _cancel_date(
    session: Session, actor: Actor, standing: Standing, original: Minute, reason: str | None, now: datetime
) -> Reserved:
    entry = standing.entry
    span = span_now(session, entry, original)
    if span is None:
        return reserved(standing)
    lock_calendars(session, standing.calendar_pks)
    still(session, entry)
    rest = {claim.calendar_pk for claim in standing.held if claim.occurrence != original}
    claims.release(session, entry.pk, sequence=entry.sequence + 1, now=now, occurrences=[original], keeping=rest)
    forget_dates(session, entry.pk, [original])
    entries.change(session, entry, now, significant=True)
    write_dates(session, entry.pk, [], {original: Left(reason or None, entry.sequence)}, entry.sequence, now)
    end_if_empty(session, entry, now)
    note(session, actor, "cancel_date", entry, now, {"date": original})
    messages = announce(session, "cancelled", standing, actor, now, occurrence=original, span=span)
    return reserved(standing, (), messages)


def _cancel_following(
    session: Session, actor: Actor, standing: Standing, original: Minute, reason: str | None, now: datetime
) -> Reserved:
    entry = standing.entry
    head, _, later = cut(session, standing, original)
    elsewhere = [each for each in family(session, entry) if each.rrule is None and each.starts >= original]
    if head is None:
        return _cancel_several(session, actor, standing, [entry, *elsewhere], reason, now)
    others = [of_entry(session, each) for each in elsewhere]
    lock_calendars(session, {*standing.calendar_pks, *(pk for each in others for pk in each.calendar_pks)})
    still(session, entry)
    end_before(session, standing, head, later, now)
    note(session, actor, "cancel_following", entry, now, {"date": original})
    span = (original, original + entry.ends - entry.starts)
    messages = announce(session, "cancelled", standing, actor, now, occurrence=original, span=span)
    for each in others:
        if may(actor, each.holders, rights_on(session, actor, each.calendar_pks), "change"):
            messages += drop(session, each, actor, now, kind="cancelled", reason=reason or None)
    return reserved(standing, (), messages)


def restore(
    session: Session, actor: Actor, reservation_id: str, now: datetime, date: str | None = None, seen: int | None = None
) -> Reserved:
    """Undoes a cancellation while the time is still free; ``Clash`` when it is not.

    With a ``date`` of a series, that date is again as its rule says. Who has to say yes is asked anew.
    """
    standing = load(session, actor, reservation_id, "change", seen)
    about = addressed(session, standing, date)
    if about.original is not None and about.standing.entry.status not in ENDED:
        return _restore_date(session, actor, about.standing, about.original, now)
    standing = about.standing
    entry, held = standing.entry, standing.held
    if entry.status != "cancelled":
        raise WrongState("not_cancelled")
    lock_calendars(session, standing.calendar_pks)
    still(session, entry)
    _refuse_taken(session, actor, standing, held)
    tentative = any(claim.strength == TENTATIVE for claim in held)
    start = next((claim.starts for claim in held if claim.starts > int(now.timestamp()) // 60), entry.starts)
    sequence = entry.sequence
    entries.change(
        session,
        entry,
        now,
        significant=True,
        status="tentative" if tentative else "confirmed",
        reason=None,
        lapses_at=lapse_minute(start, now) if tentative else None,
    )
    claims.take_back(session, entry.pk, sequence)
    note(session, actor, "restore", entry, now, {"sequence": entry.sequence})
    return reserved(standing, (), announce(session, "restored", standing, actor, now))


def _restore_date(session: Session, actor: Actor, standing: Standing, original: Minute, now: datetime) -> Reserved:
    entry = standing.entry
    if reason_of(session, entry.pk, original) == ELSEWHERE:
        raise NotFound
    series = series_of_entry(entry)
    wish = Wish(original, original, original + series.minutes, facts_of(session, standing))
    own = [claim for claim in standing.held if claim.occurrence == original]
    if own and span_now(session, entry, original) == (wish.starts, wish.ends):
        raise WrongState("not_cancelled")
    lock_calendars(session, standing.calendar_pks)
    still(session, entry)
    wanted = [
        replace(standing.held[0], calendar_pk=pk, starts=span[0], ends=span[1], occurrence=original)
        for pk, span in wish.spans().items()
    ]
    _refuse_taken(session, actor, standing, wanted, ignoring=original)
    claims.release(
        session,
        entry.pk,
        sequence=entry.sequence + 1,
        now=now,
        occurrences=[original],
        keeping=standing.calendar_pks,
    )
    forget_dates(session, entry.pk, [original])
    entries.change(session, entry, now, significant=True)
    take(session, entry.pk, [wish], claims.strength_of(entry.status), is_series=True)
    note(session, actor, "restore_date", entry, now, {"date": original})
    after = of_entry(session, entry)
    span = (wish.starts, wish.ends)
    return reserved(after, (), announce(session, "restored", after, actor, now, occurrence=original, span=span))


def _refuse_taken(
    session: Session,
    actor: Actor,
    standing: Standing,
    wanted: list[claims.Standing],
    ignoring: Minute | None = None,
) -> None:
    """Raises the refusal where somebody else stands meanwhile."""
    facts = {each.pk: each for each in facts_of(session, standing)}
    taken: dict[int, list[claims.Standing]] = {}
    for other in claims.standing_on(
        session, [(each.calendar_pk, each.starts, each.ends) for each in wanted], exclusive=True
    ):
        if (other.entry_pk, other.occurrence) != (standing.entry.pk, ignoring):
            taken.setdefault(other.calendar_pk, []).append(other)
    blocking = []
    for each in wanted:
        calendar = facts[each.calendar_pk]
        before = calendar.setup_minutes if calendar.kind == "room" else 0
        after = calendar.cleanup_minutes if calendar.kind == "room" else 0
        want = Want(calendar, each.starts + before, max(each.ends - after, each.starts + before + 1))
        blocking += [
            (want, other)
            for other in taken.get(each.calendar_pk, ())
            if other.starts < each.ends and other.ends > each.starts
        ]
    if blocking:
        raise refusal(session, actor, blocking)
