"""What the worker processes of one test run share: a folder, and a lock to build things in it once."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "TEST_RUN_FOLDER"
MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30
PARENT = (
    MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM else Path("/tmp")
)
"""In memory where there is room, since each test has a database of its own; whatever TMPDIR says, for the path of
a Unix socket has at most 107 bytes."""
PREFIX = "booking-tests-"


def folder() -> Path:
    return Path(os.environ[VARIABLE])


def begin() -> None:
    """Make the folder and tell the workers, which inherit the environment.

    Others may pass through the folder, for PostgreSQL is another user.
    """
    sweep()
    place = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=PARENT)
    os.chmod(place, 0o711)  # noqa: S103 - pass, not look
    os.environ[VARIABLE] = place


def sweep() -> None:
    """Clear up after runs that were killed; a PostgreSQL server ends by itself when its files are gone."""
    for place in PARENT.glob(f"{PREFIX}*-*"):
        pid = place.name.removeprefix(PREFIX).split("-")[0]
        if not Path("/proc", pid).exists():
            shutil.rmtree(place, ignore_errors=True)


def end() -> None:
    shutil.rmtree(os.environ.pop(VARIABLE), ignore_errors=True)


@contextmanager
def alone(what: str) -> Iterator[None]:
    """One process at a time does `what`; the lock goes with the process that dies."""
    with (folder() / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
