"""The rules a reservation is held against before it takes anything: windows, absences, quotas.

What breaks a rule is a hindrance: whoever manages the calendars may insist. What only deserves a word (too many
people for the room, school holidays nobody knows yet) is a warning. That two reservations never overlap is no rule
of this module but the law of the claims.

The codes of hindrances, besides ``absence`` and ``busy``: ``closed`` (outside the opening hours), ``public_holiday``,
``school_holiday``, ``notice``, ``horizon``, ``too_short``, ``too_long``, ``quota``. Those of warnings:
``too_many_people``, ``too_few_people``, ``school_unknown``.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from booking.actions.claims import standing_on
from booking.actions.feasibility import CalendarFacts
from booking.actions.rights import NO_RIGHTS, Actor, rights_on
from booking.actions.windows import Window, windows_of
from booking.models.claims import UNAVAILABLE
from booking.refusals import Hindrance
from booking.timeline.interval import Minute, overlap

Dated = tuple[Minute, Minute, Minute]
"""One date of what is wanted: the start that its rule gives (0 without a rule), from when, to when (UTC minutes)."""

TOO_MANY, TOO_FEW, SCHOOL_UNKNOWN = "too_many_people", "too_few_people", "school_unknown"


def examine(
    session: Session,
    actor: Actor,
    calendars: Sequence[CalendarFacts],
    spans: Sequence[Dated],
    people: int | None,
    booked_for_pk: int | None,
    entry_pk: int | None,
    now: datetime,
    *,
    equipment: Sequence[tuple[int, int]] = (),
) -> list[Hindrance]:
    """What hinders these dates on all of these calendars, by date, then calendar; empty: nothing.

    Under the caller's locks when it is about to write. ``entry_pk`` is the reservation that is being changed, whose
    own claims do not hinder it. ``equipment`` are pairs of key and quantity. Each hindrance tells by ``original``
    which date it concerns. Advisers among the calendars have their own openings, not looked at here.
    """
    if not spans:
        return []
    minute = -(-int(now.timestamp()) // 60)
    windows = windows_of(session, [each.pk for each in calendars])
    found = [
        Hindrance(one.code, calendar.id, one.start, one.end, original=original)
        for calendar in calendars
        if calendar.pk in windows
        for original, starts, ends in spans
        for one in windows[calendar.pk].refused((starts, ends), minute)
    ]
    found += _laid_over(session, calendars, spans, entry_pk)
    return sorted(found, key=lambda each: (each.original or 0, each.calendar or "", each.starts or 0, each.code))


def _laid_over(
    session: Session, calendars: Sequence[CalendarFacts], spans: Sequence[Dated], entry_pk: int | None
) -> list[Hindrance]:
    """The absences and imported busy times that lie on these dates."""
    wanted: dict[int, list[tuple[CalendarFacts, Dated]]] = {}
    for calendar in calendars:
        for span in spans:
            wanted.setdefault(calendar.pk, []).append((calendar, span))
    laid = standing_on(
        session,
        [
            (calendar.pk, *calendar.widened(starts, ends, 0, 0))
            for each in wanted.values()
            for calendar, (_, starts, ends) in each
        ],
        exclusive=False,
        ignoring=() if entry_pk is None else (entry_pk,),
    )
    return [
        Hindrance(
            "absence" if claim.strength == UNAVAILABLE else "busy",
            calendar.id,
            claim.starts,
            claim.ends,
            original=original,
        )
        for claim in laid
        for calendar, (original, starts, ends) in wanted[claim.calendar_pk]
        if overlap((claim.starts, claim.ends), calendar.widened(starts, ends, 0, 0))
    ]


def warnings(
    session: Session, calendars: Sequence[CalendarFacts], spans: Sequence[Dated], people: int | None
) -> list[Hindrance]:
    """What deserves a word, and hinders nobody: too many or too few people, school holidays nobody knows yet."""
    found = []
    for window in windows_of(session, [each.pk for each in calendars]).values():
        if people is not None and window.kind == "room":
            if window.capacity and people > window.capacity:
                found.append(Hindrance(TOO_MANY, window.id))
            if window.least_people and people < window.least_people:
                found.append(Hindrance(TOO_FEW, window.id))
        unknown = [(starts, ends) for _, starts, ends in spans if window.school_unknown((starts, ends))]
        if unknown:
            found.append(Hindrance(SCHOOL_UNKNOWN, window.id, *min(unknown)))
    return found


def may_still_change(
    session: Session, actor: Actor, calendar_pks: Sequence[int], starts: Minute, now: datetime
) -> Hindrance | None:
    """What keeps the actor from changing what starts then on these calendars; ``None``: nothing.

    Each calendar may ask for notice; whoever manages it is exempt.
    """
    return _too_late(session, actor, calendar_pks, starts, now, "change_notice_minutes")


def may_still_cancel(
    session: Session, actor: Actor, calendar_pks: Sequence[int], starts: Minute, now: datetime
) -> Hindrance | None:
    """What keeps the actor from cancelling what starts then on these calendars; as for a change."""
    return _too_late(session, actor, calendar_pks, starts, now, "cancel_notice_minutes")


def _too_late(
    session: Session, actor: Actor, calendar_pks: Sequence[int], starts: Minute, now: datetime, which: str
) -> Hindrance | None:
    minute = -(-int(now.timestamp()) // 60)
    late = [
        (window, minute + notice)
        for window in windows_of(session, calendar_pks).values()
        if (notice := _notice(window, which)) and starts < minute + notice
    ]
    if not late:
        return None
    rights = rights_on(session, actor, [window.pk for window, _ in late])
    for window, earliest in late:
        if not rights.get(window.pk, NO_RIGHTS).manages:
            return Hindrance(which.removesuffix("_minutes"), window.id, starts, earliest)
    return None


def _notice(window: Window, which: str) -> int:
    return window.change_notice_minutes if which == "change_notice_minutes" else window.cancel_notice_minutes
