"""How to knock at each door of the service: the least request that would be let in, for every endpoint and method.

An endpoint that is not here fails the matrix: write down how one knocks when you add a door. ``about`` is the kind
of thing (a maker of ``rights_world``) whose owner the matrix varies; without it the door is the same for everybody
who is admitted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from booking.models import Account, Calendar, Organisation, Venue
from booking.timeline.interval import from_utc
from tests.house.rights_world import NOTHING, OF_APPOINTMENTS, OWNERS, PARIS, PURPOSE, Thing, World

Body = Callable[[World, Thing, str], Mapping[str, Any]]


@dataclass(frozen=True)
class Knock:
    """One request. ``path`` names the parameters of the address that take the thing's id, ``others`` the rest."""

    method: str = "GET"
    opened: frozenset[int] = frozenset({200})
    about: str | None = None
    path: tuple[str, ...] = ()
    others: Mapping[str, str] = field(default_factory=dict)
    query: Body | None = None
    body: Body | None = None
    acts: bool = False
    """Whether being let in leaves a trace in the audit."""
    missing: int = 404
    forbidden: int = 403
    verb: str | None = None
    """When this method asks for another right than the table says of its endpoint."""
    owners: tuple[str, ...] = OWNERS


def page(*statuses: int) -> frozenset[int]:
    return frozenset(statuses)


def nothing_sent(world: World, thing: Thing, role: str) -> Mapping[str, Any]:
    return {}


def sent(**fields: Any) -> Body:
    return lambda world, thing, role: fields


def named(field: str, **others: Any) -> Body:
    """The thing's id in a field of the query or the body."""
    return lambda world, thing, role: {field: thing.id, **others}


def _of_appointment(
    method: str = "GET",
    *,
    about: str = "appointment",
    path: str = "id",
    opened: frozenset[int] = page(200),
    body: Body | None = None,
) -> tuple[Knock, ...]:
    owners = OWNERS if about == "under_way" else (*OWNERS, *OF_APPOINTMENTS)
    return (Knock(method, opened, about, (path,), body=body, acts=method != "GET", owners=owners),)


def _seen_and_sent(
    about: str, body: Body, *, path: str = "id", opened: frozenset[int] = page(302)
) -> tuple[Knock, ...]:
    """A page with its form."""
    return (Knock(about=about, path=(path,)), Knock("POST", opened, about, (path,), body=body, acts=True))


def _instant(minute: int) -> str:
    return from_utc(minute).isoformat()


def _wall(minute: int) -> str:
    """As the screens write it."""
    return from_utc(minute).astimezone(PARIS).strftime("%Y-%m-%dT%H:%M")


def _booking_with(world: World, thing: Thing, role: str) -> Mapping[str, Any]:
    """An appointment with the adviser of the owner."""
    return {
        "purpose": PURPOSE,
        "advisers": [thing.id],
        "venue": thing.more.get("venue", "maison-brume"),
        "start": _instant(world.start(thing.id)),
    }


def _move_elsewhen(world: World, thing: Thing, role: str) -> Mapping[str, Any]:
    return {"start": _instant(world.start(thing.more.get("calendar", "")))}


def _moving_form(world: World, thing: Thing, role: str) -> Mapping[str, Any]:
    day, _, hour = _wall(world.start(thing.more.get("calendar", ""))).partition("T")
    return {"day": day, "hour": hour}


def _dropped(world: World, thing: Thing, role: str) -> Mapping[str, Any]:
    """On another hour of its own line, as the timeline sends it; a new appointment is of the first version."""
    return {"start": _wall(world.start(thing.more.get("calendar", ""))), "version": "1"}


def _slot_of(world: World, thing: Thing, role: str) -> Mapping[str, Any]:
    return {
        "motif": PURPOSE,
        "agenda": thing.id,
        "debut": _wall(world.start(thing.id)),
        "lieu": thing.more.get("venue", "maison-brume"),
    }


def _account_form(world: World, thing: Thing, role: str) -> Mapping[str, Any]:
    if thing is NOTHING:
        return {}
    row = world.row(Account, thing.id)
    return {
        "name": row.name,
        "email": row.email,
        "role": row.role,
        "organisation": thing.more["organisation"],
        "profession": "conseiller_numerique" if thing.id in {each.id for each in world.actors.values()} else "",
        "home_venue": "",
    }


def _organisation_form(world: World, thing: Thing, role: str) -> Mapping[str, Any]:
    if thing is NOTHING:
        return {}
    return {"name": world.row(Organisation, thing.id).name, "kind": ""}


def _venue_form(world: World, thing: Thing, role: str) -> Mapping[str, Any]:
    if thing is NOTHING:
        return {}
    row = world.row(Venue, thing.id)
    return {"name": row.name, "organisation": thing.more["organisation"], "commune": "Treignac"}


def _calendar_form(world: World, thing: Thing, role: str) -> Mapping[str, Any]:
    if thing is NOTHING:
        return {}
    row = world.row(Calendar, thing.id)
    return {
        "name": row.name,
        "venue": thing.more["venue"],
        "setup_minutes": "0",
        "cleanup_minutes": "0",
        "active": "y",
        "energy": "",
    }


_OPENING_FORM = {
    "venue": "maison-brume",
    "day": "2027-03-02",
    "from_hour": "19:00",
    "to_hour": "20:00",
    "repeats": "once",
    "admission": "by_appointment",
    "admits": "all",
    "rank": "date",
    "weekday": "0",
    "interval": "1",
    "ends": "never",
}
_ABSENCE_FORM = {**_OPENING_FORM, "extent": "hours", "day": "2028-05-02", "to_day": "2028-05-02"}
_OPENING_DATE, _ABSENCE_DATE = "2027-03-09", "2028-03-14"


def _person(world: World, thing: Thing, role: str) -> Mapping[str, Any]:
    """Somebody new each time: of whoever comes again, one is told first."""
    return {"name": f"Personne {uuid4().hex}", "phone": "", "email": ""}


def _opening_sent(world: World, thing: Thing, role: str) -> Mapping[str, Any]:
    return {
        "adviser": thing.id,
        "venue": thing.more.get("venue", "maison-brume"),
        "start": "2027-03-02T19:00",
        "minutes": 60,
    }


def _opening_form(world: World, thing: Thing, role: str) -> Mapping[str, Any]:
    return {**_OPENING_FORM, "venue": thing.more.get("venue", "maison-brume")}


def _opening_put_back(world: World, thing: Thing, role: str) -> Mapping[str, Any]:
    way_back: dict[str, Any] = {
        "venue": thing.more.get("venue", "maison-brume"),
        "start": "2027-03-02T19:00",
        "minutes": 60,
        "rrule": None,
        "exdates": [],
        "admission": "by_appointment",
        "purposes": None,
        "holidays": "closed",
        "changes": [],
    }
    return {"agenda": thing.id, "plage": json.dumps(way_back)}


def _absence_put_back(world: World, thing: Thing, role: str) -> Mapping[str, Any]:
    way_back: dict[str, Any] = {
        "start": "2028-07-04",
        "end": "2028-07-05",
        "rrule": None,
        "exdates": [],
        "title": None,
        "changes": [],
    }
    return {"agenda": thing.id, "absence": json.dumps(way_back)}


DOORS: dict[str, tuple[Knock, ...]] = {
    # Everybody's.
    "static": (Knock(others={"filename": "css/booking.css"}),),
    "people.home": (Knock(opened=page(302)),),
    "people.sign_in": (
        Knock(opened=page(200, 302)),
        Knock("POST", page(422, 200), body=sent(email="personne@brume.example")),
    ),
    "people.sign_out": (Knock("POST", page(302), body=nothing_sent),),
    "people.forgotten": (Knock(), Knock("POST", page(422), body=nothing_sent)),
    "people.choose_password": (
        Knock(opened=page(404, 410), others={"token": "x"}),
        Knock("POST", page(404, 410), others={"token": "x"}, body=nothing_sent),
    ),
    "people.language": (Knock("POST", page(302), body=sent(language="fr")),),
    "ics.nothing": (Knock(opened=page(404)),),
    "api.reference.openapi": (Knock(),),
    "api.reference.docs": (Knock(),),
    "api.reference.problem": (Knock(others={"code": "clash"}),),
    "setup.account": (Knock(opened=page(302)), Knock("POST", page(302), body=nothing_sent)),
    # A link's.
    "ics.calendar": (Knock(about="secret", path=("secret",), opened=page(200)),),
    "ics.freebusy": (Knock(about="secret", path=("secret",), opened=page(200)),),
    # One's own.
    "people.profile": (Knock(), Knock("POST", page(422), body=sent(name="", language="fr"))),
    "people.password": (Knock(), Knock("POST", page(422), body=nothing_sent)),
    "feeds.mine": (
        Knock(),
        Knock(
            "POST",
            page(201),
            "calendar",
            body=lambda world, thing, role: {"target": f"adviser:{thing.id}", "detail": "free_busy", "alarm": ""},
            acts=True,
            missing=422,
            verb="see",
        ),
        Knock(
            "POST",
            page(201),
            "calendar",
            body=lambda world, thing, role: {"target": f"adviser:{thing.id}", "detail": "full", "alarm": ""},
            acts=True,
            missing=422,
            forbidden=422,
            verb="details",
        ),
    ),
    "feeds.revoke": (
        Knock(about="feed", path=("feed_id",)),
        Knock("POST", page(302), "feed", ("feed_id",), body=nothing_sent, acts=True),
    ),
    # Accounts.
    "accounts.list": (Knock(),),
    "accounts.invite": (Knock(), Knock("POST", page(422), body=nothing_sent)),
    "accounts.several": (Knock(), Knock("POST", page(422), body=nothing_sent)),
    "accounts.edit": _seen_and_sent("account", _account_form),
    "accounts.invite_again": (Knock("POST", page(302), "account", ("id",), body=nothing_sent, owners=OWNERS[1:]),),
    "accounts.deactivate": (
        Knock("POST", page(302), "account", ("id",), body=nothing_sent, acts=True, owners=OWNERS[1:]),
        Knock("POST", page(302), "account", ("id",), body=nothing_sent, owners=("self",)),
    ),
    "accounts.reactivate": (Knock("POST", page(302), "closed_account", ("id",), body=nothing_sent, acts=True),),
    "setup.structure": (Knock(), Knock("POST", page(422), body=nothing_sent)),
    "setup.venue": (Knock(), Knock("POST", page(422), body=nothing_sent)),
    "setup.adviser": (Knock(), Knock("POST", page(422), body=sent(who="other"))),
    # The catalogue.
    "catalogue.home": (Knock(),),
    "catalogue.organisation": _seen_and_sent("organisation", _organisation_form),
    "catalogue.new_organisation": (Knock(), Knock("POST", page(422), body=nothing_sent)),
    "catalogue.venue": _seen_and_sent("venue", _venue_form),
    "catalogue.new_venue": (Knock(), Knock("POST", page(422), body=nothing_sent)),
    "catalogue.room": _seen_and_sent("room", _calendar_form),
    "catalogue.new_room": (Knock(), Knock("POST", page(422), body=nothing_sent)),
    "catalogue.vehicle": _seen_and_sent("vehicle", _calendar_form),
    "catalogue.new_vehicle": (Knock(), Knock("POST", page(422), body=nothing_sent)),
    "catalogue.purposes": (Knock(),),
    "catalogue.purpose": (
        Knock(others={"id": PURPOSE}),
        Knock("POST", page(302, 422), others={"id": PURPOSE}, body=nothing_sent),
    ),
    "catalogue.new_purpose": (Knock(), Knock("POST", page(422), body=nothing_sent)),
    "messages.list": (Knock(),),
    "messages.show": (Knock(about="message", path=("id",)),),
    # The day and the planner.
    "day.today": (Knock(),),
    "planner.day": (Knock(opened=page(302)),),
    "planner.dated": (
        Knock(others={"day": "2027-01-19"}),
        Knock(others={"day": "2027-01-19"}, query=sent(vue="semaine", structure="mairie-orme")),
    ),
    "planner_events.of": (Knock(others={"day": "2027-01-19"}),),
    "planner_drag.drop": _of_appointment("POST", body=_dropped),
    "desk.absent": (Knock(about="calendar", path=("calendar_id",), verb="book themselves"),),
    "desk.settle": (Knock("POST", page(303), "calendar", ("calendar_id",), body=nothing_sent, verb="book themselves"),),
    "desk.hand_over": (Knock(about="calendar", path=("calendar_id",), verb="book themselves"),),
    "desk.take_over": (
        Knock("POST", page(303), "calendar", ("calendar_id",), body=nothing_sent, verb="book themselves"),
    ),
    # Searching and booking.
    "search.new": (Knock(), Knock(query=sent(motif=PURPOSE, ou="partout"))),
    "search.book": (
        Knock(
            "POST",
            page(303),
            "calendar",
            query=_slot_of,
            body=_person,
            acts=True,
            forbidden=404,
        ),
    ),
    "search.place_names": (Knock(),),
    "search.already": (Knock("POST", body=sent(name="Quidam-foreign", phone="")),),
    "walk_in.new": (Knock(),),
    "walk_in.book": (
        Knock(
            "POST",
            page(303, 409),
            "calendar",
            body=lambda world, thing, role: {"purpose": PURPOSE, "adviser": thing.id, **_person(world, thing, role)},
            missing=422,
            forbidden=422,
            verb="propose",
        ),
    ),
    # Appointments.
    "appointments.find": (Knock(), Knock(query=sent(q="Quida"))),
    "appointments.show": _of_appointment(),
    "appointments.slip": _of_appointment(),
    "appointments.edit": _of_appointment(),
    "appointments.amend": _of_appointment("POST", opened=page(303), body=sent(name="Personne", phone="", email="")),
    "appointments.cancel": _of_appointment("POST", opened=page(303), body=nothing_sent),
    "appointments.restore": _of_appointment("POST", about="cancelled", opened=page(303), body=nothing_sent),
    "appointments.attendance": _of_appointment("POST", opened=page(303), body=sent(attendance="attended")),
    "appointments.end": _of_appointment("POST", about="under_way", opened=page(303), body=nothing_sent),
    "appointments.confirm": _of_appointment("POST", about="proposal", opened=page(303), body=nothing_sent),
    "appointments.reject": _of_appointment("POST", about="proposal", opened=page(303), body=nothing_sent),
    "moving.slots": _of_appointment(),
    "moving.move": _of_appointment("POST", opened=page(303), body=_moving_form),
    # Availability and sharing.
    "availability.mine": (Knock(), Knock(about="calendar", query=named("agenda"))),
    "availability.displaced": (Knock(about="calendar", path=("calendar_id",)),),
    "openings.new": (
        Knock(about="calendar", query=named("agenda")),
        Knock("POST", page(303), "calendar", query=named("agenda"), body=_opening_form, acts=True),
    ),
    "openings.put_back": (Knock("POST", page(303), "calendar", body=_opening_put_back, acts=True),),
    "openings.edit": _seen_and_sent("opening", _opening_form, opened=page(303)),
    "openings.dates": (Knock(about="opening", path=("id",)),),
    "openings.date": (
        Knock(about="opening", path=("id",), others={"day": _OPENING_DATE}),
        Knock(
            "POST",
            page(303),
            "opening",
            ("id",),
            {"day": _OPENING_DATE},
            body=lambda world, thing, role: {**_opening_form(world, thing, role), "day": _OPENING_DATE},
            acts=True,
        ),
    ),
    "openings.cancel_date": (
        Knock("POST", page(303), "opening", ("id",), {"day": _OPENING_DATE}, body=nothing_sent, acts=True),
    ),
    "openings.restore_date": (Knock("POST", page(303), "opening", ("id",), {"day": _OPENING_DATE}, body=nothing_sent),),
    "openings.remove": (
        Knock(about="opening", path=("id",)),
        Knock("POST", page(303), "opening", ("id",), body=sent(how="all"), acts=True),
    ),
    "absences.new": (
        Knock(about="calendar", query=named("agenda")),
        Knock("POST", page(303), "calendar", query=named("agenda"), body=sent(**_ABSENCE_FORM), acts=True),
    ),
    "absences.put_back": (Knock("POST", page(303), "calendar", body=_absence_put_back, acts=True),),
    "absences.show": (Knock(about="absence", path=("id",)),),
    "absences.edit": _seen_and_sent("absence", sent(**_ABSENCE_FORM), opened=page(303)),
    "absences.date": (
        Knock(about="absence", path=("id",), others={"day": _ABSENCE_DATE}),
        Knock(
            "POST",
            page(303),
            "absence",
            ("id",),
            {"day": _ABSENCE_DATE},
            body=sent(**{**_ABSENCE_FORM, "day": _ABSENCE_DATE, "to_day": _ABSENCE_DATE}),
            acts=True,
        ),
    ),
    "absences.cancel_date": (
        Knock("POST", page(303), "absence", ("id",), {"day": _ABSENCE_DATE}, body=nothing_sent, acts=True),
    ),
    "absences.restore_date": (Knock("POST", page(303), "absence", ("id",), {"day": _ABSENCE_DATE}, body=nothing_sent),),
    "absences.remove": (Knock("POST", page(303), "absence", ("id",), body=nothing_sent, acts=True),),
    "sharing.mine": (Knock(), Knock(about="calendar", query=named("agenda"))),
    "sharing.set": (
        Knock(
            "POST",
            page(303),
            "calendar",
            ("calendar_id",),
            body=sent(audience="person", id="gaston", level="details"),
            acts=True,
        ),
    ),
    "sharing.add": (
        Knock("POST", page(303), "calendar", ("calendar_id",), body=sent(who="gaston", level="details"), acts=True),
    ),
    # The API.
    "api.calendars.list_": (Knock(),),
    "api.calendars.one": (
        Knock(about="calendar", path=("calendar_id",)),
        Knock(about="room", path=("calendar_id",)),
        Knock(about="vehicle", path=("calendar_id",)),
    ),
    "api.calendars.busy": (
        Knock(about="calendar", path=("calendar_id",)),
        Knock(about="room", path=("calendar_id",)),
    ),
    "api.entries.list_": (Knock(about="calendar", query=named("calendar")),),
    "api.catalogue.purposes": (Knock(),),
    "api.catalogue.venues": (Knock(), Knock(query=sent(organisation="mairie-lointaine"))),
    "api.catalogue.organisations": (Knock(),),
    "api.catalogue.accounts": (Knock(), Knock(query=sent(organisation="mairie-lointaine"))),
    "api.slots.list_": (
        Knock(query=sent(purpose=PURPOSE, limit="20")),
        Knock(about="calendar", query=named("adviser", purpose=PURPOSE, limit="5")),
    ),
    "api.appointments.list_": (Knock(), Knock(about="calendar", query=named("calendar"), verb="see")),
    "api.appointments.one": _of_appointment(path="appointment_id"),
    "api.appointments.book": (
        Knock("POST", page(201), "calendar", body=_booking_with, acts=True, missing=422),
        Knock(
            "POST",
            page(201, 409),
            "room",
            body=lambda world, thing, role: {
                **_booking_with(
                    world, Thing(world.actors[role].id if role in world.actors else "alix", None, {}), role
                ),
                "venue": thing.more.get("venue", "maison-brume"),
                "room": thing.id,
            },
            missing=422,
            owners=tuple(each for each in OWNERS if each != "abroad"),
        ),
    ),
    "api.appointments.move": _of_appointment("PATCH", path="appointment_id", body=_move_elsewhen),
    "api.appointments.cancel": _of_appointment("POST", path="appointment_id", body=nothing_sent),
    "api.appointments.attendance": _of_appointment("POST", path="appointment_id", body=sent(attendance="attended")),
    "api.appointments.confirm": _of_appointment("POST", about="proposal", path="appointment_id", body=nothing_sent),
    "api.appointments.reject": _of_appointment("POST", about="proposal", path="appointment_id", body=nothing_sent),
    "api.openings.list_": (Knock(), Knock(about="calendar", query=named("adviser"))),
    "api.openings.add": (Knock("POST", page(201), "calendar", body=_opening_sent, acts=True, missing=422),),
    "api.openings.one": (Knock(about="opening", path=("opening_id",)),),
    "api.openings.change": (Knock("PATCH", page(200), "opening", ("opening_id",), body=sent(minutes=90), acts=True),),
    "api.openings.remove": (Knock("DELETE", page(204), "opening", ("opening_id",), acts=True),),
    "api.openings.change_date": (
        Knock(
            "PATCH",
            page(200),
            "opening",
            ("opening_id",),
            {"date": _OPENING_DATE},
            body=sent(minutes=45),
            acts=True,
        ),
    ),
    "api.openings.cancel_date": (
        Knock("DELETE", page(204), "opening", ("opening_id",), {"date": _OPENING_DATE}, acts=True),
    ),
    "api.absences.list_": (Knock(), Knock(about="calendar", query=named("calendar"))),
    "api.absences.add": (
        Knock(
            "POST",
            page(201),
            "calendar",
            body=named("calendar", start="2028-06-01", end="2028-06-02"),
            acts=True,
            missing=422,
        ),
    ),
    "api.absences.one": (Knock(about="absence", path=("absence_id",)),),
    "api.absences.change": (
        Knock("PATCH", page(200), "absence", ("absence_id",), body=sent(title="Formation"), acts=True),
    ),
    "api.absences.remove": (Knock("DELETE", page(204), "absence", ("absence_id",), acts=True),),
    "api.absences.change_date": (
        Knock(
            "PATCH",
            page(200),
            "absence",
            ("absence_id",),
            {"date": _ABSENCE_DATE},
            body=sent(start="2028-03-14T14:00", end="2028-03-14T15:00"),
            acts=True,
        ),
    ),
    "api.absences.cancel_date": (
        Knock("DELETE", page(204), "absence", ("absence_id",), {"date": _ABSENCE_DATE}, acts=True),
    ),
    "api.feeds.list_": (Knock(),),
    "api.feeds.one": (Knock(about="feed", path=("feed_id",)),),
    "api.feeds.create": (
        Knock(
            "POST",
            page(201),
            "calendar",
            body=named("id", scope="adviser", detail="free_busy"),
            acts=True,
            missing=422,
            verb="see",
        ),
        Knock(
            "POST",
            page(201),
            "calendar",
            body=named("id", scope="adviser", detail="full"),
            acts=True,
            missing=422,
            verb="details",
        ),
    ),
    "api.feeds.revoke": (Knock("DELETE", page(204), "feed", ("feed_id",), acts=True),),
}
