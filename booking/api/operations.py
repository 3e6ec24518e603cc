"""Operations: what every endpoint of the API has in common, from the door to the answer.

``operation`` wraps a view: the token is looked at, the query and the body are read by their shapes, and what the view
returns goes out as JSON. What was declared also makes the OpenAPI document. ``write_once`` runs a view's work in the
write transaction under the request's idempotency key.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from booking import clock
from booking.actions.idempotency import Given, digest, once
from booking.actions.rights import Actor
from booking.api import access
from booking.api.problems import StillChanging
from booking.api.records import Query, Record
from booking.api.shapes import Kind
from booking.database import db, write
from booking.refusals import Clash, Fault, Invalid, Stale
from booking.timeline.interval import Minute

LARGEST_BODY = 1024 * 1024
LONGEST_KEY = 255
TRIES = 3
"""How often a change is tried anew when somebody else changed the same thing in between."""


@dataclass(frozen=True)
class Call:
    """A request, read: who asks, when, the parameters and the body that were given."""

    actor: Actor
    now: datetime
    query: dict[str, Any]
    body: dict[str, Any]
    received: Any = None
    """The body as JSON before it was read: what an idempotency key stands for."""

    @property
    def now_minute(self) -> Minute:
        return int(self.now.timestamp()) // 60


@dataclass(frozen=True)
class Operation:
    """What an endpoint declares of itself."""

    answers: Mapping[int, Kind | None]
    query: Query
    body: Record | None
    body_optional: bool
    refusals: tuple[str, ...]
    reads_etag: bool
    honours_if_match: bool


NO_PARAMETERS = Query({})


def operation(
    *,
    answers: Mapping[int, Kind | None],
    query: Query = NO_PARAMETERS,
    body: Record | None = None,
    body_optional: bool = False,
    refusals: tuple[str, ...] = (),
    reads_etag: bool = False,
    honours_if_match: bool = False,
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Makes a function of a ``Call`` (and the path's parts) an endpoint.

    ``refusals`` are the codes of the problems that it has besides those of every endpoint.
    """
    declared = Operation(answers, query, body, body_optional, refusals, reads_etag, honours_if_match)

    def wrap(view: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(view)
        def endpoint(**path: Any) -> Response:
            actor = access.enter()
            faults: list[Fault] = []
            asked = query.read(request.args.to_dict(flat=False), faults) if query.members else {}
            received = _received(body_optional) if body is not None else None
            given = body.read(received, "", faults) if body is not None else {}
            if faults:
                raise Invalid(faults)
            return view(Call(actor, clock.now(), asked, given, received), **path)

        endpoint.operation = declared  # type: ignore[attr-defined]
        return endpoint

    return wrap


def refuse_large_bodies() -> None:
    """Before anything else of a request is looked at."""
    request.max_content_length = LARGEST_BODY + 1  # of a body that comes in chunks, as much is read to see it is larger
    if request.content_length is not None and request.content_length > LARGEST_BODY:
        raise RequestEntityTooLarge


def _received(optional: bool) -> Any:
    """The body as JSON. Raises 400 for what is no JSON, 415 for what does not say to be."""
    if request.mimetype and request.mimetype != "application/json" and not request.mimetype.endswith("+json"):
        if optional and not request.content_length and request.content_length is not None:
            return {}
        raise UnsupportedMediaType
    data = request.get_data(cache=False)
    if len(data) > LARGEST_BODY:
        raise RequestEntityTooLarge
    if not data and optional:
        return {}
    try:
        received = json.loads(data.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadRequest from error
    return {} if received is None and optional else received


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON as an answer."""
    return sent(made(value, status, headers))


def made(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Given:
    """What ``write_once`` keeps and answers."""
    return Given(status, "" if value is None else dumps(value), dict(headers or {}))


def idempotency_key() -> str | None:
    """The key of this request, 1 to 255 visible ASCII characters; none on other methods than POST."""
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method != "POST":
        return None
    if not 1 <= len(key) <= LONGEST_KEY or any(not "\x21" <= letter <= "\x7e" for letter in key):
        raise Invalid([Fault("", "idempotency_key", "Idempotency-Key: 1 to 255 visible ASCII characters")])
    return key


def write_once(call: Call, work: Callable[[Session], Given]) -> Response:
    """Runs the work in one write transaction, once for each idempotency key, and answers what it made."""
    return sent(run_once(call, work))


def run_once(call: Call, work: Callable[[Session], Given], bound_to: str = "") -> Given:
    """What the work made, now or when this idempotency key came first (with the same ``bound_to``).

    When somebody else changed the same thing in the same moment, and no If-Match was sent, it is tried anew.
    """
    key = idempotency_key()
    asked = "" if key is None else digest(request.method, request.full_path, call.received, bound_to)
    has_precondition = "If-Match" in request.headers
    if db.session.registry.has():
        db.session.rollback()  # what was read before must hold no snapshot while this waits its turn
    for remaining in reversed(range(TRIES)):
        try:
            return write(lambda session: once(session, call.actor.pk, key, asked, call.now, lambda: work(session)))
        except Stale:
            if has_precondition:
                raise
            if not remaining:
                raise StillChanging from None
        except Clash as clash:
            # The law itself refused, so there is nothing to tell yet: examined anew, it is explained.
            if clash.clashes or not remaining:
                raise
    raise AssertionError("unreachable")


def sent(given: Given) -> Response:
    """An answer as it goes out."""
    response = Response(given.body, given.status, mimetype="application/json" if given.body else None)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Authorization"
    for name, value in given.headers.items():
        response.headers[name] = value
    return response
