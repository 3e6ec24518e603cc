"""The short way for feeds that have not changed, before the service as a whole is set in motion.

Tens of thousands of programs ask again and again for what they already have. One look-up tells so; the answer
(304, or a body that this process holds) then needs no session, no language, no template. All other answers are the
screens' own (``ics``): this serves what it can, says nothing about the rest, and counts what it served.
"""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from booking import clock, database
from booking.actions import feed_lookup
from booking.actions.feed_lookup import Feed, Gone
from booking.refusals import Refusal
from booking.web.ics_memory import Body, Memory
from booking.web.logs import requests

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

EVENTS, BUSY_TIMES = "ics", "ifb"
_ADDRESS = re.compile(r"/ics/([A-Za-z0-9_-]{43})\.(ics|ifb)")
_DONE, _UNCHANGED = "200 OK", "304 NOT MODIFIED"

COMMON = [
    ("Cache-Control", "private, max-age=0, must-revalidate"),
    ("Vary", "Accept-Encoding"),
    ("X-Robots-Tag", "noindex"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
]
_SECURED = [("Strict-Transport-Security", "max-age=31536000")]


@dataclass(frozen=True)
class Shortcut:
    """Stands before the application ``beyond``."""

    memory: Memory
    beyond: "WSGIApplication"

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/ics/") and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            began = clock.monotonic()
            answer = self._ready(environ)
            if answer is not None:
                status, headers, octets, kind = answer
                start_response(status, [*headers, *_SECURED] if self.memory.secured else headers)
                _log(environ["REQUEST_METHOD"], kind, int(status[:3]), began)
                return [octets] if environ["REQUEST_METHOD"] == "GET" else []
        return self.beyond(environ, start_response)

    def _ready(self, environ: "WSGIEnvironment") -> tuple[str, list[tuple[str, str]], bytes, str] | None:
        address = _ADDRESS.fullmatch(environ["PATH_INFO"])
        if address is None:
            return None
        secret, kind = address.groups()
        hashed = feed_lookup.secret_hash(secret)
        try:
            found = feed_lookup.look_up(
                lambda sql, arguments: database.glance(sql, arguments, self.memory.engine),
                hashed,
                self.memory.scope(hashed),
            )
            feed = self.memory.feed(hashed, found, clock.now_minute()) if found else None
        except (Gone, Refusal, DBAPIError):
            return None
        if feed is None:
            return None
        same = matching(environ.get("HTTP_IF_NONE_MATCH"), feed, kind)
        zipped = takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
        body = self.memory.shelf.get(etag_of(feed, kind, zipped)) if same is None else None
        if (same is None and body is None) or self.memory.throttle.wait(feed.pk):
            return None
        self.memory.note_read(feed.pk, environ.get("HTTP_USER_AGENT", ""))
        if body is None:
            return _UNCHANGED, [*COMMON, ("ETag", same or "")], b"", kind
        return _DONE, whole_headers(body, kind, zipped), body.octets, kind


def etag_of(feed: Feed, kind: str, zipped: bool) -> str:
    """Strong, so another one for each coding."""
    return f'"{feed.revision}-{kind}-gzip"' if zipped else f'"{feed.revision}-{kind}"'


def matching(known: str | None, feed: Feed, kind: str) -> str | None:
    """The tag among those the reader holds that is ours now, however a proxy on the way may have marked it."""
    if known is None:
        return None
    if known.strip() == "*":
        return etag_of(feed, kind, False)
    tags = [tag.strip().removeprefix("W/") for tag in known.split(",")]
    return next((ours for zipped in (True, False) if (ours := etag_of(feed, kind, zipped)) in tags), None)


@lru_cache(maxsize=512)
def takes_gzip(accepted: str) -> bool:
    """Whether a reader that says ``Accept-Encoding: …`` takes gzip."""
    for each in accepted.lower().split(","):
        coding, _, weight = each.partition(";")
        if coding.strip() in ("gzip", "x-gzip"):
            return not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight)
    return False


def whole_headers(body: Body, kind: str, zipped: bool) -> list[tuple[str, str]]:
    """The headers of a whole feed."""
    headers = [
        *COMMON,
        ("Content-Type", "text/calendar; charset=utf-8"),
        ("Content-Disposition", f'inline; filename="agenda.{kind}"'),
        ("Content-Length", str(len(body.octets))),
        ("ETag", body.etag),
        ("Last-Modified", body.last_modified),
    ]
    if zipped:
        headers.append(("Content-Encoding", "gzip"))
    return headers


def _log(method: str, kind: str, status: int, began: float) -> None:
    """As every request is logged: by the rule of its address, never by the secret in it."""
    if requests.isEnabledFor(logging.INFO):
        facts = {
            "method": method,
            "rule": f"/ics/<secret>.{kind}",
            "account": None,
            "ms": round((clock.monotonic() - began) * 1000, 1),
            "status": status,
        }
        requests.info("request", extra={"facts": facts})
