"""Signing in and out, one's own profile, the language."""

from flask import Blueprint, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse
from wtforms import EmailField, PasswordField, SelectField, StringField, TelField
from wtforms.validators import InputRequired

from booking import clock
from booking.actions import accounts, people, setup
from booking.database import db, write
from booking.models import Account
from booking.web import actor_or_none, carried, current_actor, render, say, sessions, settings
from booking.web.base_form import Form, Phone, options
from booking.web.language import COOKIE, LANGUAGES

blueprint = Blueprint("people", __name__)


class SignIn(Form):
    email = EmailField(lazy_gettext("Adresse mail"), [InputRequired(lazy_gettext("Indiquez votre adresse mail."))])
    password = PasswordField(
        lazy_gettext("Mot de passe"), [InputRequired(lazy_gettext("Indiquez votre mot de passe."))]
    )


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """The address that people know: their day, or the sign-in; an empty installation begins here."""
    actor = actor_or_none()
    if actor is not None:
        step = setup.next_step(db.session(), actor) if actor.administers else None
        if step in ("structure", "venue"):
            return redirect(url_for(f"setup.{step}"))
        return redirect(_first_page())
    if people.is_empty(db.session()):
        return redirect(url_for("setup.account"))
    return redirect(url_for("people.sign_in"))


def _first_page() -> str:
    for endpoint in ("day.today", "search.new", "people.profile"):
        if endpoint in current_app.view_functions:
            return url_for(endpoint)
    return "/"


@blueprint.route("/connexion", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    form = SignIn()
    after = carried.local_path(request.values.get("suite"), "")
    packed = request.form.get(carried.FIELD)
    if form.is_submitted() and form.validate():
        wait, account = _try(form.email.data, form.password.data)
        if account is not None:
            sessions.open_session(account.pk, account.session_version)
            kept = carried.unpacked(packed)
            if kept is not None:
                return render("people/take_up.html", kept=kept, signed_in_again=True)
            return redirect(after or url_for("people.home"))
        if wait:
            form.form_errors.append(
                gettext("Trop d’essais. Patientez %(seconds)s secondes, puis réessayez.", seconds=wait)
            )
            return render("people/sign_in.html", 429, form=form, carried=packed, suite=after)
        form.form_errors.append(gettext("L’adresse mail ou le mot de passe ne convient pas."))
    if request.method == "GET" and actor_or_none() is not None:
        return redirect(after or url_for("people.home"))
    return render("people/sign_in.html", form.status, form=form, carried=packed, suite=after)


def _try(email: str, password: str) -> tuple[int, people.Candidate | None]:
    """Seconds to wait, or who it is; the slow comparison is outside of every transaction."""
    attempt = people.Try.of("sign_in", email, client_address())
    wait = write(lambda session: people.begin_try(session, attempt, clock.real_now()))
    if wait:
        return wait, None
    found = people.candidate(db.session(), email)
    if not people.matches(found.password_hash if found else None, password) or found is None:
        return 0, None

    def succeeded(session: Session) -> None:
        people.succeed(session, attempt, found.pk, clock.now())

    write(succeeded)
    return 0, found


def client_address() -> str:
    """The caller's address; behind a proxy on this machine, the one the proxy saw."""
    direct = request.remote_addr or ""
    if direct in ("127.0.0.1", "::1") and request.access_route:
        return request.access_route[-1]
    return direct


@blueprint.post("/deconnexion")
def sign_out() -> ResponseReturnValue:
    sessions.close_session()
    answer = redirect(url_for("people.sign_in"))
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


class Profile(Form):
    name = StringField(lazy_gettext("Prénom et nom"), [InputRequired(lazy_gettext("Indiquez votre nom."))])
    phone = TelField(lazy_gettext("Téléphone"), [Phone()])
    language = SelectField(lazy_gettext("Langue"), choices=options([("fr", "Français"), ("en", "English")]))


@blueprint.route("/profil", methods=["GET", "POST"])
def profile() -> ResponseReturnValue:
    actor = current_actor()
    account = db.session.get_one(Account, actor.pk)
    form = Profile(obj=account)
    if form.validate_on_submit():
        write(
            lambda session: accounts.change_own(
                session, actor, form.name.data, form.phone.data, form.language.data, clock.now()
            )
        )
        say(gettext("Votre profil est enregistré."))
        answer = redirect(url_for("people.profile"))
        _remember_language(answer, form.language.data)
        return answer
    return render("people/profile.html", form.status, form=form, account=account)


def _remember_language(answer: BaseResponse, chosen: str) -> None:
    answer.set_cookie(
        COOKIE, chosen, max_age=365 * 24 * 3600, httponly=True, samesite="Lax", secure=settings().is_https
    )


@blueprint.post("/langue")
def language() -> ResponseReturnValue:
    """The other language, on this device and, for who is signed in, in the mails too."""
    asked = request.form.get("language", "")
    actor = actor_or_none()
    answer = redirect(carried.local_path(request.form.get("suite"), url_for("people.home")))
    if asked in LANGUAGES:
        _remember_language(answer, asked)
        if actor is not None:
            write(lambda session: people.set_language(session, actor.pk, asked))
    return answer
