"""Choosing a password: after an invitation, after forgetting it, or because one wants another."""

from typing import Any

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, ValidationError

from booking import clock
from booking.actions import people
from booking.database import db, write
from booking.models import Account
from booking.refusals import Invalid, NotFound
from booking.web import current_actor, render, say, sessions, settings
from booking.web.base_form import Form
from booking.web.people import blueprint, client_address


class Forgotten(Form):
    email = EmailField(lazy_gettext("Adresse mail"), [InputRequired(lazy_gettext("Indiquez votre adresse mail."))])


class Chosen(Form):
    password = PasswordField(
        lazy_gettext("Nouveau mot de passe"), [InputRequired(lazy_gettext("Choisissez un mot de passe."))]
    )
    password_again = PasswordField(
        lazy_gettext("Le même, encore une fois"), [InputRequired(lazy_gettext("Écrivez-le une seconde fois."))]
    )

    def validate_password_again(self, field: Any) -> None:
        if field.data != self.password.data:
            raise ValidationError(gettext("Les deux mots de passe sont différents."))


class Changed(Chosen):
    current_password = PasswordField(
        lazy_gettext("Mot de passe actuel"), [InputRequired(lazy_gettext("Indiquez votre mot de passe actuel."))]
    )


def wording() -> dict[str, str]:
    return {
        "too_short": gettext("Il faut au moins %(count)s caractères.", count=people.SHORTEST_PASSWORD),
        "too_common": gettext("Ce mot de passe est trop facile à deviner. Essayez trois ou quatre mots sans rapport."),
        "too_personal": gettext("Ce mot de passe contient votre nom ou votre adresse. Choisissez autre chose."),
    }


@blueprint.route("/mot-de-passe-oublie", methods=["GET", "POST"])
def forgotten() -> ResponseReturnValue:
    form = Forgotten()
    if not form.validate_on_submit():
        return render("people/forgotten.html", form.status, form=form, sent=False)
    attempt = people.Try.of("forgotten", form.email.data, client_address())

    def ask(session: Session) -> None:
        if not people.begin_try(session, attempt, clock.real_now()):
            people.forget_password(session, form.email.data, clock.now())

    write(ask)
    return render("people/forgotten.html", form=form, sent=True)


@blueprint.route("/mot-de-passe/<token>", methods=["GET", "POST"])
def choose_password(token: str) -> ResponseReturnValue:
    found = people.account_of_link(db.session(), settings().secret_key, token)
    if found is None:
        return render("people/link_ended.html", 410)
    kind, account = found
    form = Chosen()
    if form.validate_on_submit():
        pk, version, fault = account.pk, account.session_version, None

        def choose(session: Session) -> int:
            again = people.account_of_link(session, settings().secret_key, token)
            if again is None:
                raise NotFound
            people.choose_password(session, again[1], form.password.data, clock.now())
            session.flush()
            return again[1].session_version

        try:
            version = write(choose)
        except Invalid as refusal:
            fault = refusal
            form.take_faults(refusal, wording=wording())
        if fault is None:
            sessions.open_session(pk, version)
            say(gettext("Votre mot de passe est enregistré, et la connexion est faite."))
            return redirect(url_for("people.home"))
    return render(
        "people/choose_password.html",
        form.status,
        form=form,
        account=account,
        invited=kind == "invitation",
    )


@blueprint.route("/profil/mot-de-passe", methods=["GET", "POST"])
def password() -> ResponseReturnValue:
    actor = current_actor()
    form = Changed()
    if form.validate_on_submit():
        account = db.session.get_one(Account, actor.pk)
        attempt = people.Try.of("password", actor.id, client_address())
        wait = write(lambda session: people.begin_try(session, attempt, clock.real_now()))
        if wait:
            form.form_errors.append(
                gettext("Trop d’essais. Patientez %(seconds)s secondes, puis réessayez.", seconds=wait)
            )
        elif not people.matches(account.password_hash, form.current_password.data):
            form.current_password.errors = [gettext("Ce n’est pas votre mot de passe actuel.")]
        else:

            def change(session: Session) -> int:
                own = session.get_one(Account, actor.pk)
                people.choose_password(session, own, form.password.data, clock.now())
                people.succeed(session, attempt, actor.pk, clock.now())
                session.flush()
                return own.session_version

            try:
                sessions.open_session(actor.pk, write(change))
            except Invalid as refusal:
                form.take_faults(refusal, wording=wording())
            else:
                say(gettext("Votre mot de passe est changé. Vos autres connexions sont fermées."))
                return redirect(url_for("people.profile"))
    return render("people/password.html", form.status, form=form)
