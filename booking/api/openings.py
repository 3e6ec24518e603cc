"""Openings: when and where advisers offer time and when rooms and vehicles are open, with the dates that differ."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from booking.actions import directories, opening_views, openings_editing
from booking.actions.idempotency import Given
from booking.actions.opening_views import DateChange, OpeningView
from booking.actions.openings_editing import ADMISSIONS, HOLIDAYS, LONGEST_MINUTES, Edited, OpeningDraft
from booking.api import displaced, paging, walls
from booking.api.etags import etag, not_modified, seen_version
from booking.api.operations import Call, answer, made, operation, write_once
from booking.api.records import Maybe, Member, Query, Record, needed
from booking.api.recurrences import EXDATES, RULE
from booking.api.shapes import Choice, Day, Flag, Id, Instant, ListOf, Text, Whole
from booking.database import db
from booking.refusals import Fault, Invalid

blueprint = Blueprint("openings", __name__)

CHANGED_DATE = Record(
    "OpeningDate",
    {
        "date": needed(Day("The date that the rule gives.")),
        "cancelled": needed(Flag()),
        "start": needed(Maybe(Instant())),
        "minutes": needed(Maybe(Whole(1))),
        "venue": needed(Maybe(Id("another venue"))),
    },
)
OPENING = Record(
    "Opening",
    {
        "id": needed(Id("the opening")),
        "version": needed(Whole()),
        "calendar": needed(Id("the calendar")),
        "adviser": needed(Maybe(Id("the adviser; null of a room or vehicle"))),
        "venue": needed(Id("the venue")),
        "timezone": needed(Text(about="The rule is reckoned on this zone's clocks.")),
        "start": needed(Instant(about="Where the rule counts from.")),
        "minutes": needed(Whole(1, about="Elapsed minutes.")),
        "rrule": needed(Maybe(RULE)),
        "exdates": needed(EXDATES),
        "admission": needed(Choice(ADMISSIONS)),
        "purposes": needed(Maybe(ListOf(Id("a purpose"), about="Null: any of the adviser's profession."))),
        "holidays": needed(Choice(HOLIDAYS, about="Whether it is open on public holidays.")),
        "dates": needed(ListOf(CHANGED_DATE, about="The dates that differ from the rule.")),
        **displaced.MEMBER,
    },
)
_RULE_MEMBERS = {
    "rrule": Member(RULE),
    "exdates": Member(EXDATES),
    "admission": Member(Choice(ADMISSIONS)),
    "purposes": Member(ListOf(Id("a purpose"), most=200, unique=True)),
    "holidays": Member(Choice(HOLIDAYS)),
}
DRAFT = Record(
    "OpeningDraft",
    {
        "adviser": Member(Id("an adviser")),
        "calendar": Member(Id("a room or a vehicle, instead of the adviser")),
        "venue": Member(Id("a venue; a room or a vehicle opens where it is")),
        "start": needed(walls.WHEN),
        "minutes": needed(Whole(1, LONGEST_MINUTES)),
        **_RULE_MEMBERS,
    },
)
CHANGE = Record(
    "OpeningChange",
    {
        "venue": Member(Id("a venue")),
        "start": Member(walls.WHEN),
        "minutes": Member(Whole(1, LONGEST_MINUTES)),
        **_RULE_MEMBERS,
        "any_purpose": Member(Flag(about="True: any purpose of the adviser's profession is admitted again.")),
    },
    about='What is absent stays as it was; an empty `rrule` ("") makes it a single date.',
)
DATE = Record(
    "OpeningDateChange",
    {
        "start": Member(walls.WHEN),
        "minutes": Member(Whole(1, LONGEST_MINUTES)),
        "venue": Member(Id("a venue")),
    },
    about="What is absent is as the rule says.",
)
FROM_ON = Query({"from": Member(Day("Only from this local date on: what was before stays as it was."))})


@blueprint.get("/openings")
@operation(
    query=Query(
        {
            "adviser": Member(Id("an adviser")),
            "calendar": Member(Id("a calendar of any kind")),
            **paging.parameters(),
        }
    ),
    answers={200: paging.page_shape("Openings", OPENING)},
)
def list_(call: Call) -> Response:
    """The openings of an adviser, or of all that the account may see; with `calendar` those of a room or a vehicle."""
    named = call.query.get("adviser", call.query.get("calendar"))
    found = opening_views.openings_of(db.session(), call.actor, named)
    return answer(paging.page_of_all(found, call.query, lambda view: (view.id,), _opening))


@blueprint.post("/openings")
@operation(body=DRAFT, answers={201: OPENING})
def add(call: Call) -> Response:
    """Open an adviser's time, or say when a room or a vehicle is open."""
    member = "calendar" if "calendar" in call.body else "adviser"
    missing = [name for name in (member, *(["venue"] if member == "adviser" else [])) if name not in call.body]
    if missing:
        raise Invalid([Fault(f"/{name}", "required", "this member is required") for name in missing])
    if member == "calendar" and "adviser" in call.body:
        raise Invalid([Fault("/adviser", "choice", "either an adviser or a calendar")])

    def work(session: Session) -> Given:
        found = directories.calendar(session, call.actor, call.body[member])
        if found is None or (member == "adviser" and found.kind != "adviser"):
            raise Invalid([Fault(f"/{member}", "unknown_id", "there is nothing with this id")])
        venue = call.body.get("venue") or found.venue
        draft = _draft(session, call, OpeningDraft(venue or "", "", call.body["minutes"]))
        edited = openings_editing.add(session, call.actor, found.id, draft, call.now)
        return _told(session, call, edited, 201)

    return write_once(call, work)


@blueprint.get("/openings/<id:opening_id>")
@operation(answers={200: OPENING}, reads_etag=True)
def one(call: Call, opening_id: str) -> Response:
    """One opening."""
    view = opening_views.opening(db.session(), call.actor, opening_id)
    tag = etag(view.id, view.version)
    return not_modified(tag) or answer(_opening(view), headers={"ETag": tag})


@blueprint.patch("/openings/<id:opening_id>")
@operation(query=FROM_ON, body=CHANGE, answers={200: OPENING}, honours_if_match=True)
def change(call: Call, opening_id: str) -> Response:
    """Change an opening, as a whole or from a date on.

    From a date on, the opening that follows is a new one, and is what is answered.
    """
    seen = seen_version(opening_id)

    def work(session: Session) -> Given:
        present = opening_views.opening(session, call.actor, opening_id)
        draft = _draft(session, call, present.draft)
        edited = openings_editing.change(
            session, call.actor, opening_id, draft, call.now, seen, on=call.query.get("from")
        )
        return _told(session, call, edited)

    return write_once(call, work)


@blueprint.delete("/openings/<id:opening_id>")
@operation(query=FROM_ON, answers={204: None}, honours_if_match=True)
def remove(call: Call, opening_id: str) -> Response:
    """Close an opening, as a whole or from a date on. What was booked in it stays booked."""
    seen = seen_version(opening_id)

    def work(session: Session) -> Given:
        openings_editing.remove(session, call.actor, opening_id, call.now, seen, on=call.query.get("from"))
        return made(None, 204)

    return write_once(call, work)


@blueprint.patch("/openings/<id:opening_id>/dates/<date>")
@operation(body=DATE, answers={200: OPENING}, honours_if_match=True)
def change_date(call: Call, opening_id: str, date: str) -> Response:
    """Hold one date at another hour, for another length or elsewhere; with an empty body it is as the rule says."""
    seen = seen_version(opening_id)

    def work(session: Session) -> Given:
        if not call.body:
            edited = openings_editing.undo_date(session, call.actor, opening_id, date, call.now, seen)
            return _told(session, call, edited)
        view = opening_views.opening(session, call.actor, opening_id)
        start = walls.wall_text(call.body.get("start", f"{date[:10]}{view.start[10:]}"), view.zone)
        edited = openings_editing.change_date(
            session,
            call.actor,
            opening_id,
            date,
            call.now,
            start=start,
            minutes=call.body.get("minutes"),
            venue=call.body.get("venue"),
            seen=seen,
        )
        return _told(session, call, edited)

    return write_once(call, work)


@blueprint.delete("/openings/<id:opening_id>/dates/<date>")
@operation(answers={204: None}, honours_if_match=True)
def cancel_date(call: Call, opening_id: str, date: str) -> Response:
    """Cancel one date of an opening. What was booked in it stays booked."""
    seen = seen_version(opening_id)

    def work(session: Session) -> Given:
        openings_editing.change_date(session, call.actor, opening_id, date, call.now, start=None, seen=seen)
        return made(None, 204)

    return write_once(call, work)


def _draft(session: Session, call: Call, present: OpeningDraft) -> OpeningDraft:
    """What the body makes of an opening."""
    given = {
        name: value for name, value in call.body.items() if name not in ("adviser", "calendar", "any_purpose", "start")
    }
    draft = replace(present, **given)
    if call.body.get("any_purpose"):
        draft = replace(draft, purposes=None)
    if "start" not in call.body:
        return draft
    zone = walls.zone_of_venue(session, draft.venue) or call.actor.zone
    return replace(draft, start=walls.wall_text(call.body["start"], zone))


def _told(session: Session, call: Call, edited: Edited, status: int = 200) -> Given:
    view = opening_views.opening(session, call.actor, edited.id)
    body = _opening(view) | {"displaced": displaced.listed(edited.outside)}
    headers = {"ETag": etag(view.id, view.version)}
    if status == 201:
        headers["Location"] = f"/api/v1/openings/{view.id}"
    return made(body, status, headers)


def _opening(view: OpeningView) -> dict[str, Any]:
    return {
        "id": view.id,
        "version": view.version,
        "calendar": view.calendar,
        "adviser": view.calendar if view.kind == "adviser" else None,
        "venue": view.venue,
        "timezone": view.zone,
        "start": walls.told(view.start, view.zone),
        "minutes": view.minutes,
        "rrule": view.rrule,
        "exdates": list(view.exdates),
        "admission": view.admission,
        "purposes": None if view.purposes is None else list(view.purposes),
        "holidays": view.holidays,
        "dates": [_date(each, view.zone) for each in view.changes],
    }


def _date(change: DateChange, zone: str) -> dict[str, Any]:
    return {
        "date": change.original[:10],
        "cancelled": change.start is None,
        "start": None if change.start is None else walls.told(change.start, zone),
        "minutes": change.minutes,
        "venue": change.venue,
    }
