"""The first run: account, structure, venue, first adviser; then the day."""

from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from wtforms import EmailField, PasswordField, RadioField, SelectField, StringField, TelField
from wtforms.validators import Email, InputRequired, Optional, ValidationError

from booking import clock
from booking.actions import accounts, people, setup
from booking.actions.accounts import Draft
from booking.actions.regions import PUBLIC_HOLIDAYS, ZONES, Locality, locality
from booking.database import db, write
from booking.models import Account, Organisation
from booking.refusals import Invalid, WrongState
from booking.web import current_actor, render, say, sessions
from booking.web.accounts import PROFESSION_NAMES
from booking.web.accounts import wording as account_wording
from booking.web.base_form import Form, Phone, options
from booking.web.passwords import wording as password_wording

blueprint = Blueprint("setup", __name__, url_prefix="/installation")

KIND_NAMES = {
    "town_hall": lazy_gettext("Mairie"),
    "france_services": lazy_gettext("France services"),
    "intercommunal": lazy_gettext("Communauté de communes ou autre groupement"),
    "association": lazy_gettext("Association"),
    "other": lazy_gettext("Autre"),
}


class FirstAccount(Form):
    name = StringField(lazy_gettext("Prénom et nom"), [InputRequired(lazy_gettext("Indiquez votre nom."))])
    email = EmailField(
        lazy_gettext("Adresse mail"),
        [
            InputRequired(lazy_gettext("Indiquez votre adresse mail.")),
            Email(lazy_gettext("Cette adresse mail semble incomplète. Exemple : prenom.nom@mairie.fr.")),
        ],
    )
    password = PasswordField(lazy_gettext("Mot de passe"), [InputRequired(lazy_gettext("Choisissez un mot de passe."))])


class Commune:
    """Accepts a commune that can be placed, alone or with its postcode, and turns it into a ``Locality``."""

    def __call__(self, form: Any, field: Any) -> None:
        found = locality(field.data or "")
        if found is None:
            raise ValidationError(gettext("Ajoutez le code postal. Exemple : Treignac 19260."))
        form.found = found


class StructureForm(Form):
    name = StringField(
        lazy_gettext("Nom de votre structure"), [InputRequired(lazy_gettext("Indiquez le nom de la structure."))]
    )
    kind = SelectField(lazy_gettext("Genre"), [InputRequired()], choices=options(KIND_NAMES.items()))
    commune = StringField(lazy_gettext("Commune"), [InputRequired(lazy_gettext("Indiquez la commune.")), Commune()])
    territory = StringField(lazy_gettext("Nom du territoire"))
    timezone = SelectField(lazy_gettext("Fuseau horaire"), [Optional()])
    public_holidays = SelectField(lazy_gettext("Jours fériés"), [Optional()])
    school_zone = SelectField(lazy_gettext("Vacances scolaires"), [Optional()])
    found: Locality

    def offer(self) -> "StructureForm":
        auto = ("", gettext("D’après la commune"))
        self.timezone.choices = options([auto, *((zone, zone.replace("_", " ")) for zone in ZONES)])
        self.public_holidays.choices = options([auto, *((code, code.replace("-", " ")) for code in PUBLIC_HOLIDAYS)])
        self.school_zone.choices = options([auto, *((zone, gettext("Zone %(zone)s", zone=zone)) for zone in "ABC")])
        return self


class VenueForm(Form):
    name = StringField(lazy_gettext("Nom du lieu"), [InputRequired(lazy_gettext("Indiquez le nom du lieu."))])
    address = StringField(lazy_gettext("Adresse"))
    commune = StringField(lazy_gettext("Commune"), [InputRequired(lazy_gettext("Indiquez la commune.")), Commune()])
    phone = TelField(lazy_gettext("Téléphone de l’accueil"), [Phone()])
    access = StringField(lazy_gettext("Accès"))
    found: Locality


class AdviserForm(Form):
    who = RadioField(
        lazy_gettext("Qui reçoit le public ?"),
        choices=options([("me", lazy_gettext("Moi")), ("other", lazy_gettext("Quelqu’un d’autre"))]),
        default="me",
    )
    profession = RadioField(
        lazy_gettext("Métier"),
        choices=options((code, name) for code, name in PROFESSION_NAMES.items() if code),
        default="conseiller_numerique",
    )
    name = StringField(lazy_gettext("Prénom et nom"))
    email = EmailField(
        lazy_gettext("Adresse mail"),
        [Optional(), Email(lazy_gettext("Cette adresse mail semble incomplète. Exemple : prenom.nom@mairie.fr."))],
    )

    def validate_name(self, field: Any) -> None:
        if self.who.data == "other" and not field.data:
            raise ValidationError(gettext("Indiquez le nom de cette personne."))


@blueprint.route("/", methods=["GET", "POST"])
def account() -> ResponseReturnValue:
    if not people.is_empty(db.session()):
        return redirect(url_for("people.home"))
    form = FirstAccount()
    if form.validate_on_submit():

        def begin(session: Session) -> tuple[int, int]:
            made = setup.begin(session, form.name.data, form.email.data, form.password.data, clock.now())
            return made.pk, made.session_version

        try:
            sessions.open_session(*write(begin))
        except Invalid as refusal:
            form.take_faults(refusal, wording=password_wording())
        except WrongState:
            say(
                gettext("Quelqu’un vient de créer le premier compte. Connectez-vous, ou demandez une invitation."),
                "info",
            )
            return redirect(url_for("people.sign_in"))
        else:
            return redirect(url_for("setup.structure"))
    return render("setup/account.html", form.status, form=form)


@blueprint.route("/structure", methods=["GET", "POST"])
def structure() -> ResponseReturnValue:
    actor = current_actor()
    own = db.session.get_one(Organisation, actor.organisation_pk)
    form = StructureForm(obj=own if own.name != setup.UNNAMED else None).offer()
    if form.validate_on_submit():
        told = setup.Structure(
            form.name.data,
            form.kind.data,
            form.found,
            form.territory.data or None,
            form.timezone.data or None,
            form.public_holidays.data or None,
            form.school_zone.data or None,
        )
        write(lambda session: setup.name_structure(session, actor, told, clock.now()))
        return redirect(url_for("setup.venue", commune=form.commune.data))
    return render("setup/structure.html", form.status, form=form)


@blueprint.route("/lieu", methods=["GET", "POST"])
def venue() -> ResponseReturnValue:
    actor = current_actor()
    own = db.session.get_one(Organisation, actor.organisation_pk)
    form = VenueForm()
    if request.method == "GET":
        form.name.data, form.commune.data = own.name, request.args.get("commune", "")
    if form.validate_on_submit():
        told = setup.Place(
            form.name.data, form.address.data or None, form.found, form.phone.data or None, form.access.data or None
        )
        write(lambda session: setup.add_venue(session, actor, told, clock.now()))
        return redirect(url_for("setup.adviser"))
    return render("setup/venue.html", form.status, form=form, territory=own.territory)


@blueprint.route("/conseiller", methods=["GET", "POST"])
def adviser() -> ResponseReturnValue:
    actor = current_actor()
    form = AdviserForm()
    if form.validate_on_submit():

        def add(session: Session) -> Account:
            draft = setup.own_draft(session, actor, form.profession.data)
            if form.who.data == "me":
                return accounts.change(session, actor, actor.id, draft, clock.now())
            other = Draft(
                name=form.name.data,
                email=form.email.data or None,
                role="adviser",
                organisation=draft.organisation,
                profession=form.profession.data,
                home_venue=draft.home_venue,
            )
            return accounts.invite(session, actor, other, clock.now())

        try:
            write(add)
        except Invalid as refusal:
            form.take_faults(refusal, wording=account_wording())
        else:
            say(
                gettext(
                    "Tout est prêt. Il reste à indiquer les plages d’ouverture, puis à prendre le premier rendez-vous."
                )
            )
            return redirect(url_for("people.home"))
    return render("setup/adviser.html", form.status, form=form)
