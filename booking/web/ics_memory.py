"""What one serving process keeps of the feeds it serves: all of it can be lost at any time but a minute's readings.

The limit of fetches is counted in each process by itself: behind several processes a feed may be read as many times
more often, which is still a bound.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from sqlalchemy import Engine

from booking import clock
from booking.actions import feed_lookup, feed_reads
from booking.actions.feed_lookup import Feed
from booking.database import write
from booking.refusals import Unavailable
from booking.timeline.interval import Minute

MOST_FETCHES = 60
WINDOW_SECONDS = 3600
MOST_BODY_BYTES = 32 * 1024 * 1024
MOST_FEEDS = 50_000
FLUSH_SECONDS = 60

log = logging.getLogger("booking.ics")


@dataclass(frozen=True)
class Body:
    """What is sent, coded as it is sent; when something in it last changed, as HTTP says it."""

    etag: str
    octets: bytes
    last_modified: str


@dataclass
class Throttle:
    """At most ``MOST_FETCHES`` an hour for each feed, by the machine's own clock."""

    _counts: dict[int, tuple[float, int]] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, feed_pk: int) -> int:
        """Counts a fetch: 0 when it may go on, else the seconds until the next may."""
        now = clock.monotonic()
        with self._guard:
            since, count = self._counts.get(feed_pk, (now, 0))
            if now - since >= WINDOW_SECONDS:
                since, count = now, 0
            if count >= MOST_FETCHES:
                return int(since + WINDOW_SECONDS - now) + 1
            if len(self._counts) >= MOST_FEEDS and feed_pk not in self._counts:
                self._counts = {pk: each for pk, each in self._counts.items() if now - each[0] < WINDOW_SECONDS}
            self._counts[feed_pk] = (since, count + 1)
            return 0


@dataclass
class Shelf:
    """The latest bodies, as many as fit; the one unread for longest goes first."""

    limit: int = MOST_BODY_BYTES
    _bodies: "OrderedDict[str, Body]" = field(default_factory=OrderedDict)
    _size: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def get(self, etag: str) -> Body | None:
        with self._guard:
            body = self._bodies.get(etag)
            if body is not None:
                self._bodies.move_to_end(etag)
            return body

    def put(self, body: Body) -> None:
        with self._guard:
            if body.etag in self._bodies or len(body.octets) > self.limit:
                return
            self._bodies[body.etag] = body
            self._size += len(body.octets)
            while self._size > self.limit:
                self._size -= len(self._bodies.popitem(last=False)[1].octets)


@dataclass
class Memory:
    """One application's."""

    app: Flask
    base_url: str
    engine: Engine
    throttle: Throttle = field(default_factory=Throttle)
    shelf: Shelf = field(default_factory=Shelf)
    database: str = field(init=False)
    secured: bool = field(init=False)
    _feeds: dict[str, tuple[Sequence[tuple[Any, ...]], Minute, Minute, Feed]] = field(default_factory=dict)
    _flushing: bool = False
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.database = str(self.engine.url)
        self.secured = self.base_url.startswith("https://")

    def feed(self, hashed: str, found: Sequence[tuple[Any, ...]], now: Minute) -> Feed:
        """What the look-up's rows tell; worked out anew only when they, or the day, are other ones. Raises ``Gone``."""
        known = self._feeds.get(hashed)
        if known is not None and known[1] <= now < known[2] and known[0] == found:
            return known[3]
        day, begins, ends = feed_lookup.today(found, now)
        feed = feed_lookup.feed_of(found, day, self.base_url)
        if len(self._feeds) >= MOST_FEEDS:
            self._feeds.clear()
        self._feeds[hashed] = (found, begins, ends, feed)
        return feed

    def scope(self, hashed: str) -> str | None:
        """What is already known of the feed behind a secret: it never changes."""
        known = self._feeds.get(hashed)
        return None if known is None else known[3].scope

    def note_read(self, feed_pk: int, user_agent: str) -> None:
        """Remembers who read what, to be written down within a minute."""
        feed_reads.note(self.database, feed_pk, clock.now(), user_agent)
        if not self._flushing and not self.app.testing:
            self._begin_to_flush()

    def flush(self) -> None:
        """Writes down what was read since the last time; what cannot be written waits for the next."""
        reads = feed_reads.take(self.database)
        if not reads:
            return
        try:
            write(lambda session: feed_reads.store(session, reads))
        except Unavailable:
            feed_reads.give_back(self.database, reads)
        except BaseException:
            feed_reads.give_back(self.database, reads)
            raise

    def _begin_to_flush(self) -> None:
        with self._guard:
            if self._flushing:
                return
            self._flushing = True
        threading.Thread(target=self._flush_on, name="feed readings", daemon=True).start()

    def _flush_on(self) -> None:
        beat = threading.Event()
        while not beat.wait(FLUSH_SECONDS):
            try:
                with self.app.app_context():
                    self.flush()
            except Exception:
                log.exception("feed readings could not be written down")
