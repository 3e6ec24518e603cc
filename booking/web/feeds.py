"""My subscriptions: secret links by which one's own calendar program reads ours."""

from dataclasses import dataclass
from urllib.parse import quote

import segno
from flask import Blueprint, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from wtforms import RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from booking import clock
from booking.actions import feeds
from booking.actions.feeds import Choice, FeedDraft, FeedView, Links, NewFeed
from booking.database import db, write
from booking.refusals import Forbidden, Invalid, NotFound, WrongState
from booking.web import current_actor, render, say, settings
from booking.web.base_form import Form, options

blueprint = Blueprint("feeds", __name__)

DETAILS = (
    ("free_busy", lazy_gettext("Seulement « Occupé »")),
    ("limited", lazy_gettext("Le motif et le lieu")),
    ("full", lazy_gettext("Le motif, le lieu, la salle, le véhicule, qui l’a pris, et un lien vers la fiche")),
)
ALARMS = (
    ("", lazy_gettext("Aucun")),
    ("10", lazy_gettext("10 minutes avant")),
    ("30", lazy_gettext("30 minutes avant")),
    ("60", lazy_gettext("1 heure avant")),
    ("1440", lazy_gettext("La veille, à la même heure")),
)
GROUPS = (
    ("adviser", lazy_gettext("Agendas des conseillers")),
    ("room", lazy_gettext("Salles")),
    ("vehicle", lazy_gettext("Véhicules")),
    ("venue", lazy_gettext("Tout ce qui est rattaché à un lieu")),
    ("organisation", lazy_gettext("Toute une structure")),
    ("openings", lazy_gettext("Permanences sans rendez-vous")),
    ("programme", lazy_gettext("Ateliers d’un programme")),
    ("territory", lazy_gettext("Ateliers publiés du territoire")),
)


class Subscribe(Form):
    target = SelectField(
        lazy_gettext("Quel agenda ?"), [InputRequired(lazy_gettext("Choisissez un agenda."))], choices=[]
    )
    detail = RadioField(
        lazy_gettext("Que doit-il montrer ?"),
        choices=options(DETAILS),
        default="free_busy",
        validators=[InputRequired()],
    )
    alarm = SelectField(lazy_gettext("Rappel avant chaque rendez-vous"), choices=options(ALARMS), default="")
    name = StringField(
        lazy_gettext("Nom de l’abonnement"),
        [Length(max=feeds.NAME_LENGTH, message=lazy_gettext("Ce nom est trop long : 120 signes au plus."))],
    )


@dataclass(frozen=True)
class Program:
    """A calendar program: how one subscribes with it, and how late it is."""

    name: str
    how: str
    late: str
    href: str | None = None


@blueprint.route("/abonnements", methods=["GET", "POST"])
def mine() -> ResponseReturnValue:
    actor = current_actor()
    known = feeds.choices(db.session(), actor)
    form = Subscribe()
    form.target.choices = _grouped(known)
    if request.method == "GET":
        form.target.data = request.args.get("agenda") or (_value(known[0]) if known else None)
    if form.validate_on_submit():
        made = _subscribe(form)
        if isinstance(made, NewFeed):
            return _shown_once(made)
        if made is not None:
            return made
    found = feeds.listed(db.session(), actor)
    return render(
        "feeds/mine.html",
        422 if request.method == "POST" else 200,
        form=form,
        feeds=found,
        titles={each.id: _title(each) for each in found},
        details=dict(DETAILS),
        asked=request.method == "POST",
    )


def _subscribe(form: Subscribe) -> NewFeed | ResponseReturnValue | None:
    """The new feed; another page when this form was sent before; nothing when it must be corrected."""
    actor = current_actor()
    scope, _, target = form.target.data.partition(":")
    draft = FeedDraft(scope, target, form.detail.data, int(form.alarm.data or 0) or None, form.name.data)
    key = request.form.get("key", "")[: feeds.NAME_LENGTH] or None
    try:
        return write(lambda session: feeds.create(session, actor, draft, clock.now(), key))
    except WrongState:
        say(gettext("Cet abonnement est déjà créé. Son lien n’est montré qu’une fois."), "info")
        return redirect(url_for("feeds.mine"))
    except Forbidden:
        only = gettext("Vous ne voyez de cet agenda que les heures occupées : choisissez « Occupé ».")
        form.detail.errors = [*form.detail.errors, only]
    except Invalid as refusal:
        form.take_faults(
            refusal,
            {"/id": "target", "/scope": "target", "/alarm_minutes": "alarm"},
            {"unknown": gettext("Cet agenda ne vous est pas ouvert.")},
        )
    return None


def _shown_once(made: NewFeed) -> ResponseReturnValue:
    links = feeds.urls(settings().base_url, made.secret)
    code = segno.make(links.webcal_url, error="m", micro=False)
    page = render(
        "feeds/link.html",
        201,
        feed=made,
        links=links,
        programs=_programs(links, made.name),
        qr=code.svg_data_uri(scale=5, border=3, dark="#000", light="#fff"),
        qr_side=code.symbol_size(scale=5, border=3)[0],
    )
    answer = make_response(page)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@blueprint.route("/abonnements/<feed_id>/revoquer", methods=["GET", "POST"])
def revoke(feed_id: str) -> ResponseReturnValue:
    """Ending a link is for good, so it is asked once more, on a page of its own."""
    actor = current_actor()
    feed = next((each for each in feeds.listed(db.session(), actor) if each.id == feed_id), None)
    if request.method == "POST":
        write(lambda session: feeds.revoke(session, actor, feed_id, clock.now()))
        say(gettext("L’abonnement est révoqué : son lien ne donne plus rien."))
        return redirect(url_for("feeds.mine"))
    if feed is None:
        raise NotFound
    return render("feeds/revoke.html", feed=feed, title=_title(feed))


def _grouped(known: list[Choice]) -> list[SelectChoice]:
    """One's own calendar under a heading of its own, then the others by what they are."""
    mine = [each for each in known if each.own and each.scope == "adviser"]
    found = [SelectChoice(_value(each), each.name, optgroup=gettext("Mon agenda")) for each in mine]
    for scope, heading in GROUPS:
        found += [
            SelectChoice(_value(each), _named(each), optgroup=str(heading))
            for each in known
            if each.scope == scope and each not in mine
        ]
    return found


def _value(choice: Choice) -> str:
    return f"{choice.scope}:{choice.id}"


def _named(choice: Choice) -> str:
    if choice.of == choice.name or choice.scope == "organisation":
        return choice.name
    return f"{choice.name} – {choice.of}"


def _title(feed: FeedView) -> str:
    """What a feed is about, in a line."""
    titles: dict[str, str] = {
        "adviser": gettext("Agenda de %(name)s", name=feed.target_name),
        "room": gettext("Salle : %(name)s", name=feed.target_name),
        "vehicle": gettext("Véhicule : %(name)s", name=feed.target_name),
        "venue": gettext("Lieu : %(name)s", name=feed.target_name),
        "organisation": gettext("Structure : %(name)s", name=feed.target_name),
        "openings": gettext("Permanences de %(name)s", name=feed.target_name),
        "programme": gettext("Programme : %(name)s", name=feed.target_name),
        "territory": gettext("Ateliers publiés : %(name)s", name=feed.target_name),
    }
    return titles[feed.scope]


def _programs(links: Links, name: str) -> list[Program]:
    address, webcal, title = quote(links.url, safe=""), quote(links.webcal_url, safe=""), quote(name, safe="")
    return [
        Program(
            "Thunderbird",
            gettext("Nouvel agenda, « Sur le réseau », collez l’adresse https, sans nom d’utilisateur."),
            gettext("relit toutes les 30 minutes"),
        ),
        Program(
            "iPhone, iPad, Mac",
            gettext("Touchez ce lien, puis « S’abonner »."),
            gettext("relit entre toutes les 15 minutes et une fois par jour, selon le réglage de l’appareil"),
            links.webcal_url,
        ),
        Program(
            "Nextcloud",
            gettext("Agenda, « Nouvel abonnement par lien », collez l’adresse https."),
            gettext("relit chaque heure"),
        ),
        Program(
            "Outlook",
            gettext("Ouvrez Outlook sur le web par ce lien et confirmez."),
            gettext("relit environ toutes les 3 heures"),
            f"https://outlook.office.com/calendar/0/addfromweb?url={address}&name={title}",
        ),
        Program(
            "Google Agenda",
            gettext("Ouvrez Google Agenda par ce lien et confirmez."),
            gettext("relit toutes les 8 à 24 heures seulement"),
            f"https://calendar.google.com/calendar/r?cid={webcal}",
        ),
    ]
