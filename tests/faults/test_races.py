"""Who comes first has it, and nobody else: 64 clients at once, over HTTP, against several server processes."""

import random
from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from booking import database
from booking.models import Claim, Entry
from tests.faults.conftest import Answer, Stage, at_once, halves, overlaps, send, slot, wanted
from tests.plumbing.server import Serve, Server
from tests.plumbing.service import NOW

CLIENTS = 64
ROUNDS = 20
STAGGERED_ROUNDS = 5


def race(server: Server, stage: Stage, bodies: list[dict[str, Any]], **headers: str) -> list[Answer]:
    """All these bookings, released together."""

    def one(body: dict[str, Any]) -> Answer:
        return send(server.port, stage.token, "POST", "/appointments", body, **headers)

    answers = at_once([lambda body=body: one(body) for body in bodies])
    assert [each for each in answers if isinstance(each, Exception)] == []
    return answers


def count(model: type) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def minute_of(start: str) -> int:
    return int(datetime.fromisoformat(start).timestamp()) // 60


def test_64_clients_on_one_slot_make_one_winner_in_each_of_20_rounds(stage: Stage, serve: Serve) -> None:
    server = serve(stage.database_url, workers=3, BOOKING_CLOCK=NOW)
    for each in range(ROUNDS):
        answers = race(server, stage, [wanted(slot(each))] * CLIENTS)
        assert Counter(answer.status for answer in answers) == {201: 1, 409: CLIENTS - 1}, f"round {each}"
        for answer in answers:
            assert answer.status == 201 or answer.body["clashes"]
            assert len(answer.body.get("alternatives", [])) <= 3
    assert count(Claim) == 3 * ROUNDS
    with database.reading() as session:
        assert (overlaps(session), halves(session)) == ([], [])


def test_64_staggered_clients_leave_winners_disjoint_and_no_room_for_a_loser(stage: Stage, serve: Serve) -> None:
    server = serve(stage.database_url, workers=3, BOOKING_CLOCK=NOW)
    order = random.Random(20270118)
    asked = [[slot(each * 200 + step, 15) for step in range(CLIENTS)] for each in range(STAGGERED_ROUNDS)]
    for starts in asked:
        shuffled = order.sample(starts, len(starts))
        answers = race(server, stage, [wanted(start) for start in shuffled])
        assert {answer.status for answer in answers} == {201, 409}
    with database.reading() as session:
        won = [row[0] for row in session.execute(select(Entry.starts))]
        assert (overlaps(session), halves(session)) == ([], [])
    for start in (minute_of(each) for starts in asked for each in starts):
        assert any(abs(start - winner) < 60 for winner in won), "a refused time would still have fitted"


def test_64_equal_requests_with_one_key_make_one_booking_and_64_equal_answers(stage: Stage, serve: Serve) -> None:
    server = serve(stage.database_url, workers=3, BOOKING_CLOCK=NOW)
    answers = race(server, stage, [wanted(slot(0))] * CLIENTS, **{"Idempotency-Key": "once"})
    assert Counter(answer.status for answer in answers) == {201: CLIENTS}
    assert len({str(sorted(answer.body.items())) for answer in answers}) == 1
    assert count(Entry) == 1


def test_moves_onto_one_slot_have_one_winner(stage: Stage, serve: Serve) -> None:
    server = serve(stage.database_url, workers=3, BOOKING_CLOCK=NOW)
    booked = [
        send(server.port, stage.token, "POST", "/appointments", wanted(slot(index))).body["id"] for index in range(8)
    ]
    body = {"start": slot(100)}
    answers = at_once(
        [lambda each=each: send(server.port, stage.token, "PATCH", f"/appointments/{each}", body) for each in booked]
    )
    assert Counter(answer.status for answer in answers) == {200: 1, 409: 7}
    with database.reading() as session:
        assert (overlaps(session), halves(session)) == ([], [])
