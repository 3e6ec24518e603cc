"""The fair lock: one writer at a time on SQLite, in the order of arrival, whose own waiting is unfair."""

import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from booking.refusals import Unavailable


class _Turn(threading.Thread):
    """A place in the kernel's queue for a file's lock, kept by a thread of its own: ``flock`` knows no time-out."""

    def __init__(self, descriptor: int, come: Callable[["_Turn"], None]) -> None:
        super().__init__(name="file lock", daemon=True)
        self.descriptor = descriptor
        self.has_come = threading.Event()
        self.is_wanted = True
        self._come = come

    def run(self) -> None:
        fcntl.flock(self.descriptor, fcntl.LOCK_EX)
        self._come(self)


class FairLock:
    """One writer at a time, in the order of arrival; across processes by ``flock`` on a file beside the database."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._held = False
        self._turn: _Turn | None = None

    @contextmanager
    def held(self, seconds: float) -> Iterator[None]:
        """Waits at most ``seconds`` for its turn; raises ``Unavailable`` after that."""
        deadline = time.monotonic() + seconds
        self._enter(seconds)
        try:
            descriptor = self._lock_file(deadline)
            try:
                yield
            finally:
                if descriptor is not None:
                    os.close(descriptor)  # gives the lock back
        finally:
            self._leave()

    def _enter(self, seconds: float) -> None:
        with self._guard:
            if not self._held and not self._waiting:
                self._held = True
                return
            ticket = threading.Lock()
            ticket.acquire()
            self._waiting.append(ticket)
        if ticket.acquire(timeout=seconds):
            return
        with self._guard:
            if ticket in self._waiting:
                self._waiting.remove(ticket)
                raise Unavailable
        # The turn came in the instant of giving up: it is ours, so it is passed on.
        self._leave()
        raise Unavailable

    def _leave(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False

    def _lock_file(self, deadline: float) -> int | None:
        """The descriptor that holds the lock. A turn that one writer gave up waiting for is the next one's."""
        if self._path is None:
            return None
        with self._guard:
            turn = self._turn
            if turn is not None:
                turn.is_wanted = True
        if turn is None:
            try:
                descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
            except OSError as error:
                raise Unavailable from error
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return descriptor
            except BlockingIOError:
                turn = self._turn = _Turn(descriptor, self._come)
                turn.start()
        has_come = turn.has_come.wait(deadline - time.monotonic())
        with self._guard:
            if not has_come and not turn.has_come.is_set():
                turn.is_wanted = False
                raise Unavailable
            self._turn = None
        return turn.descriptor

    def _come(self, turn: _Turn) -> None:
        with self._guard:
            if turn.is_wanted:
                turn.has_come.set()
                return
            self._turn = None
        os.close(turn.descriptor)
