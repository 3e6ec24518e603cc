"""Callers of the API: programs with the tokens of the cast. Every answer they get is held to the OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from flask import Flask, Response
from openapi_schema_validator import OAS31Validator
from werkzeug.test import TestResponse

from booking import clock, database
from booking.actions import tokens
from booking.models import Opening, Share
from tests.cast import Cast

PARIS_WINTER = "+01:00"


def at(wall: str) -> str:
    """``at("2027-01-19T10:00")``: that winter time in Paris, as the API takes and tells it."""
    return f"{wall}:00{PARIS_WINTER}"


@dataclass
class Caller:
    """A program with somebody's token."""

    app: Flask
    token: str | None

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """``send("POST", "/appointments", {...}, Idempotency_Key="k")``: relative to /api/v1."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            given.setdefault("Authorization", f"Bearer {self.token}")
        options = {"json": body} if body is not None and not isinstance(body, bytes) else {"data": body}
        response = self.app.test_client().open(f"/api/v1{path}", method=method, headers=given, **options)
        conforms(self.app, method, path.partition("?")[0], response)
        return response

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> TestResponse:
        return self.send("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> TestResponse:
        return self.send("DELETE", path, **headers)

    def items(self, path: str) -> list[Any]:
        response = self.get(path)
        assert response.status_code == 200, response.text
        items: list[Any] = response.get_json()["items"]
        return items


def conforms(app: Flask, method: str, path: str, response: Response) -> None:
    """The answer is one that the document promises for this operation: status, media type, shape."""
    from booking.api.openapi import document

    made = document(app)
    operation = next(
        (
            methods[method.lower()]
            for template, methods in made["paths"].items()
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and method.lower() in methods
        ),
        None,
    )
    if operation is None:
        return
    promised = operation["responses"].get(str(response.status_code))
    assert promised is not None, f"{method} {path} does not promise {response.status_code}: {response.data!r}"
    if "$ref" in promised:
        promised = made["components"]["responses"][promised["$ref"].rpartition("/")[2]]
    if "content" not in promised:
        assert response.data == b""
        return
    assert response.mimetype in promised["content"]
    schema = {**promised["content"][response.mimetype]["schema"], "components": made["components"]}
    faults = [
        f"{list(error.absolute_path)}: {error.message}" for error in _validator()(schema).iter_errors(response.json)
    ]
    assert faults == []


@cache
def _validator() -> Any:
    return OAS31Validator


Api = Callable[[str], Caller]


@pytest.fixture
def api(app: Flask, cast: Cast) -> Api:
    """``api("alix")``: a caller with a token of Alix's that may write; ``api("alix:read")``: that may only read."""

    def caller(who: str) -> Caller:
        name, _, scope = who.partition(":")
        with app.app_context():
            token = database.write(lambda s: tokens.create(s, name, "a program", scope or "write", clock.now()))
        return Caller(app, token)

    return caller


@pytest.fixture
def nobody(app: Flask) -> Caller:
    """A program without a token."""
    return Caller(app, None)


@pytest.fixture
def open_days(app: Flask, cast: Cast) -> None:
    """Chloé and Farid receive at the maison de Brume on Tuesdays and Thursdays, 9 to 12; Farid at Orme on Fridays."""

    def make(session: Any) -> None:
        for calendar, venue, days, start in (
            (cast.chloe_calendar, cast.maison, "TU,TH", "2027-01-05T09:00"),
            (cast.farid_calendar, cast.maison, "TU,TH", "2027-01-05T09:00"),
            (cast.farid_calendar, cast.mairie, "FR", "2027-01-08T09:00"),
        ):
            session.add(
                Opening(
                    id=f"{calendar.id}-{venue.id}",
                    calendar_pk=calendar.pk,
                    venue_pk=venue.pk,
                    starts_wall=start,
                    minutes=180,
                    rrule=f"FREQ=WEEKLY;BYDAY={days}",
                    exdates=[],
                    admission="by_appointment",
                )
            )
        session.flush()

    with app.app_context():
        database.write(make)


@pytest.fixture
def share(app: Flask, cast: Cast) -> Callable[..., None]:
    """``share("chloe", "free_busy", territory=True)``: what others may do with a calendar."""

    def give(calendar: str, level: str, *, account: str | None = None, territory: bool = False) -> None:
        calendars = {row.id: row for row in vars(cast).values() if hasattr(row, "setup_minutes")}
        row = Share(
            calendar_pk=calendars[calendar].pk,
            level=level,
            account_pk=cast.accounts[account].pk if account else None,
            territory_pk=cast.territory.pk if territory else None,
            organisation_pk=None if account or territory else cast.brume.pk,
        )
        with app.app_context():
            database.write(lambda session: (session.add(row), session.flush()))

    return give


def appointment(**changes: Any) -> dict[str, Any]:
    """What is sent to book Chloé on Tuesday at ten; ``changes`` replace members."""
    return {
        "purpose": "accompagnement",
        "advisers": ["chloe"],
        "venue": "maison-brume",
        "start": at("2027-01-19T10:00"),
        **changes,
    }
