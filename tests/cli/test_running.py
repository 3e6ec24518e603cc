"""The commands that stay: what they print when they start, and that nothing is left when they end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from booking.actions.demonstration import PASSWORD
from tests.plumbing.server import PATIENCE, Process, Serve, Server, free_port


@pytest.fixture
def demonstration(tmp_path: Path) -> Iterator[Server]:
    """`booking run` in an empty folder, answering."""
    port = free_port()
    server = Server(["run", "--port", str(port)], {}, tmp_path, port)
    server.start()
    yield server
    server.kill()


def said(process: Process, text: str) -> bool:
    """Whether it says so, sooner or later."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if text in process.log:
            return True
        time.sleep(0.05)
    return False


def group(process: Process) -> list[int]:
    """The processes that belong to it, itself included."""
    assert process.popen is not None
    members = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, _, rest = status.read_text().rpartition(")")
        except OSError:
            continue
        if int(rest.split()[2]) == process.popen.pid and rest.split()[0] != "Z":
            members.append(int(status.parent.name))
    return members


def test_trying_it_out_takes_one_command_and_stops_with_another(demonstration: Server) -> None:
    assert said(demonstration, "worker started")
    assert "administration admin@entre-deux-mers.example" in " ".join(demonstration.log.split())
    assert PASSWORD in demonstration.log
    assert demonstration.url in demonstration.log
    assert requests.get(demonstration.url, timeout=30).status_code == 200
    assert len(group(demonstration)) >= 3
    assert demonstration.popen is not None
    os.killpg(demonstration.popen.pid, signal.SIGINT)
    demonstration.popen.wait(30)
    assert group(demonstration) == []


def test_a_second_start_finds_the_same_demonstration(demonstration: Server) -> None:
    demonstration.stop()
    demonstration.start()
    assert demonstration.log.count(PASSWORD) == 2


def test_a_port_that_is_taken_is_told_in_a_sentence(serve: Serve, database_url: str, tmp_path: Path) -> None:
    server = serve(database_url)
    other = Process(["serve", "--port", str(server.port)], {"BOOKING_DATABASE_URL": database_url}, tmp_path / "other")
    other.start()
    assert other.popen is not None
    assert (other.popen.wait(PATIENCE), "Traceback" in other.log) == (1, False)
    assert str(server.port) in other.log


def test_a_worker_of_the_server_stays_below_150_megabytes(serve: Serve, database_url: str) -> None:
    server = serve(database_url, workers=2)
    for pid in group(server):
        status = Path(f"/proc/{pid}/status").read_text()
        (resident,) = (int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        assert resident < 150 * 1024


def test_a_worker_that_was_killed_is_replaced(serve: Serve, database_url: str) -> None:
    server = serve(database_url)
    assert server.popen is not None
    (child,) = (pid for pid in group(server) if pid != server.popen.pid)
    os.kill(child, signal.SIGKILL)
    server.wait()
    assert requests.get(server.url, timeout=30).status_code == 200
