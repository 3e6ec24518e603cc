"""Losing a race: told at once, without a place in the queue for the lock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import text

from booking import clock, database
from tests.api.conftest import Api, appointment
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("open_days")


@contextmanager
def somebody_writing(app: Flask, cast: Cast) -> Iterator[None]:
    """Another transaction holds what a booking of Chloé needs, until the block ends."""
    holding, over = threading.Event(), threading.Event()

    def hold() -> None:
        with app.app_context():

            def work(session: object) -> None:
                database.lock_calendars(session, [cast.chloe_calendar.pk])  # type: ignore[arg-type]
                holding.set()
                over.wait(30)

            database.write(work)

    thread = threading.Thread(target=hold)
    thread.start()
    assert holding.wait(10)
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_who_comes_too_late_is_refused_without_waiting_for_the_writers(app: Flask, api: Api, cast: Cast) -> None:
    alix, basile = api("alix"), api("basile")
    assert alix.post("/appointments", appointment()).status_code == 201
    with somebody_writing(app, cast):
        response = basile.post("/appointments", appointment())
    assert response.status_code == 409
    assert response.get_json()["clashes"][0]["calendar"] == "chloe"
    assert len(response.get_json()["alternatives"]) == 3


def test_who_sends_the_winning_key_again_gets_the_winning_answer(api: Api) -> None:
    alix = api("alix")
    first = alix.post("/appointments", appointment(), Idempotency_Key="k")
    assert alix.post("/appointments", appointment(), Idempotency_Key="k").data == first.data
    assert alix.post("/appointments", appointment(), Idempotency_Key="other").status_code == 409


def test_a_proposal_that_has_lapsed_stands_in_nobodys_way(api: Api, share: Callable[..., None]) -> None:
    share("chloe", "propose", territory=True)
    gaston, alix = api("gaston"), api("alix")
    assert gaston.post("/appointments", appointment()).get_json()["lapses_at"] == "2027-01-19T08:00:00+01:00"
    clock.freeze("2027-01-19T08:00:00+01:00")
    assert alix.post("/appointments", appointment()).status_code == 201


def test_sixteen_at_once_have_one_winner(app: Flask, api: Api) -> None:
    callers = [api("alix"), api("basile")]
    found: list[int] = []

    def send(index: int) -> None:
        found.append(callers[index % 2].post("/appointments", appointment(room="any")).status_code)

    threads = [threading.Thread(target=send, args=(index,)) for index in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [201, *[409] * 15]
    with app.app_context(), database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM claim")) == 2
