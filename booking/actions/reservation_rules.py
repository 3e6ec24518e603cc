"""The rules a reservation is held to besides the law: what hinders a time, though nobody stands on it.

Asked under the locks of the calendars, before anything is taken. What is listed here may be overridden by whoever
manages every calendar; a clash never. Now: absences and closures laid over a calendar, and busy times imported from
elsewhere. Here belong, too: opening hours, notice and horizon, shortest and longest
length, public and school holidays, capacity, movable equipment, quotas.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from booking.actions.claims import standing_on
from booking.actions.feasibility import CalendarFacts
from booking.actions.rights import Actor
from booking.models.claims import UNAVAILABLE
from booking.refusals import Hindrance
from booking.timeline.interval import Minute

Dated = tuple[Minute, Minute, Minute]
"""One date: the start that the rule gives (or the date's own), from when to when it is wanted; UTC minutes."""


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
    """What hinders these dates on all of these calendars.

    ``entry_pk`` is the entry that is being changed: what it holds itself does not hinder it. ``equipment`` are
    pairs of key and quantity. Each hindrance tells by ``original`` which date it concerns; one without concerns
    them all.
    """
    found = []
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
    for claim in laid:
        code = "absence" if claim.strength == UNAVAILABLE else "busy"
        for calendar, (original, starts, ends) in wanted[claim.calendar_pk]:
            first, last = calendar.widened(starts, ends, 0, 0)
            if claim.starts < last and claim.ends > first:
                found.append(Hindrance(code, calendar.id, claim.starts, claim.ends, original=original))
    return sorted(found, key=lambda each: (each.original or 0, each.calendar or "", each.starts or 0, each.code))
