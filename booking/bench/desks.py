"""A desk that never closes, for the benchmarks that book: one adviser, a room, a van, a token, a server before it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from booking.actions import tokens
from booking.bench.stores import NOW, fill
from booking.models import Opening, Purpose

FIRST = datetime(2027, 2, 1, tzinfo=UTC)
SLOT_MINUTES = 60
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Desk:
    """Who books, and with what."""

    account_pk: int
    token: str


def open_desk(session: Session) -> Desk:
    """One adviser open day and night, whose appointments last 50 minutes and take a room and a van."""
    store = fill(session, 1, 0)
    session.execute(update(Purpose).values(minutes=50, horizon_days=None))
    session.execute(
        insert(Opening),
        {
            "id": "always",
            "calendar_pk": 1,
            "venue_pk": 1,
            "starts_wall": "2026-01-01T00:00",
            "minutes": 1440,
            "rrule": "FREQ=DAILY",
            "exdates": [],
            "admission": "by_appointment",
            "holidays": "open",
        },
    )
    return Desk(store.account_pk, tokens.create(session, "denise", "bench", "write", NOW))


def slot(index: int) -> int:
    """The start of the ``index``-th appointment, as a UTC minute; none touches another."""
    return int(FIRST.timestamp()) // 60 + SLOT_MINUTES * index


def body(index: int) -> dict[str, Any]:
    """The same appointment as the API takes it."""
    return {
        "purpose": "visite",
        "advisers": ["adviser-0"],
        "venue": "v0",
        "start": (FIRST + timedelta(minutes=SLOT_MINUTES * index)).isoformat(),
        "room": "room-0",
        "vehicle": "vehicle-0",
        "beneficiary": {
            "name": "Rose Martin",
            "phone": "+33536491234",
            "email": "rose@courriel.example",
            "consent_reminders": True,
        },
    }


@contextmanager
def served(url: str, folder: Path, workers: int) -> Iterator[int]:
    """``booking serve`` on that database, on a port of its own, until the end of the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("BOOKING_")},
        "BOOKING_VAR": str(folder / "var"),
        "BOOKING_DATABASE_URL": url,
        "BOOKING_CLOCK": NOW.isoformat(),
        "BOOKING_LOG_LEVEL": "error",
    }
    command = [sys.executable, "-m", "booking", "serve", "--port", str(port), "--workers", str(workers)]
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait(port, process)
        yield port
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            Client(port, "").get("/api/v1/openapi.json")
            return
        time.sleep(0.05)
    raise RuntimeError("the server did not answer")


class Client:
    """One connection, kept open."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def get(self, path: str) -> int:
        return self._asked("GET", path, None)

    def book(self, index: int) -> int:
        """The status of the answer."""
        return self._asked("POST", "/api/v1/appointments", json.dumps(body(index)))

    def _asked(self, method: str, path: str, content: str | None) -> int:
        self._connection.request(method, path, content, self._headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status
