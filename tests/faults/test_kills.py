"""kill -9 of the whole server under load: what was acknowledged is there, whole; the rest is there once, or not at all.

The clients keep in this process what they asked for and what they were answered.
"""

import http.client
import itertools
import json
import random
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import text

from booking import database
from booking.actions.check import violations
from tests.faults.conftest import Answer, Stage, halves, overlaps, send, slot, wanted
from tests.faults.test_races import minute_of
from tests.plumbing.server import Serve, Server
from tests.plumbing.service import NOW

CLIENTS = 12
HANGING_UP = 3
LONGEST_LOAD = 1.0  # seconds before the kill, at most


@dataclass
class Wish:
    """An appointment that a client asked for, and what may have become of it as far as its answers tell."""

    key: str
    body: dict[str, Any]
    starts: set[str]
    id: str | None = None
    cancelled: set[bool] = field(default_factory=lambda: {False})


def insisting(start: str) -> dict[str, Any]:
    """A booking that is taken at any hour: a long run reaches nights on which an opening ends an hour too early."""
    return wanted(start, override=True)


class Desk(threading.Thread):
    """One client: it books, moves and cancels as fast as it is answered, until the server dies under it."""

    def __init__(self, server: Server, stage: Stage, wishes: list[Wish], slots: "itertools.count[int]", seed: int):
        super().__init__(daemon=True)
        self.server, self.stage, self.wishes, self.slots = server, stage, wishes, slots
        self.mine: list[Wish] = []
        self.fate = random.Random(seed)
        self.acknowledged = 0
        self.surprises: list[object] = []

    def run(self) -> None:
        try:
            while True:
                self.one()
                self.acknowledged += 1
        except (OSError, http.client.HTTPException):
            pass  # the server is gone
        except Exception as error:
            self.surprises.append(error)

    def one(self) -> None:
        choice = self.fate.random()
        standing = [wish for wish in self.mine if wish.cancelled == {False} and wish.id]
        if not standing or choice < 0.6:
            self.book()
        elif choice < 0.85:
            self.move(self.fate.choice(standing))
        else:
            self.cancel(self.fate.choice(standing))

    def book(self) -> None:
        start = slot(next(self.slots))
        wish = Wish(f"key-{start}", insisting(start), {start})
        self.wishes.append(wish)
        self.mine.append(wish)
        answer = self.ask("POST", "/appointments", wish.body, 201, **{"Idempotency-Key": wish.key})
        wish.id = answer.body["id"]

    def move(self, wish: Wish) -> None:
        start = slot(next(self.slots))
        wish.starts.add(start)
        self.ask("PATCH", f"/appointments/{wish.id}", {"start": start, "override": True}, 200)
        wish.starts = {start}

    def cancel(self, wish: Wish) -> None:
        wish.cancelled.add(True)
        self.ask("POST", f"/appointments/{wish.id}/cancel", {}, 200, **{"Idempotency-Key": f"cancel-{wish.key}"})
        wish.cancelled = {True}

    def ask(self, method: str, path: str, body: dict[str, Any], expected: int, **headers: str) -> Answer:
        answer = send(self.server.port, self.stage.token, method, path, body, **headers)
        if answer.status != expected:
            self.surprises.append(answer)
            raise OSError("stop here")
        return answer


def test_a_server_killed_under_load_loses_nothing_it_acknowledged_and_leaves_no_halves(
    stage: Stage, serve: Serve
) -> None:
    kill_and_look(stage, serve, rounds=10)


@pytest.mark.soak
def test_a_server_killed_a_hundred_times_loses_nothing_it_acknowledged(stage: Stage, serve: Serve) -> None:
    kill_and_look(stage, serve, rounds=100)


def kill_and_look(stage: Stage, serve: Serve, rounds: int) -> None:
    server = serve(stage.database_url, workers=2, BOOKING_CLOCK=NOW)
    wishes: list[Wish] = []
    slots = itertools.count()
    chance = random.Random(20270118)
    acknowledged = unanswered = done_unanswered = 0
    for each in range(rounds):
        desks = [Desk(server, stage, wishes, slots, each * CLIENTS + number) for number in range(CLIENTS)]
        for desk in desks:
            desk.start()
        until_some_work_is_done(desks)
        time.sleep(chance.uniform(0, LONGEST_LOAD))
        wishes += [hang_up(server, stage, slot(next(slots))) for _ in range(HANGING_UP)]
        time.sleep(chance.uniform(0, 0.2))
        server.kill()
        for desk in desks:
            desk.join()
        assert [surprise for desk in desks for surprise in desk.surprises] == []
        acknowledged += sum(desk.acknowledged for desk in desks)
        unanswered += sum(is_unclear(wish) for wish in wishes)
        server.start()
        done_unanswered += look(stage, wishes)
        retry(server, stage, wishes)
        assert look(stage, wishes) == 0
    assert acknowledged > rounds * CLIENTS
    assert done_unanswered > 0, "whatever was done had its answer: nothing was proved about keys"
    assert unanswered > done_unanswered, "whatever was asked was done: no kill fell into the work"


def hang_up(server: Server, stage: Stage, start: str) -> Wish:
    """A client that asks for an appointment and is gone before the answer."""
    wish = Wish(f"key-{start}", insisting(start), {start})
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {
        "Authorization": f"Bearer {stage.token}",
        "Content-Type": "application/json",
        "Idempotency-Key": wish.key,
    }
    with suppress(OSError):
        connection.request("POST", "/api/v1/appointments", json.dumps(wish.body), headers)
    connection.close()
    return wish


def until_some_work_is_done(desks: list[Desk]) -> None:
    deadline = time.monotonic() + 60
    while sum(desk.acknowledged for desk in desks) < CLIENTS:
        assert time.monotonic() < deadline, "the server answers nobody"
        assert any(desk.is_alive() for desk in desks), [desk.surprises for desk in desks]
        time.sleep(0.01)


def is_unclear(wish: Wish) -> bool:
    return wish.id is None or len(wish.starts) > 1 or len(wish.cancelled) > 1


def look(stage: Stage, wishes: list[Wish]) -> int:
    """What is stored is what the clients know, claim by claim, and keeps the law.

    Returns how many appointments are there whose clients were told nothing.
    """
    with database.snapshot() as session:
        rows = session.execute(text("SELECT id, pk, starts, ends, status FROM entry ORDER BY pk")).all()
        claimed: dict[int, set[tuple[int, int]]] = {}
        for entry, starts, ends in session.execute(text("SELECT entry_pk, starts, ends FROM claim")):
            claimed.setdefault(entry, set()).add((starts, ends))
        assert (overlaps(session), halves(session)) == ([], [])
    with database.reading() as session:
        assert [str(each) for each in violations(session)] == []
    stored = {row.id: row for row in rows}
    for wish in wishes:
        if wish.id is None:
            continue
        row = stored.pop(wish.id)
        assert row.starts in {minute_of(start) for start in wish.starts}, f"{wish} stands at {row.starts}"
        assert (row.status == "cancelled") in wish.cancelled, f"{wish} is {row.status}"
        assert claimed.get(row.pk, set()) == (set() if row.status == "cancelled" else {(row.starts, row.ends)})
    unknown = [minute_of(start) for wish in wishes if wish.id is None for start in wish.starts]
    assert all(unknown.count(row.starts) == 1 for row in stored.values()), "there is something nobody asked for"
    return len(stored)


def retry(server: Server, stage: Stage, wishes: list[Wish]) -> None:
    """Every client sends what had no answer once more, with its key; then nothing is unclear."""
    for wish in filter(is_unclear, wishes):
        if wish.id is None:
            again = send(server.port, stage.token, "POST", "/appointments", wish.body, **{"Idempotency-Key": wish.key})
            assert again.status == 201, again
            wish.id = again.body["id"]
        if len(wish.cancelled) > 1:
            key = {"Idempotency-Key": f"cancel-{wish.key}"}
            again = send(server.port, stage.token, "POST", f"/appointments/{wish.id}/cancel", {}, **key)
            assert (again.status, again.body["status"]) == (200, "cancelled"), again
            wish.cancelled = {True}
        if len(wish.starts) > 1:
            answer = send(server.port, stage.token, "GET", f"/appointments/{wish.id}")
            wish.starts = {start for start in wish.starts if minute_of(start) == minute_of(answer.body["start"])}
            assert len(wish.starts) == 1, answer
