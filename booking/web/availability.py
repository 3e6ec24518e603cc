"""Mes disponibilités: what one offers, when one is away, and the appointments that a change leaves behind."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from booking import clock
from booking.actions.absence_views import AbsenceView, absences_of
from booking.actions.appointment_views import AppointmentView, view
from booking.actions.displaced import inside_openings
from booking.actions.opening_views import OpeningView, next_dates, openings_of
from booking.actions.rights import Actor
from booking.actions.search_choices import choices
from booking.database import db
from booking.refusals import Refusal
from booking.timeline.interval import Minute, local_day, to_minute
from booking.web import current_actor, current_language, render, today
from booking.web.calendar_choice import managed_calendar, managed_calendars
from booking.web.coming_dates import Coming, coming, elsewhere
from booking.web.period_words import period
from booking.web.recurrence_words import ending, rhythm

blueprint = Blueprint("availability", __name__)

PAST_DAYS = 366
MOST_LISTED = 50


@dataclass(frozen=True)
class SaidOpening:
    """An opening in words; ``starts`` and ``ends`` are UTC minutes of its first date, for its hours."""

    opening: OpeningView
    rhythm: str
    ending: str
    starts: Minute
    ends: Minute
    begins: date | None
    """Its first day, while that is still to come."""
    next: Coming | None
    skipped: Coming | None
    """A date before the next one that does not take place."""
    purposes: tuple[str, ...] | None

    @property
    def zone(self) -> str:
        return self.opening.zone


@dataclass(frozen=True)
class SaidAbsence:
    """An absence in words."""

    absence: AbsenceView
    words: str
    rhythm: str
    ending: str


@blueprint.get("/disponibilites")
def mine() -> ResponseReturnValue:
    actor, session = current_actor(), db.session()
    calendars = managed_calendars(session, actor)
    chosen = calendars.chosen
    if chosen is None:
        return render("availability/whose.html", calendars=calendars)
    found = choices(session, actor)
    openings = [
        said_opening(session, each, {one.id: one.name for one in found.purposes}, {v.id: v.name for v in found.venues})
        for each in openings_of(session, actor, chosen.id)
    ]
    openings.sort(key=lambda each: (each.next.starts if each.next else 0, each.opening.id))
    current, past = _absences(session, actor, chosen.id)
    return render(
        "availability/mine.html",
        calendars=calendars,
        calendar=chosen,
        openings=[each for each in openings if each.next],
        ended=[each for each in openings if not each.next],
        absences=current,
        past=past,
    )


@blueprint.get("/disponibilites/<calendar_id>/a-replacer")
def displaced(calendar_id: str) -> ResponseReturnValue:
    """The appointments that were within opening hours before a change and were not after it; those since settled
    are marked."""
    actor, session = current_actor(), db.session()
    calendar = managed_calendar(session, actor, calendar_id)
    listed = seen_appointments(session, actor, request.args.getlist("rdv")[:MOST_LISTED])
    inside = inside_openings(session, calendar.pk, clock.now())
    return render(
        "availability/displaced.html",
        calendar=calendar,
        waiting=[each for each in listed if each.status != "cancelled" and each.pk not in inside],
        settled=[each for each in listed if each.status == "cancelled" or each.pk in inside],
        is_own=calendar.pk == actor.calendar_pk,
    )


def seen_appointments(session: Session, actor: Actor, ids: list[str]) -> list[AppointmentView]:
    """Those of these appointments that the actor may read, by start."""
    found = []
    for each in ids:
        try:
            found.append(view(session, actor, each))
        except Refusal:
            continue
    return sorted(found, key=lambda one: one.starts)


def said_opening(
    session: Session, opening: OpeningView, purposes: dict[str, str], venues: dict[str, str]
) -> SaidOpening:
    """An opening in the reader's words, with its next date."""
    zone, language = ZoneInfo(opening.zone), current_language()
    start = datetime.fromisoformat(opening.start)
    starts = to_minute(start, zone)
    dates = coming(
        next_dates(session, opening.draft, clock.now(), 1, opening.changes), opening.zone, elsewhere(opening, venues)
    )
    return SaidOpening(
        opening,
        rhythm(opening.rrule, start, zone, language),
        ending(opening.rrule, start, zone, language),
        starts,
        starts + opening.minutes,
        start.date() if opening.rrule and start.date() > today() else None,
        next((each for each in dates if each.takes_place), None),
        next((each for each in dates if not each.takes_place), None),
        None if opening.purposes is None else tuple(purposes.get(each, each) for each in opening.purposes),
    )


def said_absence(absence: AbsenceView) -> SaidAbsence:
    """An absence in the reader's words."""
    language, zone = current_language(), ZoneInfo(absence.zone)
    start = datetime.fromisoformat(absence.start)
    return SaidAbsence(
        absence,
        period(absence.starts, absence.ends, absence.zone, language),
        rhythm(absence.rrule, start, zone, language) if absence.rrule else "",
        ending(absence.rrule, start, zone, language),
    )


def _absences(session: Session, actor: Actor, calendar_id: str) -> tuple[list[SaidAbsence], list[SaidAbsence]]:
    """Those under way or to come, and those of the last year, latest first."""
    now = clock.now_minute()
    year_ago = local_day(today() - timedelta(days=PAST_DAYS), ZoneInfo(actor.zone))[0]
    current = absences_of(session, actor, calendar_id, since=now)
    still = {each.pk for each in current}
    past = [each for each in absences_of(session, actor, calendar_id, year_ago, now) if each.pk not in still]
    return [said_absence(each) for each in current], [said_absence(each) for each in reversed(past)]
