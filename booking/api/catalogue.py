"""Directories: purposes, venues, organisations, accounts."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import Blueprint, Response

from booking.actions import directories
from booking.actions.directories import AccountFilter
from booking.api import paging
from booking.api.calendars import PROFESSIONS
from booking.api.operations import Call, answer, operation
from booking.api.records import Maybe, Member, Query, Record, needed
from booking.api.shapes import Choice, Flag, Id, ListOf, Number, Text, Whole
from booking.database import db
from booking.models.people import ROLES

blueprint = Blueprint("catalogue", __name__)

PURPOSE = Record(
    "Purpose",
    {
        "id": needed(Id("the purpose")),
        "name": needed(Text()),
        "minutes": needed(Whole(1)),
        "before": needed(Whole(about="Minutes kept free before it.")),
        "after": needed(Whole(about="Minutes kept free after it.")),
        "professions": needed(ListOf(Text(), about="Who takes it; everybody when empty.")),
        "room_capacity": needed(Whole(about="People that its room must hold; 0 asks for none.")),
        "needs_vehicle": needed(Flag()),
        "notice_minutes": needed(Whole()),
        "horizon_days": needed(Maybe(Whole())),
        "urgent": needed(Flag()),
    },
)
VENUE = Record(
    "Venue",
    {
        "id": needed(Id("the venue")),
        "name": needed(Text()),
        "organisation": needed(Id("its organisation")),
        "address": needed(Maybe(Text())),
        "postcode": needed(Maybe(Text())),
        "commune": needed(Maybe(Text())),
        "insee": needed(Maybe(Text())),
        "latitude": needed(Maybe(Number(-90, 90))),
        "longitude": needed(Maybe(Number(-180, 180))),
        "phone": needed(Maybe(Text())),
        "access": needed(Maybe(Text(2000))),
        "timezone": needed(Text()),
    },
)
ORGANISATION = Record(
    "Organisation",
    {
        "id": needed(Id("the organisation")),
        "name": needed(Text()),
        "kind": needed(Maybe(Text())),
        "territory": needed(Id("its territory")),
    },
)
ACCOUNT = Record(
    "Account",
    {
        "id": needed(Id("the account")),
        "name": needed(Text()),
        "role": needed(Choice(ROLES)),
        "organisation": needed(Id("its organisation")),
        "profession": needed(Maybe(Text())),
        "home_venue": needed(Maybe(Id("a venue"))),
        "email": needed(Maybe(Text(about="Only of colleagues, and for whoever coordinates."))),
        "phone": needed(Maybe(Text(about="Only of colleagues, and for whoever coordinates."))),
    },
)


def _page(found: Sequence[NamedTuple], call: Call) -> Response:
    """Rows whose first column is their id and whose columns are named as the members of the answer."""
    return answer(paging.page(found, call.query["limit"], lambda row: (row[0],), _told))


def _told(row: NamedTuple) -> dict[str, Any]:
    told = row._asdict()
    if "zone" in told:
        told["timezone"] = told.pop("zone")
    return told


def _last(call: Call) -> str | None:
    parts = paging.after(call.query.get("cursor"), str)
    return None if parts is None else str(parts[0])


@blueprint.get("/purposes")
@operation(
    query=Query({"profession": Member(Choice(PROFESSIONS)), **paging.parameters()}),
    answers={200: paging.page_shape("Purposes", PURPOSE)},
)
def purposes(call: Call) -> Response:
    """What people come for."""
    found = directories.purposes(
        db.session(), profession=call.query.get("profession"), after=_last(call), limit=call.query["limit"]
    )
    return _page(found, call)


@blueprint.get("/venues")
@operation(
    query=Query({"organisation": Member(Id("an organisation")), **paging.parameters()}),
    answers={200: paging.page_shape("Venues", VENUE)},
)
def venues(call: Call) -> Response:
    """The places that receive the public."""
    found = directories.venues(
        db.session(),
        call.actor,
        organisation=call.query.get("organisation"),
        after=_last(call),
        limit=call.query["limit"],
    )
    return _page(found, call)


@blueprint.get("/organisations")
@operation(query=Query(paging.parameters()), answers={200: paging.page_shape("Organisations", ORGANISATION)})
def organisations(call: Call) -> Response:
    """The organisations that plan together."""
    found = directories.organisations(db.session(), call.actor, after=_last(call), limit=call.query["limit"])
    return _page(found, call)


@blueprint.get("/accounts")
@operation(
    query=Query(
        {
            "role": Member(Choice(ROLES)),
            "organisation": Member(Id("an organisation")),
            "profession": Member(Choice(PROFESSIONS)),
            **paging.parameters(),
        }
    ),
    answers={200: paging.page_shape("Accounts", ACCOUNT)},
)
def accounts(call: Call) -> Response:
    """The people of the territory."""
    query = call.query
    found = directories.accounts(
        db.session(),
        call.actor,
        AccountFilter(query.get("role"), query.get("organisation"), query.get("profession")),
        after=_last(call),
        limit=query["limit"],
    )
    return _page(found, call)
