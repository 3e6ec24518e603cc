"""Appointments: book, read, move, cancel, settle."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from booking.actions import appointments, proposals
from booking.actions.alternatives import alternatives
from booking.actions.appointment_list import Listing, listed
from booking.actions.appointment_requests import Also, Move, Request, as_request
from booking.actions.appointment_rows import load
from booking.actions.appointment_views import AppointmentView, Person, view, views
from booking.actions.beneficiaries import NAME_LENGTH, BeneficiaryDraft
from booking.actions.foresight import clash_foreseen
from booking.actions.idempotency import Given, is_known
from booking.actions.rights import Actor
from booking.api import paging, problems, slots
from booking.api.etags import etag, not_modified, seen_version
from booking.api.instants import spoken, spoken_stamp
from booking.api.operations import Call, answer, idempotency_key, made, operation, write_once
from booking.api.periods import PARAMETERS, period
from booking.api.shapes import (
    Choice,
    Flag,
    Id,
    Instant,
    ListOf,
    Maybe,
    Member,
    Query,
    Record,
    Text,
    Whole,
    minute_text,
    needed,
)
from booking.api.slots import LONGEST_MINUTES
from booking.api.walls import zone_of_venue
from booking.database import db
from booking.models.appointments import ATTENDANCES, URGENCIES
from booking.refusals import Clash, NotOffered, Refusal

blueprint = Blueprint("appointments", __name__)

STATUSES = ("confirmed", "tentative", "cancelled")
STANDING = ("confirmed", "tentative")
MOST_ADVISERS = 50

WARNINGS = {
    "no_room": "the purpose asks for a room, and none was taken",
    "no_vehicle": "the purpose asks for a vehicle, and none was taken",
    "room_too_small": "the room holds fewer people than the purpose asks for",
}

WARNING = Record("Warning", {"code": needed(Choice(tuple(WARNINGS))), "detail": needed(Text())})
BENEFICIARY = Record(
    "Beneficiary",
    {
        "name": needed(Maybe(Text())),
        "phone": needed(Maybe(Text(about="E.164."))),
        "email": needed(Maybe(Text())),
        "consent_reminders": needed(Flag()),
        "language": needed(Text()),
    },
)
APPOINTMENT = Record(
    "Appointment",
    {
        "id": needed(Id("the appointment")),
        "uid": needed(Text(about="Its iCalendar identity, for life.")),
        "sequence": needed(Whole(about="iCalendar's: rises with each significant change.")),
        "version": needed(Whole(about="Rises with each change.")),
        "status": needed(Choice(STATUSES)),
        "reason": needed(Maybe(Text(about="Why it was cancelled or rejected."))),
        "lapses_at": needed(Maybe(Instant(about="When it ends of itself, if nobody confirms it."))),
        "purpose": needed(Id("its purpose")),
        "advisers": needed(ListOf(Id("an adviser"))),
        "venue": needed(Maybe(Id("its venue"))),
        "room": needed(Maybe(Id("its room"))),
        "vehicle": needed(Maybe(Id("its vehicle"))),
        "start": needed(Instant()),
        "end": needed(Instant()),
        "before": needed(Whole(about="Minutes kept free before it.")),
        "after": needed(Whole(about="Minutes kept free after it.")),
        "booked_by": needed(Maybe(Id("the account that booked it"))),
        "booked_at": needed(Instant()),
        "attendance": needed(Choice(ATTENDANCES)),
        "beneficiary": needed(Maybe(BENEFICIARY)),
        "note": needed(Maybe(Text())),
        "urgency": needed(Maybe(Choice(URGENCIES))),
        "warnings": Member(ListOf(WARNING, about="There when the purpose asks for what was not taken.")),
    },
    about="`beneficiary` and `note` are null for readers who may not know whom it is for.",
)

BENEFICIARY_SENT = Record(
    "BeneficiaryDraft",
    {
        "name": Member(Text(NAME_LENGTH)),
        "phone": Member(Text(40)),
        "email": Member(Text(254)),
        "consent_reminders": Member(Flag(about="Whether the person agrees to be reminded.")),
        "language": Member(Choice(("fr", "en"))),
    },
)
ALSO_SENT = Record(
    "AlsoDraft",
    {
        "calendar": needed(Id("a calendar")),
        "start": needed(Instant()),
        "end": needed(Instant()),
        "title": Member(Text(200)),
    },
)
_ADVISERS = ListOf(Id("an adviser"), least=1, most=MOST_ADVISERS, unique=True)
_ROOM = Id("a room", words=("any",))
_VEHICLE = Id("a vehicle", words=("any",))
_WORDS = {
    "beneficiary": Member(BENEFICIARY_SENT),
    "note": Member(Text(300)),
    "urgency": Member(Choice(URGENCIES)),
    "override": Member(Flag(about="Book it though it is no slot; for whoever manages every adviser named.")),
}
BOOKING = Record(
    "AppointmentDraft",
    {
        "purpose": needed(Id("a purpose")),
        "advisers": needed(_ADVISERS),
        "venue": needed(Id("a venue")),
        "start": needed(Instant(about="Any whole minute.")),
        "room": Member(_ROOM),
        "vehicle": Member(_VEHICLE),
        "minutes": Member(Whole(1, LONGEST_MINUTES)),
        "before": Member(Whole(0, LONGEST_MINUTES)),
        "after": Member(Whole(0, LONGEST_MINUTES)),
        **_WORDS,
        "also": Member(ListOf(ALSO_SENT, most=20, about="Further claims in the same transaction.")),
    },
)
MOVE = Record(
    "AppointmentMove",
    {
        "start": Member(Instant()),
        "advisers": Member(_ADVISERS),
        "venue": Member(Id("a venue")),
        "room": Member(_ROOM),
        "vehicle": Member(_VEHICLE),
        "minutes": Member(Whole(1, LONGEST_MINUTES)),
        "without": Member(ListOf(Choice(("room", "vehicle")), unique=True, about="What it needs no more.")),
        **_WORDS,
    },
    about="What is absent stays as it was.",
)
REASON = Record("Reason", {"reason": Member(Text(300))})
CANCELLATION = Record(
    "Cancellation",
    {"reason": Member(Text(300)), "by": Member(Choice(("service", "beneficiary"), about="Who cancels; the service."))},
)
ATTENDANCE = Record("Attendance", {"attendance": needed(Choice(ATTENDANCES))})

_REFUSED_BOOKING = ("clash", "not-offered")


@blueprint.get("/appointments")
@operation(
    query=Query(
        {
            **PARAMETERS,
            "adviser": Member(ListOf(Id("an adviser"), most=200, about="Repeatable.")),
            "calendar": Member(ListOf(Id("an adviser, a room or a vehicle"), most=200, about="Repeatable.")),
            "status": Member(ListOf(Choice(STATUSES), about="Repeatable; confirmed and tentative when absent.")),
            **paging.parameters(),
        }
    ),
    answers={200: paging.page_shape("Appointments", APPOINTMENT)},
)
def list_(call: Call) -> Response:
    """The appointments that the account may read within a period, by start."""
    query = call.query
    calendars = (*query.get("adviser", ()), *query.get("calendar", ()))
    which = Listing(
        period(query.get("from"), query.get("to"), call.actor.zone, call.now_minute),
        query.get("status") or STANDING,
        calendars or None,
    )
    after = paging.after(query.get("cursor"), int, int)
    found = listed(db.session(), call.actor, which, after=after, limit=query["limit"])
    return answer(paging.page(found, query["limit"], lambda each: (each.starts, each.pk), _appointment))


@blueprint.post("/appointments")
@operation(body=BOOKING, answers={201: APPOINTMENT}, refusals=_REFUSED_BOOKING)
def book(call: Call) -> Response:
    """Book an appointment: adviser, room and vehicle in one transaction, or nothing.

    Where a yes is needed (the right is only to propose, a moderated room, a vehicle that needs approval) it is
    tentative, claims its time, and lapses if nobody confirms it.
    """
    request = _request(call.body)

    def work(session: Session) -> Given:
        booked = appointments.book(session, call.actor, request, call.now)
        return _told(session, call.actor, booked.entry_pk, booked.warnings, 201)

    def attempt() -> Response:
        key = idempotency_key()
        clash = clash_foreseen(db.session(), call.actor, request, call.now)
        # What stands in the way may be what this very key booked: then its answer stands too, and is given again.
        if clash is not None and (key is None or not is_known(call.actor.pk, key)):
            raise clash
        return write_once(call, work)

    return _or_alternatives(call, request.venue, attempt, lambda session: request)


@blueprint.get("/appointments/<id:appointment_id>")
@operation(answers={200: APPOINTMENT}, reads_etag=True)
def one(call: Call, appointment_id: str) -> Response:
    """One appointment."""
    found = view(db.session(), call.actor, appointment_id)
    tag = etag(found.id, found.version)
    return not_modified(tag) or answer(_appointment(found), headers={"ETag": tag})


@blueprint.patch("/appointments/<id:appointment_id>")
@operation(
    body=MOVE,
    answers={200: APPOINTMENT},
    refusals=(*_REFUSED_BOOKING, "wrong-state"),
    honours_if_match=True,
)
def move(call: Call, appointment_id: str) -> Response:
    """Move an appointment, all its claims at once, or change what is noted with it."""
    changes = dict(call.body)
    if "start" in changes:
        changes["starts"] = changes.pop("start")
    changes |= dict.fromkeys(changes.pop("without", ()))
    if "beneficiary" in changes:
        changes["beneficiary"] = _beneficiary(changes["beneficiary"])
    change = Move(**changes)
    seen = seen_version(appointment_id)

    def work(session: Session) -> Given:
        moved = appointments.move(session, call.actor, appointment_id, change, call.now, seen)
        return _told(session, call.actor, moved.entry_pk, moved.warnings)

    return _or_alternatives(
        call,
        call.body.get("venue"),
        lambda: write_once(call, work),
        lambda session: _moved(session, call.actor, appointment_id, change),
    )


@blueprint.post("/appointments/<id:appointment_id>/cancel")
@operation(body=CANCELLATION, body_optional=True, answers={200: APPOINTMENT}, honours_if_match=True)
def cancel(call: Call, appointment_id: str) -> Response:
    """Cancel an appointment; its time is free again. Twice is as once."""
    seen = seen_version(appointment_id)

    def work(session: Session) -> Given:
        done = appointments.cancel(
            session,
            call.actor,
            appointment_id,
            call.body.get("reason"),
            call.now,
            seen=seen,
            by=call.body.get("by", "service"),
        )
        return _told(session, call.actor, done.entry_pk)

    return write_once(call, work)


@blueprint.post("/appointments/<id:appointment_id>/attendance")
@operation(body=ATTENDANCE, answers={200: APPOINTMENT}, honours_if_match=True)
def attendance(call: Call, appointment_id: str) -> Response:
    """Note whether the beneficiary came."""
    seen = seen_version(appointment_id)

    def work(session: Session) -> Given:
        done = appointments.mark_attendance(
            session, call.actor, appointment_id, call.body["attendance"], call.now, seen
        )
        return _told(session, call.actor, done.entry_pk)

    return write_once(call, work)


@blueprint.post("/appointments/<id:appointment_id>/confirm")
@operation(
    body=Record("Confirmation", {}),
    body_optional=True,
    answers={200: APPOINTMENT},
    refusals=("wrong-state",),
    honours_if_match=True,
)
def confirm(call: Call, appointment_id: str) -> Response:
    """Say yes to a proposal, for the calendars that the account manages."""
    seen = seen_version(appointment_id)

    def work(session: Session) -> Given:
        entry = proposals.confirm(session, call.actor, appointment_id, call.now, seen)
        return _told(session, call.actor, entry.pk)

    return write_once(call, work)


@blueprint.post("/appointments/<id:appointment_id>/reject")
@operation(
    body=REASON,
    body_optional=True,
    answers={200: APPOINTMENT},
    refusals=("wrong-state",),
    honours_if_match=True,
)
def reject(call: Call, appointment_id: str) -> Response:
    """Say no to a proposal; its time is free again."""
    seen = seen_version(appointment_id)

    def work(session: Session) -> Given:
        entry = proposals.reject(session, call.actor, appointment_id, call.body.get("reason"), call.now, seen)
        return _told(session, call.actor, entry.pk)

    return write_once(call, work)


def _request(body: dict[str, Any]) -> Request:
    return Request(
        purpose=body["purpose"],
        advisers=body["advisers"],
        starts=body["start"],
        venue=body["venue"],
        room=body.get("room"),
        vehicle=body.get("vehicle"),
        minutes=body.get("minutes"),
        before=body.get("before"),
        after=body.get("after"),
        beneficiary=_beneficiary(body["beneficiary"]) if "beneficiary" in body else None,
        note=body.get("note"),
        urgency=body.get("urgency"),
        override=body.get("override", False),
        also=tuple(
            Also(each["calendar"], each["start"], each["end"], each.get("title")) for each in body.get("also", ())
        ),
    )


def _moved(session: Session, actor: Actor, appointment_id: str, change: Move) -> Request:
    """What a move comes to, as something to book."""
    entry, appointment, held = load(session, actor, appointment_id, "book", None)
    return as_request(session, entry, appointment, held, change)


def _beneficiary(sent: dict[str, Any]) -> BeneficiaryDraft:
    return BeneficiaryDraft(**sent)


def _or_alternatives(
    call: Call, venue: str | None, attempt: Callable[[], Response], request_of: Callable[[Session], Request]
) -> Response:
    """The answer of an attempt; a refused time is told with up to three others, looked for once all locks are gone."""
    try:
        return attempt()
    except (Clash, NotOffered) as refusal:
        session = db.session()
        zone = zone_of_venue(session, venue) or call.actor.zone
        try:
            offered = alternatives(session, call.actor, request_of(session), call.now)
        except Refusal:
            offered = []
        return problems.of_booking(refusal, [slots.told(slot) for slot in offered], zone)


def _told(session: Session, actor: Actor, entry_pk: int, warnings: tuple[str, ...] = (), status: int = 200) -> Given:
    """The appointment as the actor may see it, read in the transaction that changed it."""
    (found,) = views(session, actor, [entry_pk])
    body = _appointment(found)
    if warnings:
        body["warnings"] = [{"code": code, "detail": WARNINGS[code]} for code in warnings]
    headers = {"ETag": etag(found.id, found.version)}
    if status == 201:
        headers["Location"] = f"/api/v1/appointments/{found.id}"
    return made(body, status, headers)


def _appointment(found: AppointmentView) -> dict[str, Any]:
    zone = found.zone
    return {
        "id": found.id,
        "uid": found.uid,
        "sequence": found.sequence,
        "version": found.version,
        "status": found.status,
        "reason": found.reason,
        "lapses_at": minute_text(found.lapses_at, zone),
        "purpose": found.purpose,
        "advisers": [each.id for each in found.advisers],
        "venue": found.venue,
        "room": found.room.id if found.room else None,
        "vehicle": found.vehicle.id if found.vehicle else None,
        "start": spoken(found.starts, zone),
        "end": spoken(found.ends, zone),
        "before": found.before,
        "after": found.after,
        "booked_by": found.booked_by,
        "booked_at": spoken_stamp(found.booked_at, zone),
        "attendance": found.attendance,
        "beneficiary": _person(found.beneficiary),
        "note": found.note,
        "urgency": found.urgency,
    }


def _person(person: Person | None) -> dict[str, Any] | None:
    if person is None:
        return None
    return {
        "name": person.name,
        "phone": person.phone,
        "email": person.email,
        "consent_reminders": person.consent_reminders,
        "language": person.language,
    }
