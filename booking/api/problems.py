"""Problems: every refusal and fault as ``application/problem+json`` (RFC 9457), each with a type that stays."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, g
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from booking import refusals
from booking.api.access import TOO_NARROW, ReadOnlyToken, Unauthenticated
from booking.api.instants import spoken


@dataclass(frozen=True)
class Type:
    """A kind of problem: the last part of its URI, its status, its title, and what to do about it."""

    code: str
    status: int
    title: str
    advice: str


TYPES = {
    each.code: each
    for each in (
        Type(
            "malformed", 400, "The request cannot be read", "The body is no JSON, or a header is not what it should be."
        ),
        Type(
            "unauthenticated",
            401,
            "A token is needed",
            "Send Authorization: Bearer TOKEN with a token that is in force.",
        ),
        Type("forbidden", 403, "The right is lacking", "The account may see this, and may not do this to it."),
        Type("not-found", 404, "There is no such thing", "Or this account may not know that there is."),
        Type("method-not-allowed", 405, "This method does not exist here", "The Allow header names those that do."),
        Type("clash", 409, "The time is taken", "`clashes` tells by what; `alternatives` what is offered instead."),
        Type(
            "not-offered",
            409,
            "The time is no slot",
            "`reasons` tells why; `alternatives` what is offered instead. Whoever manages every adviser named may "
            "book it all the same with `override`.",
        ),
        Type("wrong-state", 409, "This cannot be done to it any more", "`code` tells in what state it is."),
        Type("changed", 409, "Others keep changing it", "Try again."),
        Type(
            "idempotency-key-running",
            409,
            "The first request with this key has not ended",
            "Try again with the same key in a moment.",
        ),
        Type("stale", 412, "It was changed since it was read", "Read it again; If-Match named an older version."),
        Type("too-large", 413, "The body is too large", "At most 1 MiB."),
        Type("unsupported-media-type", 415, "The body is no JSON", "Send Content-Type: application/json."),
        Type("invalid", 422, "The request is not valid", "`errors` tells what is wrong, with JSON pointers."),
        Type(
            "idempotency-key-reused",
            422,
            "This key came with another request before",
            "Use a new key for each new request.",
        ),
        Type("internal", 500, "Something broke", "It was noted."),
        Type("unavailable", 503, "The service is too busy", "Try again after the seconds of Retry-After."),
    )
}


class StillChanging(refusals.Refusal):
    """Others changed the same thing each time it was tried."""


HINDRANCES = {
    "outside_openings": "outside the adviser's openings",
    "notice": "too soon: the purpose asks for notice",
    "horizon": "beyond the purpose's horizon",
    "absence": "on an absence",
    "busy": "on a busy time from elsewhere",
    "public_holiday": "on a public holiday",
    "room": "no room that would do is free",
    "vehicle": "no vehicle that would do is free",
    "profession": "the adviser is of another profession than the purpose asks for",
}

MEDIA_TYPE = "application/problem+json"


def type_uri(code: str) -> str:
    base: str = current_app.config["BOOKING_SETTINGS"].base_url
    return f"{base}/api/problems/{code}"


def made(code: str, /, detail: str | None = None, headers: dict[str, str] | None = None, **members: Any) -> Response:
    """A problem as an answer; ``members`` are those that its type has besides."""
    kind = TYPES[code]
    body = {"type": type_uri(code), "title": kind.title, "status": kind.status, "detail": detail or kind.advice}
    response = Response(json.dumps({**body, **members}), kind.status, mimetype=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    if headers:
        response.headers.extend(headers)
    return response


def of(error: Exception) -> Response:
    """The problem for anything that was raised."""
    match error:
        case Unauthenticated():
            return made("unauthenticated", headers={"WWW-Authenticate": error.challenge})
        case ReadOnlyToken():
            return made("forbidden", "This token may only read.", {"WWW-Authenticate": TOO_NARROW})
        case refusals.Forbidden():
            return made("forbidden")
        case refusals.NotFound():
            return made("not-found")
        case refusals.Invalid():
            errors = [{"pointer": f.pointer, "detail": f.detail, "code": f.code} for f in error.faults]
            return made("invalid", "; ".join(f"{f.pointer}: {f.detail}" for f in error.faults[:5]), errors=errors)
        case refusals.Clash() | refusals.NotOffered():
            return of_booking(error, (), _zone())
        case refusals.WrongState():
            return made("wrong-state", f"It is {error.code.replace('_', ' ')}.", code=error.code)
        case refusals.Stale():
            return made("stale")
        case StillChanging():
            return made("changed", headers={"Retry-After": "1"})
        case refusals.KeyReused():
            return made("idempotency-key-reused")
        case refusals.KeyRunning():
            return made("idempotency-key-running", headers={"Retry-After": "1"})
        case refusals.Unavailable():
            return made("unavailable", headers={"Retry-After": str(error.retry_after)})
        case RequestEntityTooLarge():
            return made("too-large")
        case HTTPException():
            return _of_http(error)
    return made("internal")


def of_booking(
    refusal: refusals.Clash | refusals.NotOffered, alternatives: Sequence[dict[str, Any]], zone: str
) -> Response:
    """A booking that was refused: by what or why, and what is offered instead. Times are told in ``zone``."""
    if isinstance(refusal, refusals.Clash):
        clashes = []
        for each in refusal.clashes:
            told = {"calendar": each.calendar, "start": spoken(each.starts, zone), "end": spoken(each.ends, zone)}
            clashes.append(told if each.title is None else told | {"title": each.title})
        detail = "; ".join(f"{each['calendar']} is taken from {each['start']} to {each['end']}" for each in clashes)
        return made("clash", detail or None, clashes=clashes, alternatives=list(alternatives))
    reasons = [
        {
            "code": each.code,
            "calendar": each.calendar,
            "start": None if each.starts is None else spoken(each.starts, zone),
            "end": None if each.ends is None else spoken(each.ends, zone),
        }
        for each in refusal.hindrances
    ]
    words = dict.fromkeys(HINDRANCES.get(each.code, each.code) for each in refusal.hindrances)
    return made("not-offered", "; ".join(words), reasons=reasons, alternatives=list(alternatives))


def _zone() -> str:
    actor = g.get("actor")
    return actor.zone if actor is not None else "Europe/Paris"


_OF_STATUS = {
    each.status: each.code
    for each in reversed(TYPES.values())
    if each.code not in ("idempotency-key-reused", "internal")
}


def _of_http(error: HTTPException) -> Response:
    """What the framework refused: no such path, method, media type, a body that cannot be read."""
    status = error.code or 500
    code = _OF_STATUS.get(status, "malformed" if status < 500 else "internal")
    response = made(code, errors=[]) if code == "invalid" else made(code)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response
