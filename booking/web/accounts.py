"""The accounts that a coordinator or an administrator looks after: list, invite one or many, change, close."""

from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext, ngettext
from sqlalchemy.orm import Session
from wtforms import EmailField, RadioField, SelectField, StringField, TelField, TextAreaField
from wtforms.validators import Email, InputRequired, Optional

from booking import clock
from booking.actions import accounts
from booking.actions.accounts import Draft
from booking.database import db, write
from booking.refusals import Invalid, WrongState
from booking.web import account_list, current_actor, render, say
from booking.web.base_form import Form, Phone, options

blueprint = Blueprint("accounts", __name__)

ROLE_NAMES = {
    "adviser": lazy_gettext("Conseiller, conseillère"),
    "secretary": lazy_gettext("Secrétariat : prend des rendez-vous pour la structure"),
    "coordinator": lazy_gettext("Coordination : gère la structure"),
    "administrator": lazy_gettext("Administration : gère tout le territoire"),
}
PROFESSION_NAMES = {
    "": lazy_gettext("Aucun agenda"),
    "conseiller_france_services": lazy_gettext("Conseiller France services"),
    "conseiller_numerique": lazy_gettext("Conseiller numérique"),
}


class AccountForm(Form):
    name = StringField(lazy_gettext("Prénom et nom"), [InputRequired(lazy_gettext("Indiquez un nom."))])
    email = EmailField(
        lazy_gettext("Adresse mail"),
        [Optional(), Email(lazy_gettext("Cette adresse mail semble incomplète. Exemple : prenom.nom@mairie.fr."))],
    )
    role = RadioField(lazy_gettext("Rôle"), [InputRequired(lazy_gettext("Choisissez un rôle."))], default="adviser")
    profession = RadioField(lazy_gettext("Agenda"), default="")
    organisation = SelectField(lazy_gettext("Structure"), [InputRequired()])
    home_venue = SelectField(lazy_gettext("Lieu habituel"), [Optional()])
    phone = TelField(lazy_gettext("Téléphone"), [Phone()])

    def offer(self) -> "AccountForm":
        """Fills the choices with what the actor may give."""
        actor, session = current_actor(), db.session()
        self.role.choices = options((role, ROLE_NAMES[role]) for role in accounts.roles_for(actor))
        self.profession.choices = options(PROFESSION_NAMES.items())
        self.organisation.choices = options((each.id, each.name) for each in accounts.organisations_of(session, actor))
        self.home_venue.choices = options(
            [("", gettext("Aucun")), *((each.id, _place(each)) for each in accounts.venues_of(session, actor))]
        )
        return self

    def draft(self) -> Draft:
        return Draft(
            name=self.name.data,
            email=self.email.data or None,
            role=self.role.data,
            organisation=self.organisation.data,
            profession=self.profession.data or None,
            home_venue=self.home_venue.data or None,
            phone=self.phone.data or None,
        )


def _place(venue: Any) -> str:
    return venue.name if not venue.commune or venue.commune in venue.name else f"{venue.name}, {venue.commune}"


def wording() -> dict[str, str]:
    return {
        "required": gettext("Ce renseignement est nécessaire."),
        "taken": gettext("Un compte existe déjà à cette adresse."),
        "twice": gettext("Cette adresse est deux fois dans la liste."),
        "unknown": gettext("Ce choix n’est pas possible ici."),
        "last_administrator": gettext("Il faut qu’au moins une personne reste à l’administration."),
    }


@blueprint.get("/comptes", endpoint="list")
def everyone() -> ResponseReturnValue:
    actor = current_actor()
    found = accounts.manageable(db.session(), actor)
    return render(
        "people/accounts.html",
        open_accounts=[each for each in found if each.active],
        closed_accounts=[each for each in found if not each.active],
        role_names=ROLE_NAMES,
    )


@blueprint.route("/comptes/nouveau", methods=["GET", "POST"])
def invite() -> ResponseReturnValue:
    actor = current_actor()
    form = AccountForm().offer()
    if request.method == "GET":
        form.profession.data = "conseiller_numerique"
        form.organisation.data = next((each.value for each in form.organisation.choices), "")
    if form.validate_on_submit():
        try:
            account = write(lambda session: accounts.invite(session, actor, form.draft(), clock.now()))
        except Invalid as refusal:
            form.take_faults(refusal, wording=wording())
        else:
            if account.email:
                said = gettext(
                    "Le compte de %(name)s est créé. L’invitation part à %(email)s.",
                    name=account.name,
                    email=account.email,
                )
            else:
                said = gettext("L’agenda de %(name)s est créé, sans connexion.", name=account.name)
            say(said)
            return redirect(url_for("accounts.list"))
    return render("people/invite.html", form.status, form=form)


class SeveralForm(Form):
    list = TextAreaField(lazy_gettext("Liste à créer"), [InputRequired(lazy_gettext("Collez au moins une ligne."))])


@blueprint.route("/comptes/plusieurs", methods=["GET", "POST"])
def several() -> ResponseReturnValue:
    """A pasted list: first shown line by line with its faults, then created whole or not at all."""
    actor = current_actor()
    form = SeveralForm()
    lines: Any = None
    if form.validate_on_submit():
        lines = account_list.read(db.session(), actor, form.list.data)
        if "create" in request.form and account_list.is_faultless(lines):
            drafts = [line.draft for line in lines]
            try:
                made = write(lambda session: accounts.invite_several(session, actor, drafts, clock.now()))
            except Invalid:
                lines = account_list.read(db.session(), actor, form.list.data)
            else:
                say(ngettext("%(num)d compte est créé.", "%(num)d comptes sont créés.", len(made)))
                return redirect(url_for("accounts.list"))
    faulty = lines is not None and not account_list.is_faultless(lines)
    return render(
        "people/several.html",
        422 if faulty or form.errors else 200,
        form=form,
        lines=lines,
        faulty=faulty,
        wording=account_list.wording(),
        profession_names=PROFESSION_NAMES,
    )


@blueprint.route("/comptes/<id>", methods=["GET", "POST"])
def edit(id: str) -> ResponseReturnValue:
    actor = current_actor()
    account = accounts.managed(db.session(), actor, id)
    calendar = accounts.calendar_of(db.session(), account)
    active_profession = (
        calendar.profession if calendar is not None and (calendar.active or not account.active) else None
    )
    home = next((each for each in accounts.venues_of(db.session(), actor) if each.pk == account.home_venue_pk), None)
    form = AccountForm(
        obj=account,
        data={
            "organisation": account.organisation.id,
            "home_venue": home.id if home is not None else "",
            "profession": active_profession or "",
        },
    ).offer()
    if request.method == "GET":
        form.organisation.data = account.organisation.id
    if form.validate_on_submit():
        try:
            changed = write(lambda session: accounts.change(session, actor, id, form.draft(), clock.now()))
        except Invalid as refusal:
            form.take_faults(refusal, wording=wording())
        else:
            say(gettext("Le compte de %(name)s est enregistré.", name=changed.name))
            return redirect(url_for("accounts.list"))
    return render(
        "people/account.html",
        form.status,
        form=form,
        account=account,
        calendar=calendar,
        ahead=accounts.appointments_ahead(db.session(), account, clock.now_minute()),
        is_self=account.pk == actor.pk,
    )


@blueprint.post("/comptes/<id>/invitation")
def invite_again(id: str) -> ResponseReturnValue:
    actor = current_actor()
    account = write(lambda session: accounts.invite_again(session, actor, id, clock.now()))
    say(gettext("Une nouvelle invitation part à %(email)s.", email=account.email))
    return redirect(url_for("accounts.list"))


@blueprint.post("/comptes/<id>/fermer")
def deactivate(id: str) -> ResponseReturnValue:
    actor = current_actor()

    def close(session: Session) -> tuple[str, int]:
        account = accounts.close(session, actor, id, clock.now())
        return account.name, accounts.appointments_ahead(session, account, clock.now_minute())

    try:
        name, ahead = write(close)
    except WrongState as refusal:
        words = {
            "own_account": gettext("Vous ne pouvez pas fermer votre propre compte."),
            "last_administrator": gettext("Il faut qu’au moins une personne reste à l’administration."),
        }
        say(words[refusal.code], "error")
        return redirect(url_for("accounts.edit", id=id))
    say(gettext("Le compte de %(name)s est fermé.", name=name), undo=url_for("accounts.reactivate", id=id))
    if ahead:
        say(
            ngettext(
                "%(num)d rendez-vous à venir reste à confier à quelqu’un d’autre.",
                "%(num)d rendez-vous à venir restent à confier à quelqu’un d’autre.",
                ahead,
            ),
            "warning",
        )
    return redirect(url_for("accounts.edit", id=id))


@blueprint.post("/comptes/<id>/rouvrir")
def reactivate(id: str) -> ResponseReturnValue:
    actor = current_actor()
    account = write(lambda session: accounts.reopen(session, actor, id, clock.now()))
    say(gettext("Le compte de %(name)s est de nouveau ouvert.", name=account.name))
    return redirect(url_for("accounts.list"))
