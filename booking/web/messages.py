"""Messages sent: an administrator reads the mails of the territory, and why one did not go."""

from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.routing import BuildError

from booking import clock
from booking.actions.letters import Desk
from booking.actions.messages import message_named, messages_of
from booking.database import db
from booking.mail import kept_mail
from booking.refusals import NotFound
from booking.web import current_actor, render, settings

blueprint = Blueprint("messages", __name__)

_VIEW_NAMES = {"tous": "all", "envoyes": "sent", "a-venir": "waiting", "difficultes": "trouble"}


def _desk() -> Desk:
    """What writing a mail again needs; its links lead where those of the mail did."""

    def address_of(endpoint: str, **values: Any) -> str:
        try:
            return settings().base_url + url_for(endpoint, **values)
        except BuildError:
            return settings().base_url

    return Desk(settings(), address_of)


@blueprint.get("/messages", endpoint="list")
def everything() -> ResponseReturnValue:
    """The messages of the territory, by what became of them."""
    chosen = request.args.get("etat", "tous")
    if chosen not in _VIEW_NAMES:
        raise NotFound
    found, further = messages_of(
        db.session(),
        current_actor().territory_pk,
        _VIEW_NAMES[chosen],
        clock.now(),
        _desk(),
        request.args.get("apres"),
    )
    return render(
        "messages/list.html",
        found=found,
        kept={each.id for each in found if (settings().mails / each.file_name).is_file()},
        further=further,
        chosen=chosen,
        by_file=not settings().smtp_url,
        later=request.args.get("apres") is not None,
    )


@blueprint.get("/messages/<id>")
def show(id: str) -> ResponseReturnValue:
    """One message: to whom, when, what became of it, and its text."""
    message = message_named(db.session(), current_actor().territory_pk, id, clock.now(), _desk())
    return render("messages/show.html", message=message, kept=kept_mail(settings().mails, message.file_name))
