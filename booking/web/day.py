"""Ma journée: today and tomorrow of a person or of a venue, what waits for a yes, what has to be settled."""

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from booking import clock
from booking.actions.appointment_views import AppointmentView, between, to_confirm
from booking.actions.conflicts import conflicts
from booking.actions.planner import Block, OpenTime, PlannedCalendar, calendars_seen, lines
from booking.actions.rights import Actor
from booking.actions.search_choices import VenueChoice, choices
from booking.database import db
from booking.timeline.interval import local_day
from booking.web import current_actor, render, today

blueprint = Blueprint("day", __name__)

SETTLE_DAYS = 92


@dataclass(frozen=True)
class Row:
    """One line of a day: an appointment as its reader may see it, or something else that stands there."""

    starts: int
    ends: int
    calendar: PlannedCalendar
    appointment: AppointmentView | None = None
    block: Block | None = None


@dataclass(frozen=True)
class Scope:
    """Whose day it is: one person's, or everybody's at a venue."""

    calendars: list[PlannedCalendar]
    person: PlannedCalendar | None
    venue: str | None


@blueprint.get("/ma-journee", endpoint="today")
def day_of() -> ResponseReturnValue:
    actor, session = current_actor(), db.session()
    asked = _date(request.args.get("jour"))
    day = asked or today()
    venues = choices(session, actor).venues
    scope = _scope(session, actor, venues, request.args.get("agenda"), request.args.get("lieu"))
    rows = {each: _rows(session, actor, scope, each) for each in (day, day + timedelta(days=1))}
    minute = clock.now_minute()
    upcoming = next((row for row in rows[day] if row.appointment is not None and row.ends > minute), None)
    keys = [each.pk for each in scope.calendars if each.rights.level in ("book", "manage")]
    return render(
        "day/today.html",
        day=day,
        tomorrow=day + timedelta(days=1),
        yesterday=day - timedelta(days=1),
        rows=rows[day],
        rows_tomorrow=rows[day + timedelta(days=1)],
        upcoming=upcoming,
        minute=minute,
        scope=scope,
        people=[each for each in calendars_seen(session, actor, kinds=("adviser",)) if each.rights.sees_details],
        venues=venues,
        waiting=to_confirm(session, actor, minute),
        conflicts=conflicts(session, actor, keys, minute, minute + SETTLE_DAYS * 1440),
        drop_in=_drop_in(session, actor, scope, day),
        is_today=day == today(),
    )


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _scope(
    session: Session, actor: Actor, venues: tuple[VenueChoice, ...], agenda: str | None, lieu: str | None
) -> Scope:
    """What was asked for; else the reader's own calendar; else the advisers of the venue, or of the organisation."""
    seen = [each for each in calendars_seen(session, actor, kinds=("adviser",)) if each.rights.sees_details]
    if agenda:
        person = next((each for each in seen if each.id == agenda), None)
        if person is not None:
            return Scope([person], person, None)
    if not lieu and actor.calendar_pk is not None:
        own = next(each for each in seen if each.pk == actor.calendar_pk)
        return Scope([own], own, None)
    home = next((each for each in venues if each.pk == actor.home_venue_pk), None)
    venue = next((each for each in venues if each.id == lieu), home)
    if venue is not None:
        there = {each.pk for each in calendars_seen(session, actor, venues=[venue.id], kinds=("adviser",))}
        return Scope([each for each in seen if each.pk in there], None, venue.id)
    return Scope([each for each in seen if each.rights.level in ("book", "manage")], None, None)


def _rows(session: Session, actor: Actor, scope: Scope, day: date) -> list[Row]:
    """Everything of one day, appointments once each whoever takes part, in the order of the hours."""
    window = local_day(day, ZoneInfo(actor.zone))
    by_pk = {each.pk: each for each in scope.calendars}
    rows = []
    for view in between(session, actor, by_pk, *window):
        if scope.venue and view.venue != scope.venue:
            continue
        calendar = next((by_pk[ref.pk] for ref in view.advisers if ref.pk in by_pk), None)
        if calendar is not None:
            rows.append(Row(view.starts, view.ends, calendar, appointment=view))
    for line in lines(session, actor, scope.calendars, window):
        rows.extend(
            Row(block.starts, block.ends, line.calendar, block=block)
            for block in line.blocks
            if block.kind != "appointment"
        )
    return sorted(rows, key=lambda row: (row.starts, row.ends, row.calendar.name))


def _drop_in(session: Session, actor: Actor, scope: Scope, day: date) -> list[tuple[PlannedCalendar, OpenTime]]:
    """The sessions of the day at which people come without an appointment."""
    window = local_day(day, ZoneInfo(actor.zone))
    return [
        (line.calendar, time)
        for line in lines(session, actor, scope.calendars, window)
        for time in line.openings
        if time.admission != "by_appointment"
    ]
