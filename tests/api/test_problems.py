"""Whatever is refused is a problem of RFC 9457."""

from __future__ import annotations

import json
from io import BytesIO

import pytest
from flask import Flask

from booking import refusals
from booking.api import problems
from tests.api.conftest import Api, Caller, appointment


def test_a_problem_names_type_title_status_and_detail(nobody: Caller, api: Api) -> None:
    response = nobody.get("/calendars")
    assert response.mimetype == "application/problem+json"
    assert set(response.get_json()) == {"type", "title", "status", "detail"}
    assert response.get_json()["status"] == 401


def test_the_type_is_a_page_that_can_be_read(app: Flask, api: Api) -> None:
    uri = api("alix").get("/appointments/nothing").get_json()["type"]
    assert uri.endswith("/not-found")
    assert app.test_client().get(uri).status_code == 200


def test_every_type_has_its_page(app: Flask) -> None:
    client = app.test_client()
    assert {client.get(f"/api/problems/{code}").status_code for code in problems.TYPES} == {200}


def test_a_type_that_is_none_has_no_page(app: Flask) -> None:
    assert app.test_client().get("/api/problems/nothing").status_code == 404


def test_an_unknown_path_is_404(api: Api) -> None:
    response = api("alix").get("/nothing")
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")


def test_an_unknown_method_is_405_with_allow(api: Api) -> None:
    response = api("alix").delete("/calendars")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"\xff",
        b"[1",
        b'{"start": NaN}',
        b'{"minutes": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        '{"a": "é"}'.encode("utf-16"),
    ],
)
def test_a_body_that_is_no_json_is_400(api: Api, body: bytes) -> None:
    response = api("alix").post("/appointments", body, Content_Type="application/json")
    assert response.status_code == 400
    assert response.get_json()["type"].endswith("/malformed")


def test_a_body_of_another_type_is_415(api: Api) -> None:
    response = api("alix").post("/appointments", b"a=b", Content_Type="application/x-www-form-urlencoded")
    assert response.status_code == 415


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "application/a+json", ""]
)
def test_json_may_call_itself_by_its_names(api: Api, open_days: None, content_type: str) -> None:

    headers = {"Content_Type": content_type} if content_type else {}
    assert api("alix").post("/appointments", json.dumps(appointment()).encode(), **headers).status_code == 201


def test_a_body_over_a_mebibyte_is_413(api: Api) -> None:
    response = api("alix").post("/appointments", b" " * (1024 * 1024 + 1), Content_Type="application/json")
    assert response.status_code == 413


@pytest.mark.parametrize(("length", "status"), [(1024 * 1024, 422), (1024 * 1024 + 1, 413), (3 * 1024 * 1024, 413)])
def test_a_body_that_comes_in_chunks_is_measured_too(app: Flask, api: Api, length: int, status: int) -> None:
    response = app.test_client().post(
        "/api/v1/appointments",
        headers={"Authorization": f"Bearer {api('alix').token}"},
        content_type="application/json",
        input_stream=BytesIO(b"{}" + b" " * (length - 2)),
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert response.status_code == status


def test_a_body_of_a_mebibyte_is_read(api: Api) -> None:
    response = api("alix").post("/appointments", b"{}" + b" " * (1024 * 1024 - 2), Content_Type="application/json")
    assert response.status_code == 422


def test_a_database_that_is_too_busy_is_503_with_retry_after(app: Flask) -> None:
    with app.test_request_context("/api/v1/slots"):
        response = problems.of(refusals.Unavailable(retry_after=7))
    assert (response.status_code, response.headers["Retry-After"]) == (503, "7")


def test_a_wrong_state_tells_which(app: Flask) -> None:
    with app.test_request_context("/api/v1/appointments"):
        response = problems.of(refusals.WrongState("lapsed"))
    assert response.status_code == 409
    assert response.get_json()["code"] == "lapsed"


def test_a_defect_of_ours_is_told_without_its_words(app: Flask) -> None:
    app.testing = False

    def broken() -> None:
        raise RuntimeError("a secret of ours")

    app.view_functions["api.catalogue.purposes"] = broken
    response = app.test_client().get("/api/v1/purposes")
    assert (response.status_code, response.mimetype) == (500, "application/problem+json")
    assert "secret" not in response.text
