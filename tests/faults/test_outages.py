"""The database goes away, fills its disk, or is held by somebody else: 503 with Retry-After, nothing half written,
and it comes back by itself."""

from __future__ import annotations

import fcntl
import http.client
import itertools
import json
import os
import re
import resource
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select, text
from werkzeug.test import TestResponse

from booking import clock, database
from booking.actions import feeds
from booking.actions.check import violations
from booking.actions.rights import load_actor
from booking.models import Account
from tests.faults.conftest import (
    KEY,
    Answer,
    Stage,
    cookie_of,
    halves,
    headers_of,
    overlaps,
    send,
    slot,
    staged,
    wanted,
)
from tests.plumbing.engines import TEMPLATE
from tests.plumbing.postgres import Cluster
from tests.plumbing.server import Serve, Server
from tests.plumbing.service import NOW

ROUNDS = 3
BACK_WITHIN = 5.0  # seconds after the database is there again
AWAY = 1.0  # seconds


@dataclass(frozen=True)
class Seen:
    """One answer: when it was asked for, when it came, and what it was (``None``: the connection broke)."""

    asked: float
    came: float
    status: int | None
    headers: dict[str, str]
    body: str


Ask = Callable[[], tuple[str, str, str | None, dict[str, str]]]
"""Makes a request: method, address, body, headers."""


class Watcher(threading.Thread):
    """Somebody who asks the same thing again and again, and notes every answer."""

    def __init__(self, name: str, port: int, ask: Ask) -> None:
        super().__init__(name=name, daemon=True)
        self.port, self.ask = port, ask
        self.seen: list[Seen] = []
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.is_set():
            self.seen.append(self._once())
            time.sleep(0.02)

    def _once(self) -> Seen:
        asked = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            method, address, body, headers = self.ask()
            connection.request(method, address, body, headers)
            answer = connection.getresponse()
            content = answer.read().decode()
            return Seen(asked, time.monotonic(), answer.status, headers_of(answer), content)
        except (OSError, http.client.HTTPException):
            return Seen(asked, time.monotonic(), None, {}, "")
        finally:
            connection.close()

    def is_well_since(self, moment: float) -> bool:
        return any(each.asked >= moment and each.status is not None and each.status < 400 for each in self.seen)


def link_of(stage: Stage, name: str) -> str:
    """The address of a feed of somebody's own calendar."""
    with database.reading() as session:
        actor = load_actor(session, session.scalar(select(Account.pk).where(Account.id == name)) or 0)
    assert actor is not None
    draft = feeds.FeedDraft("adviser", name, "full")
    return f"/ics/{database.write(lambda session: feeds.create(session, actor, draft, clock.now())).secret}.ics"


def watchers(stage: Stage, server: Server) -> dict[str, Watcher]:
    """A program that reads, one that books, a screen, a form, and a calendar program."""
    bearer = {"Authorization": f"Bearer {stage.token}", "Content-Type": "application/json"}
    cookie = {"Cookie": cookie_of(stage, "alix")}
    link = link_of(stage, "alix")
    slots = itertools.count()

    def booking() -> tuple[str, str, str, dict[str, str]]:
        start = slot(next(slots))
        return "POST", "/api/v1/appointments", json.dumps(wanted(start)), {**bearer, "Idempotency-Key": start}

    asks: dict[str, Ask] = {
        "API read": lambda: ("GET", "/api/v1/calendars", None, bearer),
        "API book": booking,
        "screen": lambda: ("GET", "/ma-journee", None, cookie),
        "feed": lambda: ("GET", link, None, {}),
    }
    return {name: Watcher(name, server.port, ask) for name, ask in asks.items()}


@contextmanager
def watching(stage: Stage, server: Server) -> Iterator[dict[str, Watcher]]:
    everybody = watchers(stage, server)
    for each in everybody.values():
        each.start()
    try:
        yield everybody
    finally:
        for each in everybody.values():
            each.over.set()
        for each in everybody.values():
            each.join()


def until_all_are_well(everybody: dict[str, Watcher], since: float, seconds: float) -> None:
    while not all(each.is_well_since(since) for each in everybody.values()):
        ill = [each.name for each in everybody.values() if not each.is_well_since(since)]
        assert time.monotonic() - since < seconds, f"not back after {seconds} s: {ill}"
        time.sleep(0.02)


def only_503(everybody: dict[str, Watcher]) -> None:
    """Whatever was answered at any time is well, or says in its own way that one should come back later."""
    for each in everybody.values():
        assert {seen.status for seen in each.seen} <= {200, 201, 503}, each.name
        away = [seen for seen in each.seen if seen.status == 503]
        assert away, f"{each.name} never noticed: nothing was proved"
        for seen in away:
            assert int(seen.headers["Retry-After"]) >= 1
            if each.name.startswith("API"):
                assert seen.headers["Content-Type"] == "application/problem+json"
                assert json.loads(seen.body)["type"].endswith("/unavailable")
            elif each.name == "screen":
                assert "momentanément indisponible" in re.sub(r"<[^>]+>", "", seen.body)


def stored_whole(acknowledged: set[str]) -> None:
    """Every acknowledged appointment is there, nothing is half written."""
    with database.reading() as session:
        assert (overlaps(session), halves(session)) == ([], [])
        assert acknowledged <= set(session.scalars(text("SELECT id FROM entry")))
    with database.reading() as session:
        assert [str(each) for each in violations(session)] == []


def test_while_postgresql_is_away_every_door_says_503_and_all_comes_back_by_itself(
    own_postgres: Cluster, serve: Serve, tmp_path: Path
) -> None:
    url = own_postgres.create_database("booking")
    database.upgrade(url)
    with staged(url, tmp_path / "stage", BOOKING_SECRET_KEY=KEY) as stage:
        server = serve(url, workers=2, BOOKING_CLOCK=NOW, BOOKING_SECRET_KEY=KEY)
        with watching(stage, server) as everybody:
            until_all_are_well(everybody, time.monotonic(), 30)
            for _ in range(ROUNDS):
                own_postgres.stop("immediate")
                gone = time.monotonic()
                time.sleep(AWAY)
                back_soon = time.monotonic()
                for each in everybody.values():
                    during = [seen for seen in each.seen if gone <= seen.asked and seen.came < back_soon]
                    assert {seen.status for seen in during} <= {503}, each.name
                own_postgres.start()
                until_all_are_well(everybody, time.monotonic(), BACK_WITHIN)
        broken = [line for line in server.log.splitlines() if "broke" in line or "raised an exception" in line]
        assert broken == []
        only_503(everybody)
        database.db.session.remove()
        database.db.engine.dispose()
        stored_whole({json.loads(seen.body)["id"] for seen in everybody["API book"].seen if seen.status == 201})


def processes_of(server: Server) -> list[int]:
    """The server and its children."""
    assert server.popen is not None
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                group = int((entry / "stat").read_text().rpartition(") ")[2].split()[2])
            except OSError:
                continue
            if group == server.popen.pid:
                found.append(int(entry.name))
    return found


def largest_file(server: Server, octets: int) -> None:
    """No file of the server's may grow beyond this from now on: as on a full disk, a write fails half way."""
    for pid in processes_of(server):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (octets, resource.RLIM_INFINITY))


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    file = tmp_path / "booking.sqlite3"
    file.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{file}"


def test_a_full_disk_is_503_until_there_is_room_again(sqlite_url: str, serve: Serve, tmp_path: Path) -> None:
    log = Path(sqlite_url.removeprefix("sqlite:///") + "-wal")
    acknowledged: set[str] = set()
    refused = 0
    with staged(sqlite_url, tmp_path / "stage") as stage:
        server = serve(stage.database_url, workers=2, BOOKING_CLOCK=NOW)
        slots = itertools.count()

        def book() -> Answer:
            return send(server.port, stage.token, "POST", "/appointments", wanted(slot(next(slots))))

        assert book().status == 201
        for pages in (0, 1, 3, 8, 20):
            # Room for so many more pages, and within the last one for half of it.
            largest_file(server, log.stat().st_size + pages * 4120 + 2000)
            answers = [book() for _ in range(6)]
            refused += sum(answer.status == 503 for answer in answers)
            assert {answer.status for answer in answers} <= {201, 503}
            assert answers[-1].status == 503
            for answer in answers:
                assert answer.status == 201 or int(answer.headers["Retry-After"]) >= 1
            assert send(server.port, stage.token, "GET", "/calendars").status == 200
            largest_file(server, resource.RLIM_INFINITY)
            answers.append(book())
            assert answers[-1].status == 201, answers[-1]
            acknowledged |= {answer.body["id"] for answer in answers if answer.status == 201}
        stored_whole(acknowledged)
    assert refused >= 5


def api(stage: Stage) -> FlaskClient:
    stage.app.testing = False
    return stage.app.test_client()


def booked(stage: Stage, index: int) -> TestResponse:
    return api(stage).post(
        "/api/v1/appointments", json=wanted(slot(index)), headers={"Authorization": f"Bearer {stage.token}"}
    )


def is_503(answer: TestResponse) -> bool:
    return answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1


def test_a_database_that_may_not_grow_is_503_and_takes_up_again(sqlite_url: str, tmp_path: Path) -> None:
    with staged(sqlite_url, tmp_path / "stage") as stage:
        pages = {"most": 0}

        def limit(connection: sqlite3.Connection, *_: object) -> None:
            connection.execute(f"PRAGMA max_page_count = {pages['most'] or 1_000_000}")

        event.listen(database.db.engine, "connect", limit)
        with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as shell:
            shell.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            pages["most"] = shell.execute("PRAGMA page_count").fetchone()[0]
        database.db.engine.dispose()
        answers = [booked(stage, index) for index in range(60)]
        assert {answer.status_code for answer in answers} <= {201, 503}
        assert is_503(answers[-1])
        pages["most"] = 0
        database.db.engine.dispose()
        assert booked(stage, 100).status_code == 201
        stored_whole({answer.json["id"] for answer in answers if answer.status_code == 201 and answer.json})


STATES = {
    "53100": "disk full",
    "53200": "out of memory",
    "53300": "too many connections",
    "57P01": "ended by an administrator",
    "57014": "cancelled, as by a statement time-out",
    "25006": "a read-only server, as a standby is",
    "58030": "input/output error",
}


def test_what_postgresql_cannot_do_now_is_503(postgres_cluster: Cluster, tmp_path: Path) -> None:
    url = postgres_cluster.create_database("outages", TEMPLATE)
    with staged(url, tmp_path / "stage") as stage:
        for index, (state, meaning) in enumerate(STATES.items()):
            with database.db.engine.begin() as connection:
                connection.execute(
                    text(
                        "CREATE OR REPLACE FUNCTION cannot() RETURNS trigger LANGUAGE plpgsql AS "
                        f"$$ BEGIN RAISE EXCEPTION 'cannot' USING ERRCODE = '{state}'; END $$"
                    )
                )
                connection.execute(
                    text("CREATE OR REPLACE TRIGGER cannot BEFORE INSERT ON claim EXECUTE FUNCTION cannot()")
                )
            assert is_503(booked(stage, index)), meaning
        with database.db.engine.begin() as connection:
            connection.execute(text("DROP TRIGGER cannot ON claim"))
        assert booked(stage, 50).status_code == 201
    postgres_cluster.drop_database("outages")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits for locks end after a second."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT_SECONDS", 1)


@pytest.mark.usefixtures("impatient")
def test_a_database_locked_by_another_program_is_503_for_who_writes_and_nothing_for_who_reads(
    sqlite_url: str, tmp_path: Path
) -> None:
    with staged(sqlite_url, tmp_path / "stage") as stage:
        with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert is_503(booked(stage, 0))
            assert reads(stage)
            other.execute("ROLLBACK")
        assert booked(stage, 0).status_code == 201


@pytest.mark.usefixtures("impatient")
def test_a_writer_of_ours_that_never_ends_is_503_for_the_others_not_a_wait_without_end(
    sqlite_url: str, tmp_path: Path
) -> None:
    with staged(sqlite_url, tmp_path / "stage") as stage:
        queue = os.open(sqlite_url.removeprefix("sqlite:///") + ".lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(queue, fcntl.LOCK_EX)  # as a process that was stopped, or imports for minutes
        began = time.monotonic()
        assert [is_503(booked(stage, index)) for index in range(3)] == [True] * 3
        assert time.monotonic() - began < 30
        assert reads(stage)
        os.close(queue)
        assert booked(stage, 0).status_code == 201
        with open(sqlite_url.removeprefix("sqlite:///") + ".lock") as again:  # whoever gave up waiting holds nothing
            time.sleep(0.1)
            fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)


def reads(stage: Stage) -> bool:
    answer = api(stage).get("/api/v1/calendars", headers={"Authorization": f"Bearer {stage.token}"})
    return answer.status_code == 200 and bool(answer.json and answer.json["items"])
