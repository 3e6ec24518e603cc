"""Reading only what changed, changing only what was read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from tests.api.conftest import Api, appointment, at

pytestmark = pytest.mark.usefixtures("open_days")

Act = Callable[[str, str], TestResponse]


@pytest.fixture
def made(api: Api) -> TestResponse:
    return api("alix").post("/appointments", appointment())


def test_the_tag_of_what_was_made_is_that_of_what_is_read(api: Api, made: TestResponse) -> None:
    path = f"/appointments/{made.get_json()['id']}"
    assert api("alix").get(path).headers["ETag"] == made.headers["ETag"]


def test_what_has_not_changed_is_304_without_a_body(api: Api, made: TestResponse) -> None:
    path = f"/appointments/{made.get_json()['id']}"
    for header in (made.headers["ETag"], f'"other", W/{made.headers["ETag"]}', "*"):
        response = api("alix").get(path, If_None_Match=header)
        assert (response.status_code, response.data) == (304, b"")
        assert response.headers["ETag"] == made.headers["ETag"]


def test_what_has_changed_is_read_again(api: Api, made: TestResponse) -> None:
    alix, path = api("alix"), f"/appointments/{made.get_json()['id']}"
    alix.patch(path, {"note": "by bus"})
    response = alix.get(path, If_None_Match=made.headers["ETag"])
    assert response.status_code == 200
    assert response.headers["ETag"] != made.headers["ETag"]


def test_a_tag_opens_nothing_that_may_not_be_read(api: Api, made: TestResponse) -> None:
    path = f"/appointments/{made.get_json()['id']}"
    assert api("gaston").get(path, If_None_Match=made.headers["ETag"]).status_code == 403


CHANGES = [
    ("PATCH", "", {"start": at("2027-01-21T10:00")}),
    ("POST", "/cancel", {}),
    ("POST", "/attendance", {"attendance": "attended"}),
]


@pytest.mark.parametrize(("method", "end", "body"), CHANGES)
def test_a_change_of_what_was_read_is_made(
    api: Api, made: TestResponse, method: str, end: str, body: dict[str, str]
) -> None:
    path = f"/appointments/{made.get_json()['id']}{end}"
    response = api("alix").send(method, path, body, If_Match=made.headers["ETag"])
    assert response.status_code == 200
    assert response.headers["ETag"] != made.headers["ETag"]


@pytest.mark.parametrize(("method", "end", "body"), CHANGES)
def test_a_change_of_what_has_changed_since_is_412(
    api: Api, made: TestResponse, method: str, end: str, body: dict[str, str]
) -> None:
    alix, path = api("alix"), f"/appointments/{made.get_json()['id']}"
    alix.patch(path, {"note": "by bus"})
    response = alix.send(method, path + end, body, If_Match=made.headers["ETag"])
    assert response.status_code == 412
    assert response.get_json()["type"].endswith("/stale")
    assert alix.get(path).get_json()["version"] == 2


@pytest.mark.parametrize("header", ["nonsense", '"other.1"', 'W/"{tag}"', '""', '"{tag}0"'])
def test_a_tag_that_is_not_the_objects_is_412(api: Api, made: TestResponse, header: str) -> None:
    path = f"/appointments/{made.get_json()['id']}"
    tag = made.headers["ETag"].strip('"')
    assert api("alix").patch(path, {"note": "x"}, If_Match=header.format(tag=tag)).status_code == 412


def test_a_star_matches_whatever_there_is(api: Api, made: TestResponse) -> None:
    path = f"/appointments/{made.get_json()['id']}"
    assert api("alix").patch(path, {"note": "x"}, If_Match="*").status_code == 200


def test_a_stale_tag_tells_nothing_to_whom_it_may_not_be_told(api: Api, made: TestResponse) -> None:
    path = f"/appointments/{made.get_json()['id']}"
    assert api("zoe").patch(path, {"note": "x"}, If_Match='"other"').status_code == 404
    assert api("gaston").patch(path, {"note": "x"}, If_Match='"other"').status_code == 403
