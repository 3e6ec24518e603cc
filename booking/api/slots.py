"""Slots: the times that can be booked."""

from typing import Any

from flask import Blueprint, Response

from booking.actions import slots
from booking.actions.slots import Search, Slot
from booking.api import paging
from booking.api.instants import spoken
from booking.api.operations import Call, answer, operation
from booking.api.periods import PARAMETERS
from booking.api.records import Member, Query, Record, needed
from booking.api.shapes import Flag, Id, Instant, InstantOrDay, ListOf, Number, OneOf, Text, Whole
from booking.database import db
from booking.refusals import Fault, Invalid
from booking.timeline.slots import STEPS

blueprint = Blueprint("slots", __name__)

LONGEST_MINUTES = 14 * 1440
SLOT = Record(
    "Slot",
    {
        "start": needed(Instant()),
        "end": needed(Instant()),
        "advisers": needed(ListOf(Id("an adviser"))),
        "venue": needed(Id("the venue")),
        "rooms": needed(ListOf(Id("a room that would do"))),
        "vehicles": needed(ListOf(Id("a vehicle that would do"))),
    },
)
QUERY = Query(
    {
        "purpose": Member(Id("a purpose, which sets minutes, before, after, notice, professions, room and vehicle")),
        "minutes": Member(Whole(1, LONGEST_MINUTES, about="Required without a purpose.")),
        "before": Member(Whole(0, LONGEST_MINUTES, about="Minutes free before it.")),
        "after": Member(Whole(0, LONGEST_MINUTES, about="Minutes free after it.")),
        "notice": Member(Whole(0, about="Minutes from now to the first start.")),
        "from": PARAMETERS["from"],
        "to": Member(InstantOrDay(about="An instant, or a local date (its end). Six weeks after `from` when absent.")),
        "adviser": Member(ListOf(Id("an adviser"), about="Repeatable; absent: every adviser the account may book.")),
        "together": Member(Flag(about="All of the named advisers at once.")),
        "venue": Member(ListOf(Id("a venue"), about="Repeatable.")),
        "organisation": Member(Id("the advisers' organisation")),
        "near": Member(Text(60, about="LAT,LON in degrees.")),
        "within_km": Member(Number(0, 20_100, about="Great-circle distance of the venue from `near`.")),
        "room": Member(Id("a room", words=("any",))),
        "capacity": Member(Whole(0, about="People that the room must hold.")),
        "equipment": Member(ListOf(Text(120), most=50, about="What the room must have; repeatable.")),
        "vehicle": Member(Id("a vehicle", words=("any",))),
        "grid": Member(OneOf(STEPS, about="Starts on minutes of the hour divisible by this."), default=15),
        **paging.parameters(slots.DEFAULT_LIMIT),
    }
)


@blueprint.get("/slots")
@operation(query=QUERY, answers={200: paging.page_shape("Slots", SLOT)})
def list_(call: Call) -> Response:
    """The slots of a search, by start, then adviser, then venue; one adviser an item unless `together`.

    At most 100 days. Without a purpose, openings that are limited to purposes do not count.
    """
    found = slots.find(db.session(), call.actor, search_of(call.query), call.now)
    return answer({"items": [told(each) for each in found.items], "next": found.next})


def search_of(query: dict[str, Any]) -> Search:
    """The search behind the parameters."""
    return Search(
        purpose=query.get("purpose"),
        minutes=query.get("minutes"),
        before=query.get("before"),
        after=query.get("after"),
        notice=query.get("notice"),
        since=query.get("from"),
        until=query.get("to"),
        advisers=query.get("adviser"),
        together=query.get("together", False),
        venues=query.get("venue"),
        organisation=query.get("organisation"),
        near=_point(query.get("near")),
        within_km=query.get("within_km"),
        room=query.get("room"),
        capacity=query.get("capacity"),
        equipment=query.get("equipment", ()),
        vehicle=query.get("vehicle"),
        grid=query["grid"],
        limit=query["limit"],
        cursor=query.get("cursor"),
    )


def _point(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    faults: list[Fault] = []
    latitude, _, longitude = text.partition(",")
    point = (
        Number(-90, 90).read_text(latitude.strip(), "/near", faults),
        Number(-180, 180).read_text(longitude.strip(), "/near", faults),
    )
    if faults:
        raise Invalid([Fault("/near", "point", "latitude and longitude in degrees, such as 45.54,1.80")])
    return point


def told(slot: Slot) -> dict[str, object]:
    """A slot as it is answered, here and as an alternative."""
    return {
        "start": spoken(slot.starts, slot.zone),
        "end": spoken(slot.ends, slot.zone),
        "advisers": slot.advisers,
        "venue": slot.venue,
        "rooms": slot.rooms,
        "vehicles": slot.vehicles,
    }
