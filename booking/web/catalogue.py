"""Structures, venues, rooms, vehicles and purposes: an overview, and a form for each."""

from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from wtforms import (
    BooleanField,
    DecimalField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from booking import clock
from booking.actions import catalogue
from booking.actions.catalogue import PurposeDraft, RoomDraft, VehicleDraft, VenueDraft
from booking.actions.regions import Locality
from booking.database import db, write
from booking.models import Calendar, Venue
from booking.web import carried, current_actor, render, say
from booking.web.accounts import PROFESSION_NAMES
from booking.web.base_form import Form, Phone, options
from booking.web.setup import KIND_NAMES, Commune

blueprint = Blueprint("catalogue", __name__)

ENERGIES = {
    "": lazy_gettext("Non précisée"),
    "diesel": lazy_gettext("Gazole"),
    "petrol": lazy_gettext("Essence"),
    "electric": lazy_gettext("Électrique"),
    "hybrid": lazy_gettext("Hybride"),
}
_NEEDED = lazy_gettext("Indiquez un nom.")
_BRING = lazy_gettext("À apporter")


class OrganisationForm(Form):
    name = StringField(lazy_gettext("Nom"), [InputRequired(_NEEDED)])
    kind = SelectField(lazy_gettext("Genre"), [Optional()])

    def offer(self) -> "OrganisationForm":
        self.kind.choices = _with_own([("", gettext("Non précisé")), *KIND_NAMES.items()], self.kind.data)
        return self


class VenueForm(Form):
    name = StringField(lazy_gettext("Nom du lieu"), [InputRequired(_NEEDED)])
    organisation = SelectField(lazy_gettext("Structure"), [InputRequired()])
    address = StringField(lazy_gettext("Adresse"))
    commune = StringField(lazy_gettext("Commune"), [InputRequired(lazy_gettext("Indiquez la commune.")), Commune()])
    phone = TelField(lazy_gettext("Téléphone de l’accueil"), [Phone()])
    access = StringField(lazy_gettext("Accès"), [Length(max=300)])
    bring = TextAreaField(_BRING, [Length(max=1000)])
    latitude = DecimalField(lazy_gettext("Latitude"), [Optional(), NumberRange(-90, 90)], places=None)
    longitude = DecimalField(lazy_gettext("Longitude"), [Optional(), NumberRange(-180, 180)], places=None)
    found: Locality | None = None

    def draft(self, kept: Venue | None) -> VenueDraft:
        same = kept is not None and self.commune.data == _commune_text(kept)
        given = self.latitude.data is not None and self.longitude.data is not None
        return VenueDraft(
            name=self.name.data,
            address=self.address.data or None,
            locality=None if same else self.found,
            phone=self.phone.data,
            access=self.access.data or None,
            bring=self.bring.data or None,
            latitude=float(self.latitude.data) if given and (same or kept is None) else None,
            longitude=float(self.longitude.data) if given and (same or kept is None) else None,
        )


def _commune_text(venue: Venue) -> str:
    return " ".join(part for part in (venue.commune, venue.postcode) if part)


class RoomForm(Form):
    name = StringField(lazy_gettext("Nom de la salle"), [InputRequired(_NEEDED)])
    venue = SelectField(lazy_gettext("Lieu"), [InputRequired()])
    capacity = IntegerField(lazy_gettext("Nombre de places"), [Optional(), NumberRange(0, 10000)])
    equipment = StringField(lazy_gettext("Équipement"))
    setup_minutes = IntegerField(lazy_gettext("Installation avant, en minutes"), [NumberRange(0, 1440)], default=0)
    cleanup_minutes = IntegerField(lazy_gettext("Rangement après, en minutes"), [NumberRange(0, 1440)], default=0)
    moderated = BooleanField(lazy_gettext("Chaque réservation attend l’accord de la coordination"))
    active = BooleanField(lazy_gettext("Ouverte à la réservation"), default=True)

    def draft(self) -> RoomDraft:
        return RoomDraft(
            self.name.data,
            self.venue.data,
            self.capacity.data,
            tuple(word.strip() for word in (self.equipment.data or "").split(",") if word.strip()),
            self.setup_minutes.data,
            self.cleanup_minutes.data,
            self.moderated.data,
            self.active.data,
        )


class VehicleForm(Form):
    name = StringField(lazy_gettext("Nom du véhicule"), [InputRequired(_NEEDED)])
    venue = SelectField(lazy_gettext("Lieu où il est garé"), [InputRequired()])
    registration = StringField(lazy_gettext("Immatriculation"), [Length(max=20)])
    seats = IntegerField(lazy_gettext("Nombre de places"), [Optional(), NumberRange(1, 100)])
    energy = SelectField(lazy_gettext("Énergie"), [Optional()])
    needs_approval = BooleanField(lazy_gettext("Chaque réservation attend l’accord de la coordination"))
    active = BooleanField(lazy_gettext("Ouvert à la réservation"), default=True)

    def draft(self) -> VehicleDraft:
        return VehicleDraft(
            self.name.data,
            self.venue.data,
            self.registration.data or None,
            self.seats.data,
            self.energy.data or None,
            self.needs_approval.data,
            self.active.data,
        )


class PurposeForm(Form):
    name = StringField(lazy_gettext("Motif"), [InputRequired(_NEEDED)])
    minutes = IntegerField(lazy_gettext("Durée, en minutes"), [InputRequired(), NumberRange(1, 1440)], default=60)
    before = IntegerField(lazy_gettext("Temps gardé avant, en minutes"), [NumberRange(0, 1440)], default=0)
    after = IntegerField(lazy_gettext("Temps gardé après, en minutes"), [NumberRange(0, 1440)], default=0)
    professions = SelectMultipleField(
        lazy_gettext("Qui peut le prendre"),
        choices=options((code, name) for code, name in PROFESSION_NAMES.items() if code),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    room_capacity = IntegerField(lazy_gettext("Places demandées dans une salle"), [NumberRange(0, 1000)], default=0)
    needs_vehicle = BooleanField(lazy_gettext("Demande un véhicule"))
    notice_minutes = IntegerField(lazy_gettext("Délai minimal, en minutes"), [NumberRange(0, 527040)], default=0)
    horizon_days = IntegerField(lazy_gettext("Réservable jusqu’à, en jours"), [Optional(), NumberRange(1, 730)])
    urgent = BooleanField(lazy_gettext("Créneau d’urgence"))
    bring = TextAreaField(_BRING, [Length(max=1000)])

    def draft(self) -> PurposeDraft:
        return PurposeDraft(
            self.name.data,
            self.minutes.data,
            self.before.data or 0,
            self.after.data or 0,
            tuple(self.professions.data or ()),
            self.room_capacity.data or 0,
            self.needs_vehicle.data,
            self.notice_minutes.data or 0,
            self.horizon_days.data,
            self.urgent.data,
            self.bring.data or None,
        )


def _with_own(pairs: Any, own: str | None) -> Any:
    """The choices, with the value that stands already when it is none of them (these texts are free elsewhere)."""
    known = list(pairs)
    return options(known if not own or own in dict(known) else [*known, (own, own)])


@blueprint.get("/structures")
def home() -> ResponseReturnValue:
    actor, session = current_actor(), db.session()
    by_venue: dict[int | None, list[Calendar]] = {}
    for each in catalogue.calendars(session, actor):
        by_venue.setdefault(each.venue_pk, []).append(each)
    by_organisation: dict[int, list[Venue]] = {}
    for place in catalogue.venues(session, actor):
        by_organisation.setdefault(place.organisation_pk, []).append(place)
    return render(
        "catalogue/home.html",
        organisations=catalogue.organisations(session, actor),
        venues=by_organisation,
        calendars=by_venue,
        kind_names=KIND_NAMES,
    )


@blueprint.route("/structures/nouvelle", methods=["GET", "POST"], defaults={"id": None}, endpoint="new_organisation")
@blueprint.route("/structures/<id>", methods=["GET", "POST"])
def organisation(id: str | None) -> ResponseReturnValue:
    actor = current_actor()
    found = catalogue.organisation(db.session(), actor, id) if id else None
    form = OrganisationForm(obj=found).offer()
    if form.validate_on_submit():
        saved = write(
            lambda session: catalogue.save_organisation(
                session, actor, id, form.name.data, form.kind.data or None, clock.now()
            )
        )
        return _saved(saved.name)
    return render("catalogue/organisation.html", form.status, form=form, found=found)


@blueprint.route("/lieux/nouveau", methods=["GET", "POST"], defaults={"id": None}, endpoint="new_venue")
@blueprint.route("/lieux/<id>", methods=["GET", "POST"])
def venue(id: str | None) -> ResponseReturnValue:
    actor, session = current_actor(), db.session()
    found = catalogue.venue(session, actor, id) if id else None
    form = VenueForm(obj=found)
    form.organisation.choices = options((each.id, each.name) for each in catalogue.organisations(session, actor))
    if request.method == "GET":
        form.organisation.data = found.organisation.id if found else request.args.get("structure")
        if found is not None:
            form.commune.data = _commune_text(found)
            form.bring.data = catalogue.to_bring(session, None, found.pk)
    elif found is not None and form.commune.data == _commune_text(found):
        form.commune.validators = [each for each in form.commune.validators if not isinstance(each, Commune)]
    if form.validate_on_submit():
        draft = form.draft(found)
        saved = write(
            lambda session: catalogue.save_venue(session, actor, id, form.organisation.data, draft, clock.now())
        )
        return _saved(saved.name)
    return render("catalogue/venue.html", form.status, form=form, found=found)


@blueprint.route("/salles/nouvelle", methods=["GET", "POST"], defaults={"id": None}, endpoint="new_room")
@blueprint.route("/salles/<id>", methods=["GET", "POST"])
def room(id: str | None) -> ResponseReturnValue:
    actor = current_actor()
    found = catalogue.calendar(db.session(), actor, "room", id) if id else None
    form = RoomForm(obj=found)
    if isinstance(form.equipment.data, list):  # nothing was sent: what is stored
        form.equipment.data = ", ".join(form.equipment.data)
    return _calendar(form, "room", id, found)


@blueprint.route("/vehicules/nouveau", methods=["GET", "POST"], defaults={"id": None}, endpoint="new_vehicle")
@blueprint.route("/vehicules/<id>", methods=["GET", "POST"])
def vehicle(id: str | None) -> ResponseReturnValue:
    actor = current_actor()
    found = catalogue.calendar(db.session(), actor, "vehicle", id) if id else None
    form = VehicleForm(obj=found)
    form.energy.choices = _with_own(ENERGIES.items(), form.energy.data)
    return _calendar(form, "vehicle", id, found)


def _calendar(form: RoomForm | VehicleForm, kind: str, id: str | None, found: Calendar | None) -> ResponseReturnValue:
    actor = current_actor()
    form.venue.choices = options((each.id, each.name) for each in catalogue.venues(db.session(), actor))
    if request.method == "GET":
        form.venue.data = found.venue.id if found is not None and found.venue else request.args.get("lieu")
    if form.validate_on_submit():
        saved = write(lambda session: catalogue.save_calendar(session, actor, id, form.draft(), clock.now()))
        return _saved(saved.name)
    return render("catalogue/calendar.html", form.status, form=form, kind=kind, found=found)


@blueprint.get("/motifs")
def purposes() -> ResponseReturnValue:
    return render(
        "catalogue/purposes.html", purposes=catalogue.purposes(db.session()), profession_names=PROFESSION_NAMES
    )


@blueprint.route("/motifs/nouveau", methods=["GET", "POST"], defaults={"id": None}, endpoint="new_purpose")
@blueprint.route("/motifs/<id>", methods=["GET", "POST"])
def purpose(id: str | None) -> ResponseReturnValue:
    """The purpose itself (administrators), and what to bring for it at each venue that one looks after."""
    actor, session = current_actor(), db.session()
    found = catalogue.purpose(session, id) if id else None
    form = PurposeForm(obj=found)
    places = catalogue.venues(session, actor) if found is not None else []
    own_words = catalogue.bring_at_venues(session, found.pk) if found is not None else {}
    told = {each.id: own_words.get(each.pk, "") for each in places}
    if request.method == "GET" and found is not None:
        form.bring.data = catalogue.to_bring(session, found.pk, None)
    if request.method == "POST":
        told = {each.id: request.form.get(f"bring-{each.id}", "").strip()[:1000] for each in places}
        if not carried.shown_again() and (not actor.administers or form.validate()):

            def save(session: Session) -> str:
                if id is not None:
                    catalogue.save_instructions(session, actor, id, {key: text or None for key, text in told.items()})
                if not actor.administers and id is not None:
                    return catalogue.purpose(session, id).name
                return catalogue.save_purpose(session, actor, id, form.draft(), clock.now()).name

            return _saved(write(save), url_for("catalogue.purposes"))
    return render("catalogue/purpose.html", form.status, form=form, found=found, places=places, told=told)


def _saved(name: str, to: str | None = None) -> ResponseReturnValue:
    say(gettext("« %(name)s » est enregistré.", name=name))
    return redirect(to or url_for("catalogue.home"))
