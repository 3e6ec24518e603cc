"""The addresses that calendar programs read: a secret, and nothing else, opens a feed.

An address that opens nothing answers 404, one that no longer does 410, as plain text: a program that is sent to a
sign-in page may take it for an empty calendar. One statement tells whether the reader has the content already.
"""

import gzip
import re
from functools import lru_cache
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app, request
from flask.blueprints import BlueprintSetupState
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.http import http_date

from booking import clock, database
from booking.actions import feed_bodies, feed_lookup, feeds
from booking.actions.feed_lookup import Feed, Gone
from booking.config import Settings
from booking.refusals import Unavailable
from booking.web.ics_memory import Body, Memory

blueprint = Blueprint("ics", __name__)

EVENTS, BUSY_TIMES = "ics", "ifb"
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
_ALWAYS = (("X-Robots-Tag", "noindex"), ("Referrer-Policy", "no-referrer"))
_SHARED = (
    *_ALWAYS,
    ("Cache-Control", "private, max-age=0, must-revalidate"),
    ("Vary", "Accept-Encoding"),
)
_ENDED = "Cet abonnement n'existe plus.\nThis subscription has ended.\n"
_UNKNOWN = "Cette adresse n'ouvre aucun agenda.\nThis address opens no calendar.\n"
_TOO_OFTEN = "Lu trop souvent : réessayez plus tard.\nRead too often: try again later.\n"
_AWAY = "Momentanément indisponible.\nOut of order for a moment.\n"


@blueprint.record
def _remember(state: BlueprintSetupState) -> None:
    app = cast(Flask, state.app)
    settings: Settings = app.config["BOOKING_SETTINGS"]
    app.extensions["booking.ics"] = Memory(app, settings.base_url)


def memory() -> Memory:
    """What this process keeps of its feeds."""
    found: Memory = current_app.extensions["booking.ics"]
    if not found.database:
        found.database = str(database.db.engine.url)
    return found


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
    if not _SECRET.fullmatch(secret):
        return _plain(404, _UNKNOWN)
    kept = memory()
    hashed = feed_lookup.secret_hash(secret)
    found = feed_lookup.look_up(database.glance, hashed)
    if not found:
        return _plain(404, _UNKNOWN)
    try:
        feed = kept.feed(hashed, found, clock.now_minute())
    except Gone:
        return _plain(410, _ENDED)
    wait = kept.throttle.wait(feed.pk)
    if wait:
        return _plain(429, _TOO_OFTEN, ("Retry-After", str(wait)))
    kept.note_read(feed.pk, request.headers.get("User-Agent", ""))
    known = request.headers.get("If-None-Match")
    if known is not None:
        etag = _matching(known, feed, kind)
        if etag is not None:
            return Response(status=304, headers=[*_SHARED, ("ETag", etag)])
    zipped = _takes_gzip(request.headers.get("Accept-Encoding", ""))
    body = kept.shelf.get(_etag(feed, kind, zipped)) or _made(secret, hashed, kind, zipped)
    return _whole(body, kind, zipped)


def _etag(feed: Feed, kind: str, zipped: bool) -> str:
    """Strong, so another one for each coding."""
    return f'"{feed.revision}-{kind}{"-gzip" if zipped else ""}"'


def _matching(known: str, feed: Feed, kind: str) -> str | None:
    """The tag among those the reader holds that is ours now, however a proxy on the way may have marked it."""
    if known.strip() == "*":
        return _etag(feed, kind, False)
    tags = known.split(",")
    for zipped in (False, True):
        ours = _etag(feed, kind, zipped)
        if any(tag.strip().removeprefix("W/") == ours for tag in tags):
            return ours
    return None


@lru_cache(maxsize=512)
def _takes_gzip(accepted: str) -> bool:
    for each in accepted.lower().split(","):
        coding, _, weight = each.partition(";")
        if coding.strip() in ("gzip", "x-gzip"):
            return not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight)
    return False


def _made(secret: str, hashed: str, kind: str, zipped: bool) -> Body:
    """Written from the rows, revision and content of one instant. Raises ``Gone``."""
    kept = memory()
    links = feeds.urls(kept.base_url, secret)
    with database.snapshot() as session:
        found = feed_lookup.look_up(lambda sql, arguments: database.rows(session, sql, arguments), hashed)
        day, _, _ = feed_lookup.today(found, clock.now_minute())
        feed = feed_lookup.feed_of(found, day, kept.base_url)
        if kind == EVENTS:
            written = feed_bodies.calendar_body(session, feed, kept.base_url, links.url)
        else:
            written = feed_bodies.freebusy_body(session, feed, kept.base_url, links.freebusy_url)
    octets = written.text.encode()
    if zipped:
        octets = gzip.compress(octets, 6, mtime=0)
    body = Body(_etag(feed, kind, zipped), octets, written.modified)
    kept.shelf.put(body)
    return body


def _whole(body: Body, kind: str, zipped: bool) -> Response:
    headers = [
        *_SHARED,
        ("Content-Type", "text/calendar; charset=utf-8"),
        ("Content-Disposition", f'inline; filename="agenda.{kind}"'),
        ("ETag", body.etag),
        ("Last-Modified", http_date(body.modified)),
    ]
    if zipped:
        headers.append(("Content-Encoding", "gzip"))
    return Response(body.octets, 200, headers)


def _plain(status: int, text: str, *headers: tuple[str, str]) -> Response:
    return Response(
        text,
        status,
        [*_ALWAYS, ("Cache-Control", "no-store"), ("Content-Type", "text/plain; charset=utf-8"), *headers],
    )


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
