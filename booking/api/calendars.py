"""Calendars as the account may see them, and when they are busy."""

from flask import Blueprint, Response

from booking.actions import directories, occupied
from booking.actions.directories import CalendarFilter, CalendarRow
from booking.actions.occupied import Busy
from booking.actions.rights import LADDER
from booking.api import paging
from booking.api.etags import etag_of, not_modified
from booking.api.instants import spoken
from booking.api.operations import Call, answer, operation
from booking.api.periods import PARAMETERS, period
from booking.api.records import Maybe, Member, Query, Record, needed
from booking.api.shapes import Choice, Flag, Id, Instant, ListOf, Text, Whole
from booking.database import db
from booking.models.claims import BUSY, TENTATIVE, UNAVAILABLE
from booking.refusals import NotFound

blueprint = Blueprint("calendars", __name__)

KINDS = ("adviser", "room", "vehicle")
PROFESSIONS = ("conseiller_numerique", "conseiller_france_services")
STRENGTHS = (BUSY, TENTATIVE, UNAVAILABLE)

CALENDAR = Record(
    "Calendar",
    {
        "id": needed(Id("the calendar")),
        "kind": needed(Choice(KINDS)),
        "name": needed(Text()),
        "organisation": needed(Id("its organisation")),
        "venue": needed(Maybe(Id("an adviser's home venue, a room's venue, a vehicle's base"))),
        "timezone": needed(Text()),
        "level": needed(Choice(LADDER[1:], about="What the account may do with it.")),
        "books_offered": needed(Flag(about="Whether the account may book the slots that openings offer.")),
        "profession": needed(Maybe(Text(about="Of an adviser."))),
        "capacity": needed(Maybe(Whole(about="Of a room: people."))),
        "equipment": needed(ListOf(Text())),
        "setup_minutes": needed(Whole(about="Of a room: before each use.")),
        "cleanup_minutes": needed(Whole(about="Of a room: after each use.")),
        "moderated": needed(Flag(about="Of a room: bookings wait for a yes.")),
        "registration": needed(Maybe(Text(about="Of a vehicle."))),
        "seats": needed(Maybe(Whole(about="Of a vehicle."))),
        "energy": needed(Maybe(Text(about="Of a vehicle."))),
        "needs_approval": needed(Flag(about="Of a vehicle: bookings wait for a yes.")),
    },
)
BUSY_TIME = Record(
    "BusyTime",
    {
        "start": needed(Instant()),
        "end": needed(Instant()),
        "type": needed(Choice(STRENGTHS, about="RFC 5545's free/busy type, in lower case.")),
    },
)


@blueprint.get("/calendars")
@operation(
    query=Query(
        {
            "kind": Member(Choice(KINDS)),
            "venue": Member(Id("a venue")),
            "organisation": Member(Id("an organisation")),
            "profession": Member(Choice(PROFESSIONS)),
            **paging.parameters(),
        }
    ),
    answers={200: paging.page_shape("Calendars", CALENDAR)},
)
def list_(call: Call) -> Response:
    """The calendars that the account may see, with its level on each."""
    query = call.query
    (last,) = paging.after(query.get("cursor"), str) or (None,)
    found = directories.calendars(
        db.session(),
        call.actor,
        CalendarFilter(query.get("kind"), query.get("venue"), query.get("organisation"), query.get("profession")),
        after=last,
        limit=query["limit"],
    )
    return answer(paging.page(found, query["limit"], lambda row: (row.id,), _calendar))


@blueprint.get("/calendars/<id:calendar_id>")
@operation(answers={200: CALENDAR}, reads_etag=True)
def one(call: Call, calendar_id: str) -> Response:
    """One calendar."""
    found = directories.calendar(db.session(), call.actor, calendar_id)
    if found is None:
        raise NotFound
    told = _calendar(found)
    tag = etag_of(told)
    return not_modified(tag) or answer(told, headers={"ETag": tag})


@blueprint.get("/calendars/<id:calendar_id>/busy")
@operation(query=Query(PARAMETERS), answers={200: paging.page_shape("BusyTimes", BUSY_TIME)})
def busy(call: Call, calendar_id: str) -> Response:
    """When a calendar is busy within a period: merged, buffers included, nothing about by what.

    One page, whatever its length.
    """
    window = period(call.query.get("from"), call.query.get("to"), call.actor.zone, call.now_minute)
    found = occupied.busy(db.session(), call.actor, calendar_id, window)
    return answer({"items": [_busy(each, found.zone) for each in found.times], "next": None})


def _busy(each: Busy, zone: str) -> dict[str, object]:
    return {"start": spoken(each.starts, zone), "end": spoken(each.ends, zone), "type": each.strength}


def _calendar(row: CalendarRow) -> dict[str, object]:
    return {
        "id": row.id,
        "kind": row.kind,
        "name": row.name,
        "organisation": row.organisation,
        "venue": row.venue,
        "timezone": row.zone,
        "level": row.rights.level,
        "books_offered": row.rights.may_book,
        "profession": row.profession,
        "capacity": row.capacity,
        "equipment": list(row.equipment),
        "setup_minutes": row.setup_minutes,
        "cleanup_minutes": row.cleanup_minutes,
        "moderated": row.moderated,
        "registration": row.registration,
        "seats": row.seats,
        "energy": row.energy,
        "needs_approval": row.needs_approval,
    }
