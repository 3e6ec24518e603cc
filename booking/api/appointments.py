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
from booking.actions.appointment_views import AppointmentView, just_booked, view, views
from booking.actions.beneficiaries import BeneficiaryDraft
from booking.actions.foresight import clash_foreseen
from booking.actions.idempotency import Given, is_known
from booking.actions.rights import Actor
from booking.api import paging, problems, slots
from booking.api.appointment_shapes import (
    APPOINTMENT,
    ATTENDANCE,
    BOOKING,
    CANCELLATION,
    MOVE,
    REASON,
    STANDING,
    STATUSES,
    WARNINGS,
    told,
)
from booking.api.etags import etag, not_modified, seen_version
from booking.api.operations import Call, answer, idempotency_key, made, operation, write_once
from booking.api.periods import PARAMETERS, period
from booking.api.records import Member, Query, Record
from booking.api.shapes import Choice, Id, ListOf
from booking.api.walls import zone_of_venue
from booking.database import db
from booking.refusals import Clash, NotOffered, Refusal

blueprint = Blueprint("appointments", __name__)

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
    return answer(paging.page(found, query["limit"], lambda each: (each.starts, each.pk), told))


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
        return _answered(just_booked(session, booked.entry_pk), booked.warnings, 201)

    def attempt() -> Response:
        key = idempotency_key()
        clash = clash_foreseen(db.session, call.actor, request, call.now)
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
    return not_modified(tag) or answer(told(found), headers={"ETag": tag})


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


def _told(session: Session, actor: Actor, entry_pk: int, warnings: tuple[str, ...] = ()) -> Given:
    """The appointment as the actor may see it, read in the transaction that changed it."""
    (found,) = views(session, actor, [entry_pk])
    return _answered(found, warnings)


def _answered(found: AppointmentView, warnings: tuple[str, ...], status: int = 200) -> Given:
    body = told(found)
    if warnings:
        body["warnings"] = [{"code": code, "detail": WARNINGS[code]} for code in warnings]
    headers = {"ETag": etag(found.id, found.version)}
    if status == 201:
        headers["Location"] = f"/api/v1/appointments/{found.id}"
    return made(body, status, headers)
