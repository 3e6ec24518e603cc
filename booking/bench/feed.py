"""How fast feeds are read: made anew, joined from what is kept, and - over HTTP - when the process holds them already.

A calendar with so many events. What is made is measured in CPU time; what is answered, in answers a second of
`booking serve`'s own server, in turns with an empty page behind the same middleware (the ratio). No feed is asked
more often than a feed may be.

Options: --events 1000  --repeats 7  --rounds 5  --requests 2000 (a round)  --url DATABASE (an empty one)
"""

import argparse
import functools
import gc
import gzip
import multiprocessing
import os
import selectors
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from flask import Flask
from sqlalchemy.orm import Session

from booking import clock, database
from booking.actions import claims, entries, feed_bodies, feed_lookup, feed_text, feeds, routes
from booking.actions.feeds import FeedDraft
from booking.actions.rights import load_actor
from booking.app import create_app
from booking.bench import Figure, Options
from booking.bench.stores import NOW, fill, service
from booking.config import Settings
from booking.web.ics_memory import MOST_FETCHES

EMPTY = "/vide"
CONNECTIONS = 8
PATIENCE_SECONDS = 30


def run(options: Options) -> Iterator[Figure]:
    """The figures: made, then answered."""
    parser = argparse.ArgumentParser(prog="booking bench feed", description=__doc__)
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--url", default="", help="an empty database to fill; one in a temporary folder otherwise")
    chosen = parser.parse_args(options)
    with tempfile.TemporaryDirectory() as folder:
        url = chosen.url or f"sqlite:///{folder}/feed.db"
        needed = -(-chosen.rounds * chosen.requests // (MOST_FETCHES - 1))
        clock.freeze(NOW.isoformat())
        try:
            with service(url):
                secrets = database.write(lambda session: _filled(session, chosen.events, 2 * needed + 1))
                yield from _made(secrets[0], chosen.repeats, chosen.events)
        finally:
            clock.freeze(None)
        settings = {"BOOKING_VAR": folder, "BOOKING_DATABASE_URL": url, "BOOKING_CLOCK": NOW.isoformat()}
        with _served(Settings.load(settings, Path(folder))) as port:
            yield from _answered(port, secrets[1:], chosen.rounds, chosen.requests)


def _filled(session: Session, events: int, count: int) -> list[str]:
    """A calendar with so many events in its feed's window, each in a room, and so many subscriptions to it."""
    store = fill(session, 1, 0)
    actor = load_actor(session, store.account_pk)
    assert actor is not None
    room, venue = database.rows(session, "SELECT pk, venue_pk FROM calendar WHERE kind = 'room' ORDER BY pk", {})[0]
    adviser = database.rows(session, "SELECT pk FROM calendar WHERE id = 'adviser-0'", {})[0][0]
    first = int(NOW.timestamp()) // 60 - feed_lookup.DAYS_BACK * 1440
    apart = (feed_lookup.DAYS_BACK + feed_lookup.DAYS_AHEAD - 1) * 1440 // events
    for number in range(events):
        starts = first + number * apart
        key, _, _ = entries.new_entry(
            session,
            kind="appointment",
            now=NOW,
            status="confirmed",
            zone="Europe/Paris",
            starts=starts,
            ends=starts + 30,
            title="Accompagnement individuel",
            territory_pk=actor.territory_pk,
            venue_pk=venue,
            booked_by_pk=actor.pk,
        )
        claims.take(session, key, [claims.Wanted(each, starts, starts + 30) for each in (adviser, room)])
    draft = FeedDraft("adviser", "adviser-0", "full", 15)
    return [feeds.create(session, actor, draft, NOW).secret for _ in range(count)]


def _made(secret: str, repeats: int, events: int) -> Iterator[Figure]:
    hashed = feed_lookup.secret_hash(secret)

    def body() -> bytes:
        with database.snapshot() as session:
            found = feed_lookup.look_up(lambda sql, values: database.rows(session, sql, values), hashed)
            feed = feed_lookup.feed_of(found, feed_lookup.today(found, clock.now_minute())[0], "http://localhost")
            return feed_bodies.calendar_body(
                session, feed, "http://localhost", "http://localhost/ics/x.ics"
            ).text.encode()

    shown = body().count(b"BEGIN:VEVENT")
    yield Figure("feed events shown", shown, f"of {events}")
    cold, kept = [], []
    for _ in range(repeats):
        feed_text.fragment_of.cache_clear()
        cold.append(_cpu(body))
        kept.append(_cpu(body))
    yield Figure("feed made anew", min(cold) * 1000, "ms CPU")
    yield Figure("feed joined from kept fragments", min(kept) * 1000, "ms CPU", min(kept) / min(cold))
    octets = body()
    yield Figure(
        "feed zipped", min(_cpu(lambda: gzip.compress(octets, 6, mtime=0)) for _ in range(repeats)) * 1000, "ms CPU"
    )
    look = min(
        _cpu(lambda: [feed_lookup.look_up(database.glance, hashed) for _ in range(1000)]) for _ in range(repeats)
    )
    yield Figure("feed look-up", look * 1000, "µs CPU")


def _cpu(call: Callable[[], object]) -> float:
    gc.collect()
    began = time.process_time()
    call()
    return time.process_time() - began


def _answered(port: int, secrets: Sequence[str], rounds: int, requests: int) -> Iterator[Figure]:
    half = len(secrets) // 2
    unchanged = [_request(f"/ics/{each}.ics", {"If-None-Match": _etag(port, each)}) for each in secrets[:half]]
    whole = [_request(f"/ics/{each}.ics", {"Accept-Encoding": "gzip"}) for each in secrets[half:]]
    for each in whole:
        _ask(port, [each], 1, b"200")
    kinds = {
        "empty page": (cycle([_request(EMPTY, {})]), b"200"),
        "feed unchanged (304)": (cycle(unchanged), b"304"),
        "feed held, gzip (200)": (cycle(whole), b"200"),
    }
    rates: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind, (wanted, status) in kinds.items():
            rates[kind].append(_ask(port, list(islice(wanted, requests)), CONNECTIONS, status))
    empty = rates["empty page"]
    for kind, measured in rates.items():
        ratio = median(one / base for one, base in zip(measured, empty, strict=True))
        yield Figure(kind, median(measured), "answers/s", None if measured is empty else ratio)


def _request(path: str, headers: dict[str, str]) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def _etag(port: int, secret: str) -> str:
    answers: list[bytes] = []
    _ask(port, [_request(f"/ics/{secret}.ics", {"Accept-Encoding": "gzip"})], 1, b"200", answers)
    line = next(line for line in answers[0].split(b"\r\n") if line.lower().startswith(b"etag:"))
    return line.partition(b":")[2].strip().decode()


@dataclass
class _Connection:
    """One that is kept open, with a request under way."""

    socket: socket.socket
    received: bytes = b""

    def complete(self) -> bool:
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not end:
            return False
        length = 0
        for line in head.split(b"\r\n"):
            if line[:15].lower() == b"content-length:":
                length = int(line[15:])
        return head.startswith(b"HTTP/1.1 304") or len(body) >= length


def _ask(port: int, requests: list[bytes], connections: int, status: bytes, kept: list[bytes] | None = None) -> float:
    """Sends all of these over so many connections; answers a second. Stops when an answer is of another status."""
    waiting = list(reversed(requests))
    selector = selectors.DefaultSelector()
    for _ in range(min(connections, len(requests))):
        connection = _Connection(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS))
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    began = time.perf_counter()
    for key in list(selector.get_map().values()):
        key.data.socket.sendall(waiting.pop())
    answered = 0
    while answered < len(requests):
        ready = selector.select(PATIENCE_SECONDS)
        assert ready, "the server does not answer"
        for key, _ in ready:
            connection = key.data
            connection.received += connection.socket.recv(1 << 20)
            if not connection.complete():
                continue
            assert connection.received[9:12] == status, connection.received[:200]
            if kept is not None:
                kept.append(connection.received)
            connection.received = b""
            answered += 1
            if waiting:
                connection.socket.sendall(waiting.pop())
    seconds = time.perf_counter() - began
    for key in list(selector.get_map().values()):
        key.data.socket.close()
    selector.close()
    return len(requests) / seconds


def with_an_empty_page(settings: Settings) -> Flask:
    """The service, and a page with nothing in it behind all that the service puts around its pages."""
    app = create_app(settings)
    routes.ROUTES["empty"] = routes.Access("public")
    app.add_url_rule(EMPTY, "empty", lambda: "")
    return app


def _serve(settings: Settings, port: int) -> None:
    """As `booking serve` does, one process; its log goes where nobody reads it, and is written all the same."""
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    Server(
        "booking",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=CONNECTIONS,
        runtime_blocking_threads=4,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.warning,
        log_access=False,
    ).serve(target_loader=functools.partial(with_an_empty_page, settings), wrap_loader=False)


@contextmanager
def _served(settings: Settings) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(settings, port))
    process.start()
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                _ask(port, [_request(EMPTY, {})], 1, b"200")
                break
            except OSError:
                assert time.monotonic() < deadline, "the server does not start"
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.join(PATIENCE_SECONDS)
