"""Absences of advisers, closures of rooms and vehicles."""

from dataclasses import replace
from datetime import date as Date
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from booking.actions import absence_views, absences, directories
from booking.actions.absence_views import AbsenceDate, AbsenceView
from booking.actions.absences import LONGEST_TITLE, AbsenceDraft, Absent
from booking.actions.idempotency import Given
from booking.api import displaced, paging, walls
from booking.api.etags import etag, not_modified, seen_version
from booking.api.instants import spoken, spoken_if
from booking.api.operations import Call, answer, made, operation, write_once
from booking.api.records import Maybe, Member, Query, Record, needed
from booking.api.recurrences import EXDATES, RULE
from booking.api.shapes import Day, Flag, Id, Instant, InstantOrDay, ListOf, Text, Whole
from booking.database import db
from booking.refusals import Fault, Invalid, NotFound
from booking.timeline.interval import Minute, local_day

blueprint = Blueprint("absences", __name__)

CHANGED_DATE = Record(
    "AbsenceDate",
    {
        "date": needed(Day("The date that the rule gives.")),
        "cancelled": needed(Flag()),
        "start": needed(Maybe(Instant())),
        "end": needed(Maybe(Instant())),
    },
)
ABSENCE = Record(
    "Absence",
    {
        "id": needed(Id("the absence")),
        "version": needed(Whole()),
        "calendar": needed(Id("the calendar")),
        "title": needed(Maybe(Text(1000))),
        "timezone": needed(Text(about="The rule is reckoned on this zone's clocks.")),
        "start": needed(Instant(about="Of its first date.")),
        "end": needed(Instant()),
        "whole_days": needed(Flag()),
        "rrule": needed(Maybe(RULE)),
        "exdates": needed(EXDATES),
        "dates": needed(ListOf(CHANGED_DATE, about="The dates that differ from the rule.")),
        **displaced.MEMBER,
    },
)
_MEMBERS = {
    "rrule": Member(RULE),
    "exdates": Member(EXDATES),
    "title": Member(Text(LONGEST_TITLE)),
}
DRAFT = Record(
    "AbsenceDraft",
    {
        "adviser": Member(Id("an adviser")),
        "calendar": Member(Id("an adviser, a room or a vehicle; the same as `adviser`")),
        "start": needed(walls.WHEN_OR_DAY),
        "end": needed(walls.WHEN_OR_DAY),
        **_MEMBERS,
    },
    about="One of `adviser` and `calendar` is required. A date as `end` is inside.",
)
CHANGE = Record(
    "AbsenceChange",
    {"start": Member(walls.WHEN_OR_DAY), "end": Member(walls.WHEN_OR_DAY), **_MEMBERS},
    about='What is absent stays as it was; an empty `rrule` ("") makes it a single date.',
)
DATE = Record(
    "AbsenceDateChange",
    {"start": Member(walls.WHEN_OR_DAY), "end": Member(walls.WHEN_OR_DAY)},
    about="Both, or none.",
)


@blueprint.get("/absences")
@operation(
    query=Query(
        {
            "adviser": Member(Id("an adviser")),
            "calendar": Member(Id("an adviser, a room or a vehicle")),
            "from": Member(InstantOrDay(about="Those that are not over then. Now when absent.")),
            "to": Member(InstantOrDay(about="Those that have begun by then.")),
            **paging.parameters(),
        }
    ),
    answers={200: paging.page_shape("Absences", ABSENCE)},
)
def list_(call: Call) -> Response:
    """The absences on a calendar, or on all whose details the account may see, by start."""
    query = call.query
    found = absence_views.absences_of(
        db.session(),
        call.actor,
        query.get("adviser") or query.get("calendar"),
        _minute(query.get("from", call.now_minute), call, 0),
        _minute(query["to"], call, 1) if "to" in query else None,
    )
    return answer(paging.page_of_all(found, query, lambda view: (view.starts, view.pk), _absence))


@blueprint.post("/absences")
@operation(body=DRAFT, answers={201: ABSENCE})
def add(call: Call) -> Response:
    """Lay an absence over a calendar; what was booked under it is listed as `displaced`, and stays booked."""
    calendar = call.body.get("adviser") or call.body.get("calendar")
    if calendar is None:
        raise Invalid([Fault("/adviser", "required", "this member is required")])

    def work(session: Session) -> Given:
        try:
            draft = _draft(session, call, AbsenceDraft(calendar, "", ""))
            absent = absences.add(session, call.actor, draft, call.now)
        except NotFound:
            pointer = "/adviser" if call.body.get("adviser") else "/calendar"
            raise Invalid([Fault(pointer, "unknown_id", "there is nothing with this id")]) from None
        return _told(session, call, absent, 201)

    return write_once(call, work)


@blueprint.get("/absences/<id:absence_id>")
@operation(answers={200: ABSENCE}, reads_etag=True)
def one(call: Call, absence_id: str) -> Response:
    """One absence."""
    view = _standing(db.session(), call, absence_id)
    tag = etag(view.id, view.version)
    return not_modified(tag) or answer(_absence(view), headers={"ETag": tag})


@blueprint.patch("/absences/<id:absence_id>")
@operation(body=CHANGE, answers={200: ABSENCE}, refusals=("wrong-state",), honours_if_match=True)
def change(call: Call, absence_id: str) -> Response:
    """Change an absence as a whole; its single dates follow the rule again."""
    seen = seen_version(absence_id)

    def work(session: Session) -> Given:
        draft = _draft(session, call, _standing(session, call, absence_id).draft)
        return _told(session, call, absences.change(session, call.actor, absence_id, draft, call.now, seen))

    return write_once(call, work)


@blueprint.delete("/absences/<id:absence_id>")
@operation(answers={204: None}, refusals=("wrong-state",), honours_if_match=True)
def remove(call: Call, absence_id: str) -> Response:
    """Take an absence away. Twice is as once."""
    seen = seen_version(absence_id)

    def work(session: Session) -> Given:
        absences.remove(session, call.actor, absence_id, call.now, seen)
        return made(None, 204)

    return write_once(call, work)


@blueprint.patch("/absences/<id:absence_id>/dates/<date>")
@operation(body=DATE, answers={200: ABSENCE}, refusals=("wrong-state",), honours_if_match=True)
def change_date(call: Call, absence_id: str, date: str) -> Response:
    """Move one date of a recurring absence; with an empty body it is as the rule says."""
    seen = seen_version(absence_id)
    if len(call.body) == 1:
        missing = "end" if "start" in call.body else "start"
        raise Invalid([Fault(f"/{missing}", "required", "both, or none")])

    def work(session: Session) -> Given:
        if not call.body:
            return _told(session, call, absences.undo_date(session, call.actor, absence_id, date, call.now, seen))
        zone = _standing(session, call, absence_id).zone
        absent = absences.change_date(
            session,
            call.actor,
            absence_id,
            date,
            call.now,
            start=walls.wall_text(call.body["start"], zone),
            end=walls.wall_text(call.body["end"], zone),
            seen=seen,
        )
        return _told(session, call, absent)

    return write_once(call, work)


@blueprint.delete("/absences/<id:absence_id>/dates/<date>")
@operation(answers={204: None}, refusals=("wrong-state",), honours_if_match=True)
def cancel_date(call: Call, absence_id: str, date: str) -> Response:
    """Cancel one date of a recurring absence."""
    seen = seen_version(absence_id)

    def work(session: Session) -> Given:
        absences.change_date(session, call.actor, absence_id, date, call.now, start=None, seen=seen)
        return made(None, 204)

    return write_once(call, work)


def _standing(session: Session, call: Call, absence_id: str) -> AbsenceView:
    """An absence that has not been taken away."""
    view = absence_views.absence(session, call.actor, absence_id)
    if view.status == "cancelled":
        raise NotFound
    return view


def _draft(session: Session, call: Call, present: AbsenceDraft) -> AbsenceDraft:
    """What the body makes of an absence."""
    draft = replace(present, **{name: call.body[name] for name in ("rrule", "exdates", "title") if name in call.body})
    calendar = directories.calendar(session, call.actor, present.calendar)
    if calendar is None:
        raise NotFound
    walled: dict[str, Any] = {
        name: walls.wall_text(call.body[name], calendar.zone) for name in ("start", "end") if name in call.body
    }
    return replace(draft, **walled)


def _minute(when: Minute | Date, call: Call, end: int) -> Minute:
    return local_day(when, ZoneInfo(call.actor.zone))[end] if isinstance(when, Date) else when


def _told(session: Session, call: Call, absent: Absent, status: int = 200) -> Given:
    view = absence_views.absence(session, call.actor, absent.id)
    body = _absence(view) | {"displaced": displaced.listed(absent.lies_on)}
    headers = {"ETag": etag(view.id, view.version)}
    if status == 201:
        headers["Location"] = f"/api/v1/absences/{view.id}"
    return made(body, status, headers)


def _absence(view: AbsenceView) -> dict[str, Any]:
    return {
        "id": view.id,
        "version": view.version,
        "calendar": view.calendar,
        "title": view.title,
        "timezone": view.zone,
        "start": spoken(view.starts, view.zone),
        "end": spoken(view.ends, view.zone),
        "whole_days": view.is_whole_days,
        "rrule": view.rrule,
        "exdates": list(view.exdates),
        "dates": [_date(each, view.zone) for each in view.dates],
    }


def _date(changed: AbsenceDate, zone: str) -> dict[str, Any]:
    return {
        "date": spoken(changed.original, zone)[:10],
        "cancelled": changed.starts is None,
        "start": spoken_if(changed.starts, zone),
        "end": spoken_if(changed.ends, zone),
    }
