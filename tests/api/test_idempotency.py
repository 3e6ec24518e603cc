"""The same request sent again: the same answer, one effect."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking import clock, database
from booking.actions import idempotency
from booking.actions.idempotency import Given
from booking.models import Answer, Entry
from booking.refusals import KeyReused, KeyRunning, Refusal
from tests import cast as people
from tests.api.conftest import Api, appointment, at
from tests.cast import Cast
from tests.plumbing.engines import TEMPLATE
from tests.plumbing.postgres import Cluster
from tests.plumbing.service import make_app


def how_many(app: Flask, table: type) -> int:
    with app.app_context(), database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_same_key_and_body_get_the_same_answer_and_have_one_effect(app: Flask, api: Api, open_days: None) -> None:
    alix = api("alix")
    first, second = (alix.post("/appointments", appointment(), Idempotency_Key="k") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    assert first.headers["ETag"] == second.headers["ETag"]
    assert first.headers["Location"] == second.headers["Location"]
    assert how_many(app, Entry) == 1


def test_the_order_of_members_makes_no_other_body(api: Api, open_days: None) -> None:
    alix = api("alix")
    turned = dict(reversed(appointment().items()))
    first = alix.post("/appointments", appointment(), Idempotency_Key="k")
    assert alix.post("/appointments", turned, Idempotency_Key="k").data == first.data


def test_the_same_key_with_another_body_is_422(api: Api, open_days: None) -> None:
    alix = api("alix")
    alix.post("/appointments", appointment(), Idempotency_Key="k")
    response = alix.post("/appointments", appointment(start=at("2027-01-21T10:00")), Idempotency_Key="k")
    assert response.status_code == 422
    assert response.get_json()["type"].endswith("/idempotency-key-reused")


def test_the_same_key_for_another_address_is_422(api: Api, open_days: None) -> None:
    alix = api("alix")
    made = alix.post("/appointments", appointment(), Idempotency_Key="k").get_json()
    alix.post(f"/appointments/{made['id']}/cancel", {}, Idempotency_Key="c")
    assert alix.post(f"/appointments/{made['id']}/confirm", {}, Idempotency_Key="c").status_code == 422


def test_a_key_belongs_to_its_account(api: Api, open_days: None) -> None:
    api("alix").post("/appointments", appointment(), Idempotency_Key="k")
    other = api("basile").post("/appointments", appointment(start=at("2027-01-21T10:00")), Idempotency_Key="k")
    assert other.status_code == 201


def test_a_refused_request_may_be_sent_again_with_its_key(api: Api, open_days: None) -> None:
    alix = api("alix")
    made = alix.post("/appointments", appointment()).get_json()
    assert alix.post("/appointments", appointment(), Idempotency_Key="k").status_code == 409
    alix.post(f"/appointments/{made['id']}/cancel")
    assert alix.post("/appointments", appointment(), Idempotency_Key="k").status_code == 201


def test_a_refused_request_leaves_no_answer_behind(app: Flask, api: Api, open_days: None) -> None:
    api("alix").post("/appointments", appointment(start=at("2027-01-19T15:00")), Idempotency_Key="k")
    assert how_many(app, Answer) == 0


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "k" * 256])
def test_a_key_is_1_to_255_visible_characters(app: Flask, api: Api, open_days: None, key: str) -> None:
    response = api("alix").post("/appointments", appointment(), Idempotency_Key=key)
    assert response.status_code == 422
    assert how_many(app, Entry) == 0


def test_a_key_of_255_will_do(api: Api, open_days: None) -> None:
    assert api("alix").post("/appointments", appointment(), Idempotency_Key="~" * 255).status_code == 201


def test_without_a_key_a_post_is_taken_as_it_comes(api: Api, open_days: None) -> None:
    alix = api("alix")
    assert [alix.post("/appointments", appointment()).status_code for _ in range(2)] == [201, 409]


def test_every_post_takes_a_key(api: Api, open_days: None) -> None:
    alix = api("alix")
    made = alix.post("/appointments", appointment()).get_json()
    path = f"/appointments/{made['id']}/attendance"
    first, second = (alix.post(path, {"attendance": "attended"}, Idempotency_Key="k") for _ in range(2))
    assert first.get_json()["version"] == second.get_json()["version"] == 2


def test_sixteen_at_once_with_one_key_are_one_booking(app: Flask, api: Api, open_days: None) -> None:
    alix = api("alix")
    answers: list[tuple[int, bytes]] = []

    def send() -> None:
        response = alix.post("/appointments", appointment(), Idempotency_Key="k")
        answers.append((response.status_code, response.data))

    threads = [threading.Thread(target=send) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 16
    assert len(set(answers)) == 1
    assert answers[0][0] == 201
    assert how_many(app, Entry) == 1


@dataclass
class Race:
    """A first request that is under way until it is let go, and those that come with its key meanwhile."""

    app: Flask
    account_pk: int
    found: list[str] = field(default_factory=list)
    _began: threading.Event = field(default_factory=threading.Event)
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start_first(self) -> None:
        def slow() -> Given:
            self._began.set()
            self._over.wait(30)
            return Given(201, "the first")

        self.start(slow)
        assert self._began.wait(10)

    def start(self, work: Callable[[], Given]) -> threading.Thread:
        def run() -> None:
            with self.app.app_context():
                try:
                    given = database.write(lambda s: idempotency.once(s, self.account_pk, "k", "d", clock.now(), work))
                    self.found.append(given.body)
                except Refusal as refusal:
                    self.found.append(type(refusal).__name__)

        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()
        return self._threads[-1]

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


def test_who_comes_second_waits_and_gets_the_answer_of_the_first(app: Flask, cast: Cast) -> None:
    race = Race(app, cast.alix.pk)
    race.start_first()
    race.start(lambda: Given(201, "the second"))
    race.end()
    assert race.found == ["the first", "the first"]


def test_who_has_waited_as_long_as_for_a_lock_is_told_that_the_first_still_runs(
    postgres_cluster: Cluster, tmp_path: Path
) -> None:
    app = make_app(postgres_cluster.create_database("key_still_runs", TEMPLATE), tmp_path)
    with app.app_context():
        race = Race(app, database.write(people.build).alix.pk)
    race.start_first()
    race.start(lambda: Given(201, "the second")).join()
    race.end()
    assert race.found == ["KeyRunning", "the first"]
    clock.freeze(None)


def once(app: Flask, cast: Cast, key: str | None, digest: str = "d") -> Given:
    with app.app_context():
        return database.write(
            lambda s: idempotency.once(
                s, cast.alix.pk, key, digest, clock.now(), lambda: Given(303, "é", {"Location": "/x"})
            )
        )


def test_what_is_kept_comes_back_whole(app: Flask, cast: Cast) -> None:
    assert once(app, cast, "k") == once(app, cast, "k") == Given(303, "é", {"Location": "/x"})


def test_another_digest_is_another_request(app: Flask, cast: Cast) -> None:
    once(app, cast, "k")
    with pytest.raises(KeyReused):
        once(app, cast, "k", "other")


def test_without_a_key_nothing_is_kept(app: Flask, cast: Cast) -> None:
    once(app, cast, None)
    assert how_many(app, Answer) == 0


def test_a_key_that_was_begun_and_never_answered_still_runs(app: Flask, cast: Cast) -> None:
    with app.app_context():
        row = Answer(account_pk=cast.alix.pk, key="k", digest="d", created=clock.now())
        database.write(lambda session: (session.add(row), session.flush()))
    with pytest.raises(KeyRunning):
        once(app, cast, "k")


def test_answers_are_forgotten_after_72_hours(app: Flask, cast: Cast) -> None:
    once(app, cast, "k")
    with app.app_context():
        later = clock.now() + timedelta(hours=72)
        assert database.write(lambda s: idempotency.forget(s, later)) == 0
        assert database.write(lambda s: idempotency.forget(s, later + timedelta(seconds=1))) == 1
