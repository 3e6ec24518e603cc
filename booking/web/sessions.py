"""Who is behind a request: the signed session cookie, its end, and the actor it stands for.

A session ends after 8 idle hours, after 7 days, when the account is closed, or when the account's
``session_version`` rises (password changed). These run on the real clock, never on a frozen one.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask, g, session
from sqlalchemy import text

from booking import clock
from booking.actions.rights import Actor, load_actor
from booking.config import Settings
from booking.database import db

IDLE_SECONDS = 8 * 3600
LONGEST_SECONDS = 7 * 24 * 3600
TOUCH_SECONDS = 300
"""The cookie is written anew only this often, not at each request."""

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


class SignInNeeded(Exception):
    """The door is for people who are signed in, and nobody is."""


def install(app: Flask, settings: Settings) -> None:
    """``__Host-`` and Secure where the service is reached by https; else a plain cookie, so that a desk on a
    local network can sign in at all."""
    app.config.update(
        SESSION_COOKIE_NAME="__Host-booking" if settings.is_https else "booking",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=LONGEST_SECONDS,
    )


def open_session(account_pk: int, session_version: int) -> None:
    """Starts a new session; what the old one held (its form tokens too) is gone."""
    now = int(clock.real_now().timestamp())
    session.clear()
    g.pop("csrf_token", None)  # kept for the length of a request by Flask-WTF; it is of the old session
    session.permanent = True
    session.update(account=account_pk, version=session_version, since=now, seen=now)


def close_session() -> None:
    session.clear()


def load() -> None:
    """Puts the actor of this request into ``g.actor``, or ``None``."""
    g.actor = None
    account_pk = session.get("account")
    if account_pk is None:
        return
    now = int(clock.real_now().timestamp())
    if now - session.get("seen", 0) > IDLE_SECONDS or now - session.get("since", 0) > LONGEST_SECONDS:
        session.clear()
        return
    version = db.session.scalar(text("SELECT session_version FROM account WHERE pk = :pk"), {"pk": account_pk})
    actor = load_actor(db.session(), account_pk) if version == session.get("version") else None
    if actor is None:
        session.clear()
        return
    if now - session["seen"] > TOUCH_SECONDS:
        session["seen"] = now
    g.actor = actor


def actor_or_none() -> Actor | None:
    """The account behind this request, or ``None`` for the public."""
    actor: Actor | None = g.get("actor")
    return actor


def current_actor() -> Actor:
    """The account behind this request; raises ``SignInNeeded`` when nobody is signed in."""
    actor = actor_or_none()
    if actor is None:
        raise SignInNeeded
    return actor


def signed_in(view: Callable[Parameters, Answer]) -> Callable[Parameters, Answer]:
    """Says at the view what the table of rights says already: nobody gets in without a session."""

    @wraps(view)
    def guarded(*arguments: Parameters.args, **named: Parameters.kwargs) -> Any:
        current_actor()
        return view(*arguments, **named)

    return guarded
