"""Refusals and faults as pages: what happened, what to do, who can help."""

from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, g, make_response, render_template, request
from flask_babel import gettext
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, InternalServerError

from booking import refusals
from booking.actions import people
from booking.database import db, translated
from booking.web import sessions


@dataclass(frozen=True)
class Worded:
    """A refusal in the reader's words: the title, what to do next, and the icon beside it."""

    status: int
    title: str
    advice: str
    icon: str = "exclamation-triangle"


def worded(error: Exception) -> Worded:
    """What a page says about an error."""
    match error:
        case refusals.NotFound():
            return _not_found()
        case refusals.Forbidden():
            return Worded(
                403,
                gettext("Vous n’avez pas accès à cette page"),
                gettext("Votre compte ne permet pas cette action. Votre coordination peut l’autoriser."),
                "lock",
            )
        case refusals.Clash():
            return Worded(
                409,
                gettext("Ce créneau vient d’être pris"),
                gettext("Quelqu’un l’a réservé entre-temps. Revenez en arrière et choisissez un autre créneau."),
                "calendar-x",
            )
        case refusals.NotOffered():
            return Worded(
                409,
                gettext("Ce créneau n’est pas proposé"),
                gettext("Il sort des plages d’ouverture ou tombe sur une indisponibilité. Choisissez-en un autre."),
                "calendar-x",
            )
        case refusals.Stale() | refusals.WrongState():
            return Worded(
                409,
                gettext("Cela a changé entre-temps"),
                gettext("Quelqu’un d’autre l’a modifié pendant ce temps. Rechargez la page pour voir où cela en est."),
                "arrow-repeat",
            )
        case refusals.KeyRunning():
            return Worded(
                409,
                gettext("Votre demande est en cours"),
                gettext("Elle a bien été reçue. Patientez quelques secondes, puis rechargez la page."),
                "hourglass-split",
            )
        case refusals.KeyReused():
            return Worded(
                422,
                gettext("Ce formulaire a déjà servi"),
                gettext("Revenez à la page précédente et rechargez-la avant de l’envoyer de nouveau."),
            )
        case refusals.Invalid():
            return Worded(
                422,
                gettext("Quelque chose ne convient pas dans ce qui a été envoyé"),
                gettext("Revenez en arrière : ce que vous avez saisi est encore là."),
            )
        case refusals.Unavailable():
            return Worded(
                503,
                gettext("Le service est momentanément indisponible"),
                gettext("Rien n’a été enregistré. Patientez quelques secondes, puis réessayez."),
                "hourglass-split",
            )
    code = error.code if isinstance(error, HTTPException) and error.code else 500
    if code in (404, 405):
        return _not_found()
    if code == 413:
        return Worded(413, gettext("C’est trop volumineux"), gettext("Envoyez moins de texte à la fois."))
    if code == 429:
        return Worded(429, gettext("Trop d’essais"), gettext("Patientez un peu avant de réessayer."))
    if code < 500:
        return Worded(
            code,
            gettext("Cette demande n’a pas été comprise"),
            gettext("Revenez en arrière et essayez de nouveau."),
        )
    return Worded(
        500,
        gettext("Une erreur est survenue"),
        gettext(
            "Ce n’est pas de votre fait, et c’est noté. Réessayez ; si cela continue, prévenez votre coordination."
        ),
    )


def _not_found() -> Worded:
    return Worded(
        404,
        gettext("Cette page n’existe pas"),
        gettext("L’adresse est peut-être incomplète, ou ce que vous cherchez ne vous est pas ouvert."),
        "search",
    )


def answer(error: Exception) -> Response:
    """The page for an error; under ``/api/`` the API words it (``app.extensions["booking.problem"]``)."""
    problem: Any = current_app.extensions.get("booking.problem")
    if request.path.startswith("/api/") and problem is not None:
        return make_response(problem(error))
    said = worded(error)
    g.setdefault("actor", None)
    helpers = _who_can_help() if said.status == 403 else []
    response = make_response(render_template("errors/refused.html", said=said, who_can_help=helpers), said.status)
    if isinstance(error, HTTPException):
        for name, value in error.get_headers(request.environ):
            if name not in ("Content-Type", "Content-Length"):
                response.headers[name] = value
    if isinstance(error, refusals.Unavailable):
        response.headers["Retry-After"] = str(error.retry_after)
    if "HX-Request" in request.headers:
        response.headers["HX-Retarget"] = "body"
    return response


def _who_can_help() -> list[str]:
    """The names of those who may open a door to the reader: coordination and administration."""
    actor = sessions.actor_or_none()
    return people.who_can_help(db.session(), actor) if actor is not None else []


def _of_the_database(error: Exception) -> Response:
    if isinstance(error, DataError):  # a value that no column can hold: too large a number, a NUL in a text
        return answer(refusals.Invalid([]))
    ours = translated(error)
    if isinstance(ours, refusals.Refusal):
        return answer(ours)
    if isinstance(ours, DBAPIError):
        raise error
    return answer(refusals.Unavailable())


def _beyond(error: Exception) -> Response:
    """A day before the first or after the last that a calendar has, or a number no column holds."""
    return answer(refusals.Invalid([]))


def install(app: Flask) -> None:
    def redirect_or_page(error: HTTPException) -> Any:
        if error.code is None or error.code < 400:
            return error
        return answer(error)

    app.register_error_handler(refusals.Refusal, answer)
    app.register_error_handler(HTTPException, redirect_or_page)
    app.register_error_handler(InternalServerError, answer)
    app.register_error_handler(DBAPIError, _of_the_database)
    app.register_error_handler(PoolTimeout, _of_the_database)
    app.register_error_handler(OverflowError, _beyond)
