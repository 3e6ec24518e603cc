"""A form survives an expired session and a second tab.

A form that arrives without a valid session, or with the token of an older one, is not thrown away: what was
typed travels on, signed, through the sign-in page (or a page that says "Reprendre") back to the form it came
from, which then shows it again and waits for the button to be pressed. Passwords are never carried.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from booking.config import Settings

FIELD = "carried"
AGAIN = "_again"
"""A form that bears this field is shown again with what it holds; nothing is done yet."""

LONGEST_SECONDS = 7 * 24 * 3600
MOST_CHARACTERS = 200_000
_NEVER = {"csrf_token", FIELD, AGAIN}


@dataclass(frozen=True)
class Carried:
    """What was typed, and the address it was meant for."""

    path: str
    fields: tuple[tuple[str, str], ...]


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="carried form")


def packed_request() -> str | None:
    """This request's form, signed; ``None`` when it came from another site or is too large to carry."""
    if not came_from_us():
        return None
    fields = [
        (name, value) for name, value in request.form.items(multi=True) if name not in _NEVER and "password" not in name
    ]
    if sum(len(name) + len(value) for name, value in fields) > MOST_CHARACTERS:
        return None
    return _serializer().dumps([request.full_path.rstrip("?"), fields])


def unpacked(text: str | None) -> Carried | None:
    """What was carried; ``None`` when there is nothing, or nothing of ours."""
    if not text:
        return None
    try:
        path, fields = _serializer().loads(text, max_age=LONGEST_SECONDS)
    except BadData:
        return None
    return Carried(path, tuple((name, value) for name, value in fields))


def came_from_us() -> bool:
    """Whether the browser says that the form stood on one of our own pages."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    settings: Settings = current_app.config["BOOKING_SETTINGS"]
    return origin is None or urlsplit(origin).netloc in (request.host, urlsplit(settings.base_url).netloc)


def shown_again() -> bool:
    """Whether this form was carried: the view shows it as it stands, and acts at the next press."""
    return request.method == "POST" and AGAIN in request.form


def local_path(text: str | None, default: str) -> str:
    """An address within this service, or the default: nobody is sent elsewhere after signing in."""
    if not text or not text.startswith("/") or text[1:2] in ("/", "\\") or any(c < " " for c in text):
        return default
    return text
