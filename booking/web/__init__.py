"""Screens: read the request, check the right, act in one transaction, show. What the screens share is here.

A screen is a blueprint, a template folder and a test file of one name. It asks ``current_actor()`` who acts,
runs its action in ``database.write``, and ends with ``render`` or a redirect.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask import Flask, current_app, flash, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.routing import BuildError

from booking import clock
from booking.actions import idempotency, phones
from booking.config import Settings
from booking.database import write
from booking.timeline import spoken
from booking.web import carried
from booking.web.base_form import form_key
from booking.web.headers import style_nonce
from booking.web.language import current_language
from booking.web.sessions import actor_or_none, current_actor, signed_in

__all__ = [
    "actor_or_none",
    "current_actor",
    "current_language",
    "current_zone",
    "form_key",
    "render",
    "say",
    "settings",
    "signed_in",
    "today",
    "wants_fragment",
    "write_once",
]

DEFAULT_ZONE = "Europe/Paris"


def settings() -> Settings:
    found: Settings = current_app.config["BOOKING_SETTINGS"]
    return found


def current_zone() -> str:
    """The zone in which this page says its hours: that of the reader's territory."""
    actor = actor_or_none()
    return actor.zone if actor is not None else DEFAULT_ZONE


def today() -> date:
    """The reader's local date."""
    return spoken.local_day(clock.now(), current_zone())


def write_once(work: Callable[[Session], str]) -> str:
    """Runs ``work`` in the write transaction, once for each key of a form (``hidden(form, key=True)``).

    ``work`` returns the address to go to; the same press sent twice has one effect and leads to the same place.
    Raises ``KeyReused`` when the key comes back with other contents.
    """
    actor = current_actor()
    key = request.form.get("key", "")
    fields = sorted(pair for pair in request.form.items(multi=True) if pair[0] not in ("csrf_token", carried.AGAIN))
    digest = idempotency.digest(request.path, fields)

    def run(session: Session) -> idempotency.Given:
        def answered() -> idempotency.Given:
            return idempotency.Given(303, headers={"Location": work(session)})

        return idempotency.once(session, actor.pk, f"form:{key[:200]}" if key else None, digest, clock.now(), answered)

    return write(run).headers["Location"]


def wants_fragment() -> bool:
    """Whether htmx asks for a part of the page only (never when it restores a page from its history)."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def render(template: str, status: int = 200, **values: Any) -> ResponseReturnValue:
    """The page, in the reader's language."""
    return make_response(render_template(template, **values), status)


def say(
    text: str, kind: str = "success", *, undo: str | None = None, undo_fields: dict[str, str] | None = None
) -> None:
    """A message on the next page (``success``, ``info``, ``warning``, ``error``). With ``undo`` (an address that
    takes a POST) it bears a button "Annuler l'action", which is better than asking "are you sure?" before."""
    message: Any = {"text": text, "undo": undo, "fields": undo_fields or {}}
    flash(message, kind)


def _page_or_nothing(endpoint: str, **values: Any) -> str | None:
    """The address of a screen, or nothing while it does not exist: the menu leaves it out."""
    try:
        return url_for(endpoint, **values)
    except BuildError:
        return None


def install(app: Flask) -> None:
    """Gives every template the filters and helpers of ``_macros`` and of the menu."""

    def at_zone(zone: str | None) -> str:
        return zone or current_zone()

    filters: dict[str, Any] = {
        "heure": lambda moment, zone=None: spoken.hour(moment, at_zone(zone), current_language()),
        "heure_dite": lambda moment, zone=None: spoken.hour_in_a_sentence(moment, at_zone(zone), current_language()),
        "jour": lambda moment, zone=None: spoken.day(moment, at_zone(zone), current_language()),
        "jour_sans_annee": lambda moment, zone=None: spoken.day(moment, at_zone(zone), current_language(), year=False),
        "jour_court": lambda moment, zone=None: spoken.short_day(moment, at_zone(zone), current_language()),
        "mois": lambda moment, zone=None: spoken.month(moment, at_zone(zone), current_language()),
        "relatif": lambda moment, zone=None: spoken.distance(
            moment, spoken.local_day(clock.now(), at_zone(zone)), at_zone(zone), current_language()
        ),
        "duree": lambda minutes: spoken.length(minutes, current_language()),
        "date_iso": lambda moment, zone=None: spoken.local_day(moment, at_zone(zone)).isoformat(),
        "instant_iso": lambda moment, zone=None: _iso(moment, at_zone(zone)),
        "telephone": lambda number: phones.spoken(number) if number else "",
    }
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(
        page=_page_or_nothing,
        form_key=form_key,
        style_nonce=style_nonce,
        current_language=current_language,
        plage=lambda starts, ends, zone=None: spoken.span(starts, ends, at_zone(zone), current_language()),
    )

    @app.context_processor
    def everywhere() -> dict[str, Any]:
        return {
            "actor": g.get("actor"),
            "zone": current_zone(),
            "frozen_at": clock.now() if clock.is_frozen() else None,
            "aujourdhui": today(),
        }


def _iso(moment: int | datetime, zone: str) -> str:
    return spoken.local(moment, zone).isoformat(timespec="minutes")
