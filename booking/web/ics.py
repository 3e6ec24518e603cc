"""The addresses that calendar programs read: a secret, and nothing else, opens a feed.

An address that opens nothing answers 404, one that no longer does 410, as plain text: a program that is sent to a
sign-in page may take it for an empty calendar. What has not changed was answered before (``ics_shortcut``).
"""

import gzip
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app, request
from flask.blueprints import BlueprintSetupState
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from werkzeug.http import http_date

from booking import clock, database
from booking.actions import feed_bodies, feed_lookup, feeds
from booking.actions.feed_lookup import Feed, Gone
from booking.config import Settings
from booking.refusals import Unavailable
from booking.web.ics_memory import Body, Memory
from booking.web.ics_shortcut import BUSY_TIMES, EVENTS, Shortcut, etag_of, takes_gzip, whole_headers

blueprint = Blueprint("ics", __name__)

_UNKNOWN = "Cette adresse n'ouvre aucun agenda.\nThis address opens no calendar.\n"
_ENDED = "Cet abonnement n'existe plus.\nThis subscription has ended.\n"
_TOO_OFTEN = "Lu trop souvent : réessayez plus tard.\nRead too often: try again later.\n"
_AWAY = "Momentanément indisponible.\nOut of order for a moment.\n"


@blueprint.record
def _take_the_short_way(state: BlueprintSetupState) -> None:
    app = cast(Flask, state.app)
    settings: Settings = app.config["BOOKING_SETTINGS"]
    with app.app_context():
        memory = Memory(app, settings.base_url, database.db.engine)
    app.extensions["booking.ics"] = memory
    app.wsgi_app = Shortcut(memory, app.wsgi_app)  # type: ignore[method-assign]


@blueprint.get("/ics/<secret>.ics")
def calendar(secret: str) -> Response:
    return _answer(secret, EVENTS)


@blueprint.get("/ics/<secret>.ifb")
def freebusy(secret: str) -> Response:
    return _answer(secret, BUSY_TIMES)


@blueprint.get("/ics/")
@blueprint.get("/ics/<path:anything>")
def nothing(anything: str = "") -> Response:
    return _plain(404, _UNKNOWN)


def _answer(secret: str, kind: str) -> Response:
    """Revision and content are read at one instant, so that a tag never names two contents."""
    memory: Memory = current_app.extensions["booking.ics"]
    zipped = takes_gzip(request.headers.get("Accept-Encoding", ""))
    with database.snapshot() as session:
        found = feed_lookup.look_up(
            lambda sql, arguments: database.rows(session, sql, arguments), feed_lookup.secret_hash(secret)
        )
        if not found:
            return _plain(404, _UNKNOWN)
        day, _, _ = feed_lookup.today(found, clock.now_minute())
        feed = feed_lookup.feed_of(found, day, memory.base_url)
        wait = memory.throttle.wait(feed.pk)
        if wait:
            return _plain(429, _TOO_OFTEN, ("Retry-After", str(wait)))
        body = memory.shelf.get(etag_of(feed, kind, zipped)) or _written(session, memory, feed, secret, kind, zipped)
    memory.note_read(feed.pk, request.headers.get("User-Agent", ""))
    return Response(body.octets, 200, whole_headers(body, kind, zipped))


def _written(session: Session, memory: Memory, feed: Feed, secret: str, kind: str, zipped: bool) -> Body:
    links = feeds.urls(memory.base_url, secret)
    if kind == EVENTS:
        written = feed_bodies.calendar_body(session, feed, memory.base_url, links.url)
    else:
        written = feed_bodies.freebusy_body(session, feed, memory.base_url, links.freebusy_url)
    octets = written.text.encode()
    if zipped:
        octets = gzip.compress(octets, 6, mtime=0)
    body = Body(etag_of(feed, kind, zipped), octets, http_date(written.modified))
    memory.shelf.put(body)
    return body


def _plain(status: int, text: str, *headers: tuple[str, str]) -> Response:
    always = [("Cache-Control", "no-store"), ("X-Robots-Tag", "noindex"), ("Referrer-Policy", "no-referrer")]
    return Response(text, status, [*always, ("Content-Type", "text/plain; charset=utf-8"), *headers])


@blueprint.errorhandler(Gone)
def _gone(error: Gone) -> Response:
    return _plain(410, _ENDED)


@blueprint.errorhandler(Unavailable)
def _unavailable(error: Unavailable) -> Response:
    return _plain(503, _AWAY, ("Retry-After", str(error.retry_after)))


@blueprint.errorhandler(DBAPIError)
@blueprint.errorhandler(PoolTimeout)
def _of_the_database(error: Any) -> Response:
    ours = database.translated(error)
    if isinstance(ours, Unavailable):
        return _unavailable(ours)
    raise error
