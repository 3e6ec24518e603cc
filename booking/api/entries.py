"""What stands on calendars."""

from flask import Blueprint, Response

from booking.actions import occupied
from booking.actions.occupied import Entered
from booking.api import paging
from booking.api.calendars import STRENGTHS
from booking.api.instants import spoken
from booking.api.operations import Call, answer, operation
from booking.api.periods import PARAMETERS, period
from booking.api.records import Maybe, Member, Query, Record, needed
from booking.api.shapes import Choice, Id, Instant, ListOf, Text
from booking.database import db
from booking.models.entries import KINDS

blueprint = Blueprint("entries", __name__)

MOST_CALENDARS = 200
ENTRY = Record(
    "Entry",
    {
        "calendar": needed(Id("the calendar")),
        "start": needed(Instant()),
        "end": needed(Instant()),
        "busy_start": needed(Instant(about="From when it takes the calendar, buffers included.")),
        "busy_end": needed(Instant()),
        "type": needed(Choice(STRENGTHS, about="RFC 5545's free/busy type, in lower case.")),
        "id": needed(Maybe(Id("the entry"))),
        "kind": needed(Maybe(Choice(KINDS))),
        "status": needed(Maybe(Choice(("confirmed", "tentative", "cancelled", "rejected")))),
        "title": needed(Maybe(Text(1000))),
        "venue": needed(Maybe(Id("its venue"))),
        "booked_by": needed(Maybe(Id("the account that booked it"))),
    },
    about="Where the account may see only that the calendar is busy, everything after `type` is null.",
)


@blueprint.get("/entries")
@operation(
    query=Query(
        {
            "calendar": Member(
                ListOf(Id("a calendar"), most=MOST_CALENDARS, about="Repeatable."),
                required=True,
            ),
            **PARAMETERS,
            **paging.parameters(),
        }
    ),
    answers={200: paging.page_shape("Entries", ENTRY)},
)
def list_(call: Call) -> Response:
    """What stands on calendars within a period, in the order of time; titles as far as the account may see them."""
    query = call.query
    found = occupied.entries(
        db.session(),
        call.actor,
        query["calendar"],
        period(query.get("from"), query.get("to"), call.actor.zone, call.now_minute),
        after=paging.after(query.get("cursor"), int, int),
        limit=query["limit"],
    )
    return answer(paging.page(found, query["limit"], lambda each: (each.claim_starts, each.claim_pk), _entry))


def _entry(each: Entered) -> dict[str, object]:
    return {
        "calendar": each.calendar,
        "start": spoken(each.starts, each.zone),
        "end": spoken(each.ends, each.zone),
        "busy_start": spoken(each.claim_starts, each.zone),
        "busy_end": spoken(each.claim_ends, each.zone),
        "type": each.strength,
        "id": each.id,
        "kind": each.kind,
        "status": each.status,
        "title": each.title,
        "venue": each.venue,
        "booked_by": each.booked_by,
    }
