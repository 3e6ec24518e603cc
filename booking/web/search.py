"""Prendre un rendez-vous: four choices that are already answered, the first free slots, and the booking beside them."""

from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from booking import clock
from booking.actions import appointment_requests, appointment_views, appointments, callers, communes, idempotency
from booking.actions.appointment_requests import Request
from booking.actions.appointment_views import AppointmentView
from booking.actions.beneficiaries import BeneficiaryDraft
from booking.actions.rights import Actor
from booking.actions.search_choices import Choices, VenueChoice, choices
from booking.database import db, write
from booking.refusals import Clash, Forbidden, Invalid, NotFound, NotOffered
from booking.web import booking_form, current_actor, render, say, search_query, search_results, wants_fragment
from booking.web.booking_form import BookingForm
from booking.web.search_offer import Refused, Screen, offer_of, refused_of, request_of
from booking.web.search_query import Asked, Chosen
from booking.web.search_results import Results

blueprint = Blueprint("search", __name__)
COMMUNES_WITHIN_KM = 30.0


class AlreadyHas(Exception):
    """The person has appointments ahead, and whoever books has not been told yet."""

    def __init__(self, known: list[AppointmentView]) -> None:
        super().__init__("already has an appointment")
        self.known = known


@blueprint.get("/rendez-vous/nouveau")
def new() -> ResponseReturnValue:
    """The search, its slots, and the form for the one that was chosen."""
    screen = _screen()
    form = BookingForm(formdata=None)
    if screen.asked.after:
        _take_over(form, screen)
    return _page(screen, form)


@blueprint.post("/rendez-vous/nouveau")
def book() -> ResponseReturnValue:
    """Books the slot of the address for the person in the form."""
    screen = _screen()
    form = BookingForm()
    if screen.chosen is None:
        raise NotFound
    if not form.validate_on_submit():
        return _page(screen, form, 422 if form.errors else 200)
    wanted = request_of(screen, form, override="insist" in request.form)
    if wanted is None:
        raise NotFound
    try:
        done = _booked(screen, wanted)
    except AlreadyHas as error:
        screen.already.extend(error.known)
        return _page(screen, form, 409)
    except Invalid as error:
        form.take(error)
        return _page(screen, form, 422)
    except (Clash, NotOffered) as error:
        return _page(screen, form, 409, refused_of(db.session(), screen, wanted, error))
    _remember(screen)
    if done.headers["is"] == "tentative":
        say(gettext("La proposition est faite : le temps est retenu en attendant la réponse."))
    else:
        say(gettext("Le rendez-vous est confirmé."))
    return redirect(done.headers["Location"], 303)


@blueprint.get("/rendez-vous/nouveau/communes")
def place_names() -> ResponseReturnValue:
    """The names a commune field proposes: those around the places of the territory."""
    actor = current_actor()
    found = choices(db.session(), actor)
    points = [each.point for each in found.venues if each.point is not None]
    return render("search/_communes.html", communes=communes.around(points, COMMUNES_WITHIN_KM))


@blueprint.post("/rendez-vous/nouveau/deja")
def already() -> ResponseReturnValue:
    """Whether the person in the form already has an appointment: a part of the page, asked for while typing."""
    actor = current_actor()
    draft = BeneficiaryDraft(name=request.form.get("name"), phone=request.form.get("phone"))
    found = callers.ahead_of(db.session(), actor, draft, clock.now())
    return render("search/_already.html", already=found)


def _screen() -> Screen:
    actor = current_actor()
    found = choices(db.session(), actor)
    asked = search_query.read(request.args, found, actor, booking_form.kept())
    return Screen(actor, clock.now(), found, asked, _chosen(found, asked, actor))


def _chosen(found: Choices, asked: Asked, actor: Actor) -> Chosen | None:
    """The slot in the address: when, whose, where. From a planner it may name a room, or no place."""
    pointed = [each for each in map(found.by_id.get, request.args.getlist("agenda")) if each is not None]
    advisers = tuple(dict.fromkeys(each.id for each in pointed if each.kind == "adviser")) or asked.advisers
    venue = found.venue(request.args.get("lieu"))
    if venue is None:
        venue = next((found.venue_of(each.venue_pk) for each in pointed if each.kind == "room"), None)
    starts = search_query.minute_of(request.args.get("debut"), venue.zone if venue else actor.zone)
    if starts is None or not advisers:
        return None
    venue = venue or _likely_venue(found, asked, advisers, starts, actor)
    return Chosen(starts, advisers, venue) if venue is not None else None


def _likely_venue(
    found: Choices, asked: Asked, advisers: tuple[str, ...], starts: int, actor: Actor
) -> VenueChoice | None:
    """Where the first of them is open at that hour, or at home."""
    wanted = Request(purpose=asked.purpose.id if asked.purpose else "", advisers=advisers, starts=starts)
    try:
        plan, _ = appointment_requests.resolve(db.session(), actor, wanted)
    except (Invalid, Forbidden):
        return None
    return found.venue_of(plan.venue.pk)


def _take_over(form: BookingForm, screen: Screen) -> None:
    try:
        before = appointment_views.view(db.session(), screen.actor, screen.asked.after or "")
    except (NotFound, Forbidden):
        return
    booking_form.filled_from(form, before, note=False)


def _booked(screen: Screen, wanted: Request) -> idempotency.Given:
    """Books, once for each form: the same press sent twice leads to the same appointment."""
    key = request.form.get("key") or None
    mark = idempotency.digest("search", request.full_path, booking_form.fields())

    def work(session: Session) -> idempotency.Given:
        def booked() -> idempotency.Given:
            known = callers.ahead_of(session, screen.actor, wanted.beneficiary, screen.now)
            if not {each.id for each in known} <= set(request.form.getlist("seen")):
                raise AlreadyHas(known)
            done = appointments.book(session, screen.actor, wanted, screen.now)
            return idempotency.Given(303, "", {"Location": url_for("appointments.show", id=done.id), "is": done.status})

        return idempotency.once(session, screen.actor.pk, key, mark, screen.now, booked)

    return write(work)


def _remember(screen: Screen) -> None:
    asked = screen.asked
    booking_form.keep(
        {
            "motif": asked.purpose.id if asked.purpose else None,
            "ou": asked.where if asked.where != search_query.COMMUNE else None,
            "km": asked.km if asked.where != search_query.COMMUNE else None,
        }
    )


def _page(screen: Screen, form: BookingForm, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    asked, found = screen.asked, screen.choices
    here = search_query.address(asked, screen.chosen)
    impossible = False
    results, offer = Results(()), None
    try:
        results = search_results.look(db.session(), screen.actor, asked, found, screen.now, screen.chosen)
        offer = offer_of(db.session(), screen, refused)
    except (NotFound, Forbidden, Invalid):
        impossible = True
    answer: Any = render(
        "search/new.html",
        status,
        asked=asked,
        choices=found,
        results=results,
        offer=offer,
        impossible=impossible,
        form=form,
        already=screen.already,
        commune=search_query.commune_of(asked, found),
        here=here,
        words=search_query,
    )
    if wants_fragment() and request.method == "GET":
        answer.headers["HX-Push-Url"] = here
    return answer  # type: ignore[no-any-return]
