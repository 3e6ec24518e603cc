"""Our own commands as processes of their own: the server, the worker, whatever can be killed."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest

PATIENCE = 60.0  # seconds that a start may take on a busy machine


def free_port() -> int:
    """A port of 127.0.0.1 that nobody holds at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def command(*arguments: str) -> list[str]:
    """`booking …`, run by the Python that runs the tests."""
    return [sys.executable, "-m", "booking", *arguments]


def environment(folder: Path, settings: dict[str, str]) -> dict[str, str]:
    """What our command sees: no setting of whoever runs the tests, and a `var` folder of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("BOOKING_")}
    return {**inherited, "BOOKING_VAR": str(folder / "var"), **settings}


@dataclass
class Process:
    """A long-running `booking` command, with all its children in a process group of their own."""

    arguments: list[str]
    settings: dict[str, str]
    folder: Path
    popen: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def log(self) -> str:
        """All it said, over all its starts."""
        return self._log_file.read_text(errors="replace") if self._log_file.exists() else ""

    @property
    def _log_file(self) -> Path:
        return self.folder / f"{self.arguments[0]}.log"

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._log_file.open("ab") as log:
            self.popen = subprocess.Popen(
                command(*self.arguments),
                cwd=self.folder,
                env=environment(self.folder, self.settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self) -> int:
        """Ask it to end (SIGTERM) and wait; its exit code."""
        assert self.popen is not None
        self.popen.terminate()
        try:
            return self.popen.wait(timeout=30)
        finally:
            self.kill()

    def kill(self) -> None:
        """kill -9, the children too: nobody gets to say goodbye."""
        if self.popen is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()


@dataclass
class Server(Process):
    """`booking serve` on a port of its own."""

    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and come back once it answers."""
        super().start()
        self.wait()

    def wait(self) -> None:
        """Until any page is answered; fails with the log if it ended, or never answers."""
        assert self.popen is not None
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.popen.poll() is not None:
                raise RuntimeError(f"the server ended with {self.popen.returncode}:\n{self.log}")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/")
                connection.getresponse().read()
                return
            except OSError:
                time.sleep(0.05)
            finally:
                connection.close()
        self.kill()
        raise RuntimeError(f"the server did not answer within {PATIENCE} s:\n{self.log}")


class Serve(Protocol):
    def __call__(
        self, database_url: str, *, workers: int = 1, threads: int | None = None, **settings: str
    ) -> Server: ...


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """`serve(database_url, workers=2, BOOKING_CLOCK=…)`: a server that answers; all are killed at the end."""
    started: list[Server] = []

    def start(database_url: str, *, workers: int = 1, threads: int | None = None, **settings: str) -> Server:
        port = free_port()
        arguments = ["serve", "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
        if threads is not None:
            arguments += ["--threads", str(threads)]
        server = Server(
            arguments,
            {"BOOKING_DATABASE_URL": database_url, "BOOKING_BASE_URL": f"http://127.0.0.1:{port}", **settings},
            tmp_path / f"server-{len(started)}",
            port,
        )
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.kill()


class StartWorker(Protocol):
    def __call__(self, database_url: str, **settings: str) -> Process: ...


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[StartWorker]:
    """`start_worker(database_url, BOOKING_SMTP_URL=…)`: a `booking worker`; all are killed at the end."""
    started: list[Process] = []

    def start(database_url: str, **settings: str) -> Process:
        worker = Process(
            ["worker"], {"BOOKING_DATABASE_URL": database_url, **settings}, tmp_path / f"worker-{len(started)}"
        )
        started.append(worker)
        worker.start()
        return worker

    yield start
    for worker in started:
        worker.kill()
