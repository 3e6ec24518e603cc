"""Who asks: the bearer token of a request, the account it stands for, and the door it may come through."""

import hashlib
import re
from dataclasses import dataclass

from flask import g, request

from booking.actions.rights import Actor
from booking.actions.routes import ROUTES
from booking.database import glance
from booking.refusals import Forbidden, Refusal

_HEADER = re.compile(r"bearer +([\x21-\x7e]{20,200})", re.IGNORECASE | re.ASCII)


@dataclass
class Unauthenticated(Refusal):
    """No token came, or one that stands for nobody. ``challenge`` is for ``WWW-Authenticate`` (RFC 6750 §3)."""

    challenge: str


NOTHING_CAME = 'Bearer realm="booking"'
STANDS_FOR_NOBODY = 'Bearer realm="booking", error="invalid_token"'
TOO_NARROW = 'Bearer realm="booking", error="insufficient_scope", scope="write"'


class ReadOnlyToken(Forbidden):
    """The token may only read."""


_BEARER = """
SELECT k.scope, a.pk, a.id, a.name, a.email, a.role, a.organisation_pk, o.territory_pk, t.timezone, a.language,
       c.pk, COALESCE(c.venue_pk, a.home_venue_pk)
FROM api_token k
JOIN account a ON a.pk = k.account_pk
JOIN organisation o ON o.pk = a.organisation_pk
JOIN territory t ON t.pk = o.territory_pk
LEFT JOIN calendar c ON c.account_pk = a.pk
WHERE k.token_hash = :digest AND k.revoked_at IS NULL AND a.active
"""


def bearer(token: str) -> tuple[str, Actor] | None:
    """The scope of a token and the account it stands for, in one statement; ``None`` for a token that is none.

    It agrees with ``tokens.bearer`` followed by ``rights.load_actor``, which a test holds it to.
    """
    found = glance(_BEARER, {"digest": hashlib.sha256(token.encode("ascii")).hexdigest()})
    return (found[0][0], Actor(*found[0][1:])) if found else None


def enter() -> Actor:
    """Lets a request through its door, and says who acts.

    Raises ``Unauthenticated``, or ``ReadOnlyToken`` when the token is too narrow for the door.
    """
    access = ROUTES.get(request.endpoint or "")
    if access is None or not access.who.startswith("token:"):
        raise Forbidden
    header = request.headers.get("Authorization", "")
    if not header:
        raise Unauthenticated(NOTHING_CAME)
    token = _HEADER.fullmatch(header.strip())
    found = bearer(token.group(1)) if token else None
    if found is None:
        raise Unauthenticated(STANDS_FOR_NOBODY)
    scope, actor = found
    g.actor = actor
    if access.who == "token:write" and scope != "write":
        raise ReadOnlyToken
    return actor
