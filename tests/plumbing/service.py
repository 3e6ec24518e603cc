"""The service with the cast in it, and clients who are signed in as one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from tests import cast as people
from tests.cast import Cast
from tests.plumbing import run

NOW = "2027-01-18T10:40:00+01:00"


def make_app(database_url: str, folder: Path, **settings: str) -> Flask:
    """The service on that database, its clock at Monday 18 January 2027, 10:40 in Paris."""
    from booking.app import create_app
    from booking.config import Settings

    chosen = {"BOOKING_VAR": str(folder / "var"), "BOOKING_DATABASE_URL": database_url, "BOOKING_CLOCK": NOW}
    app = create_app(Settings.load({**chosen, "BOOKING_LOG_LEVEL": "error", **settings}, folder))
    app.testing = True
    # Templates are compiled once for the run, not once for each test's own service.
    compiled = run.folder() / "templates"
    compiled.mkdir(exist_ok=True)
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(compiled))
    return app


@pytest.fixture
def guarded_app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The service exactly as it is served, with nobody in it."""
    from booking import clock, database

    app = make_app(database_url, tmp_path)
    yield app
    with app.app_context():
        database.db.session.remove()
        database.db.engine.dispose()
    clock.freeze(None)


@pytest.fixture
def app(guarded_app: Flask) -> Flask:
    """The service with nobody in it; its forms need no token, so that tests can post them at once."""
    guarded_app.config["WTF_CSRF_ENABLED"] = False
    return guarded_app


@pytest.fixture
def cast(app: Flask) -> Cast:
    """The small territory, stored. The rows are detached: read their keys and names, not their relations."""
    from booking import database

    with app.app_context():
        return database.write(people.build)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


SignedInAs = Callable[[str], FlaskClient]


@pytest.fixture
def signed_in_as(app: Flask, cast: Cast) -> SignedInAs:
    """``signed_in_as("secretary")`` or ``signed_in_as("alix")``: a client with that person's session."""

    def sign_in(who: str) -> FlaskClient:
        from booking import clock

        account = cast.accounts[who] if who in cast.accounts else cast.of_role(who)
        client = app.test_client()
        now = int(clock.real_now().timestamp())
        with client.session_transaction() as session:
            session.update(account=account.pk, version=account.session_version, since=now, seen=now)
            session.permanent = True
        return client

    return sign_in
