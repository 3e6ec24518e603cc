"""The table of rights holds every door of the service, and no door that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from booking import clock
from booking.actions.routes import ROUTES, admits
from tests.cast import Cast
from tests.plumbing.service import SignedInAs, make_app

ROLES = (None, "adviser", "secretary", "coordinator", "administrator")


@pytest.fixture
def endpoints(tmp_path: Path) -> Iterator[set[str]]:
    app = make_app(f"sqlite:///{tmp_path / 'none.sqlite3'}", tmp_path)
    yield {rule.endpoint for rule in app.url_map.iter_rules()}
    clock.freeze(None)


def test_every_endpoint_is_declared(endpoints: set[str]) -> None:
    assert sorted(endpoints - set(ROUTES)) == []


def test_nothing_is_declared_that_does_not_exist(endpoints: set[str]) -> None:
    assert sorted(set(ROUTES) - endpoints) == []


def test_only_words_of_the_table_are_used() -> None:
    allowed = {"public", "signed_in", "role:coordinator", "role:administrator", "token:read", "token:write", "link"}

    assert {access.who for access in ROUTES.values()} <= allowed


@pytest.fixture
def pages(app: Flask) -> list[tuple[str, str]]:
    """(endpoint, address) of every page that is shown without more than its address."""
    return [
        (rule.endpoint, rule.rule)
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments and not ROUTES[rule.endpoint].who.startswith("token")
    ]


@pytest.mark.parametrize("role", ROLES)
def test_a_page_opens_for_the_roles_that_the_table_names(
    app: Flask, cast: Cast, pages: list[tuple[str, str]], signed_in_as: SignedInAs, role: str | None
) -> None:
    client: FlaskClient = signed_in_as(role) if role else app.test_client()

    for endpoint, address in pages:
        answer = client.get(address)
        opened = answer.status_code < 400 and "/connexion?" not in answer.headers.get("Location", "")
        assert opened == admits(ROUTES[endpoint], role) or answer.status_code in (404, 410, 422), (
            endpoint,
            role,
            answer.status_code,
        )


def test_a_post_by_nobody_changes_nothing(app: Flask, cast: Cast) -> None:
    client = app.test_client()

    for rule in app.url_map.iter_rules():
        access = ROUTES[rule.endpoint]
        if (
            "POST" in (rule.methods or ())
            and access.who not in ("public", "link")
            and not access.who.startswith("token")
        ):
            address = app.url_map.bind("127.0.0.1").build(
                rule.endpoint,
                dict.fromkeys(rule.arguments - set(rule.defaults or ()), "1") | dict(rule.defaults or {}),
                "POST",
            )
            assert client.post(address).status_code in (401, 404), rule.endpoint
