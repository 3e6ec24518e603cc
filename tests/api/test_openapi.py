"""The document that the API gives of itself."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, Response
from openapi_spec_validator import validate

from booking.actions.routes import ROUTES
from booking.api.openapi import operations
from tests.api.conftest import conforms


@pytest.fixture
def document(app: Flask) -> Any:
    response = app.test_client().get("/api/v1/openapi.json")
    assert response.status_code == 200
    return response.get_json()


def test_the_document_is_valid(document: Any) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1")


def test_every_address_under_v1_is_described(app: Flask, document: Any) -> None:
    described = {(path, method) for path, methods in document["paths"].items() for method in methods}
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")]
    undescribed = [
        (rule.rule, method)
        for rule in rules
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint != "api.reference.openapi"
        and (rule.rule.removeprefix("/api/v1").replace("<id:", "{").replace("<", "{").replace(">", "}"), method.lower())
        not in described
    ]
    assert undescribed == []


def test_every_operation_has_a_name_of_its_own_and_a_summary(document: Any) -> None:
    each = [operation for methods in document["paths"].values() for operation in methods.values()]
    assert len({operation["operationId"] for operation in each}) == len(each)
    assert all(operation["summary"].endswith((".", ":")) for operation in each)


def test_whatever_changes_something_needs_a_token_that_may_write(app: Flask) -> None:
    for rule, method, _, _ in operations(app):
        assert ROUTES[rule.endpoint].who == ("token:read" if method == "GET" else "token:write")


def test_what_is_sent_and_read_refuses_other_members(document: Any) -> None:
    bodies = {
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for methods in document["paths"].values()
        for operation in methods.values()
        if "requestBody" in operation
    }
    assert {name for name in bodies if document["components"]["schemas"][name]["additionalProperties"]} == set()


def test_an_answer_that_was_not_promised_would_be_found(app: Flask) -> None:
    for response in (Response("{}", 418), Response("{}", 200), Response('{"items": [{}], "next": null}', 200)):
        response.mimetype = "application/json"
        with pytest.raises(AssertionError):
            conforms(app, "GET", "/purposes", response)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/calendars", "get"),
        ("/calendars/{calendar_id}/busy", "get"),
        ("/entries", "get"),
        ("/purposes", "get"),
        ("/venues", "get"),
        ("/organisations", "get"),
        ("/accounts", "get"),
        ("/slots", "get"),
        ("/appointments", "post"),
        ("/appointments/{appointment_id}", "get"),
        ("/appointments/{appointment_id}", "patch"),
        ("/appointments/{appointment_id}/cancel", "post"),
        ("/appointments/{appointment_id}/attendance", "post"),
        ("/appointments/{appointment_id}/confirm", "post"),
        ("/appointments/{appointment_id}/reject", "post"),
    ],
)
def test_what_integrators_were_promised_is_there(document: Any, path: str, method: str) -> None:
    assert method in document["paths"][path]


def test_the_page_for_people_shows_every_operation_and_loads_nothing_from_elsewhere(app: Flask, document: Any) -> None:
    response = app.test_client().get("/api/docs")
    assert response.status_code == 200
    for path in document["paths"]:
        assert f"/api/v1{path}" in response.text
    assert "<script" not in response.text
    assert "https://" not in response.text
    assert "nonce-" in response.headers["Content-Security-Policy"]
