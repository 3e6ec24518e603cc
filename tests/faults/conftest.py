"""What the races run on: the cast with Chloé's diary wide open, a token, and many clients let go at once."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from booking import clock, database
from booking.actions import tokens
from booking.models import Account, Opening
from tests import cast as people
from tests.plumbing.service import make_app

PARIS = ZoneInfo("Europe/Paris")
KEY = "0123456789abcdef0123456789abcdef"
"""Signs the sessions of a stage and of a server that shall know each other's."""
FIRST = datetime(2027, 2, 1, 0, 0, tzinfo=PARIS)


class Answer(NamedTuple):
    status: int
    body: dict[str, Any]
    headers: dict[str, str]


@dataclass(frozen=True)
class Stage:
    """A database with the cast in it, and a token of the administrator's."""

    app: Flask
    database_url: str
    token: str


def slot(index: int, minutes: int = 60) -> str:
    """The ``index``-th start of a series of equal slots, as the API takes it."""
    return (FIRST.astimezone(UTC) + timedelta(minutes=index * minutes)).isoformat()


def wanted(start: str, **changes: Any) -> dict[str, Any]:
    """An appointment with Chloé in the hall, with the car."""
    return {
        "purpose": "accompagnement",
        "advisers": ["chloe"],
        "venue": "maison-brume",
        "start": start,
        "room": "salle-brume",
        "vehicle": "clio-brume",
        **changes,
    }


@pytest.fixture
def stage(database_url: str, tmp_path: Path) -> Iterator[Stage]:
    with staged(database_url, tmp_path / "stage") as stage:
        yield stage


@contextmanager
def staged(database_url: str, folder: Path, **settings: str) -> Iterator[Stage]:
    """The cast in this database, which has our schema; the service on it as the settings say."""
    app = make_app(database_url, folder, **settings)

    def prepare(session: Session) -> str:
        cast = people.build(session)
        cast.individual.horizon_days = None
        # The hall's own set-up would make neighbours clash: here each race is about one time.
        cast.hall.setup_minutes = cast.hall.cleanup_minutes = 0
        session.add(
            Opening(
                id="always",
                calendar_pk=cast.chloe_calendar.pk,
                venue_pk=cast.maison.pk,
                starts_wall="2026-01-01T00:00",
                minutes=1440,
                rrule="FREQ=DAILY",
                exdates=[],
                admission="by_appointment",
                limited=False,
                holidays="open",
            )
        )
        session.flush()
        return tokens.create(session, "helene", "races", "write", clock.now())

    with app.app_context():
        token = database.write(prepare)
        yield Stage(app, database_url, token)
        database.db.session.remove()
        database.db.engine.dispose()
    clock.freeze(None)


def send(port: int, token: str, method: str, path: str, body: dict[str, Any] | None = None, **headers: str) -> Answer:
    """One request to the API, on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=90)
    try:
        connection.request(
            method,
            f"/api/v1{path}",
            json.dumps(body),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers},
        )
        answer = connection.getresponse()
        content = answer.read()
        return Answer(answer.status, json.loads(content) if content else {}, headers_of(answer))
    finally:
        connection.close()


def headers_of(answer: http.client.HTTPResponse) -> dict[str, str]:
    """Its headers, each written ``Like-This`` however the server wrote them."""
    return {name.title(): value for name, value in answer.getheaders()}


def at_once(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """Runs them all, released together, and returns what each returned (an exception is what it raised)."""
    gate = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(index: int, work: Callable[[], Any]) -> None:
        gate.wait()
        try:
            results[index] = work()
        except Exception as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def overlaps(session: Session) -> list[tuple[int, int]]:
    """Pairs of exclusive claims that break the law, found by looking at all of them."""
    pairs = session.execute(
        text(
            "SELECT a.pk, b.pk FROM claim a JOIN claim b ON a.calendar_pk = b.calendar_pk AND a.pk < b.pk "
            "AND a.starts < b.ends AND b.starts < a.ends WHERE a.exclusive AND b.exclusive"
        )
    )
    return [(first, second) for first, second in pairs]


def halves(session: Session) -> list[int]:
    """Appointments that were only half written: without their row, or with other than three claims.

    Cancelled ones hold none.
    """
    found = session.execute(
        text(
            "SELECT e.pk FROM entry e LEFT JOIN appointment m ON m.entry_pk = e.pk "
            "WHERE m.entry_pk IS NULL OR (SELECT count(*) FROM claim c WHERE c.entry_pk = e.pk) "
            "<> CASE WHEN e.status = 'cancelled' THEN 0 ELSE 3 END"
        )
    )
    return [row[0] for row in found]


def cookie_of(stage: Stage, name: str, **more: str) -> str:
    """Somebody's session, as their browser sends it."""
    with database.reading() as session:
        pk = session.scalar(select(Account.pk).where(Account.id == name))
    now = int(clock.real_now().timestamp())
    serializer = stage.app.session_interface.get_signing_serializer(stage.app)  # type: ignore[attr-defined]
    return f"booking={serializer.dumps({'account': pk, 'version': 0, 'since': now, 'seen': now, **more})}"
