"""How fast slots are found: against the bare fetch of the same rows, and as everything around them grows.

Each world is a database of its own with a thousand advisers (or fewer), filled six weeks ahead and then back into
the past. The baseline of a search is the fetch, into tuples and by the bare driver, of the rows that its own
statements read; it is measured in turns with the search, in CPU time on SQLite and by the clock on PostgreSQL.

Options: --advisers 1,10,100,1000  --appointments 10000,100000,1000000  --repeats 7  --url DATABASE (made anew, empty)
"""

import argparse
import gc
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy.orm import Session

from booking import database
from booking.actions import slot_masks, slots
from booking.actions.rights import Actor, load_actor
from booking.actions.slots import Search
from booking.bench import Figure, Options
from booking.bench.stores import NOW, fill, service

WEEKS = (1, 2, 4, 6, 12)
Statement = tuple[str, Any]


def run(options: Options) -> Iterator[Figure]:
    """The figures, a world after the other."""
    parser = argparse.ArgumentParser(prog="booking bench slots", description=__doc__)
    parser.add_argument("--advisers", type=_numbers, default=(1, 10, 100, 1000))
    parser.add_argument("--appointments", type=_numbers, default=(10_000, 100_000, 1_000_000))
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--url", default="", help="an empty database to fill; one in a temporary folder otherwise")
    chosen = parser.parse_args(options)
    most = max(chosen.advisers)
    by_history: list[tuple[int, float]] = []
    for appointments in chosen.appointments:
        with _store(chosen.url if len(chosen.appointments) == 1 else "", most, appointments) as (session, actor):
            by_advisers = []
            for advisers in chosen.advisers:
                search = Search(purpose="visite", limit=slots.MOST, advisers=_named(advisers, most))
                name = f"slots {advisers} advisers, {appointments} appointments"
                cold, figures = _compared(session, actor, search, chosen.repeats, name)
                by_advisers.append((advisers, cold))
                yield from figures
            yield from _growth(f"slots growth with advisers, {appointments} appointments", by_advisers)
            by_history.append((appointments, by_advisers[-1][1]))
            if appointments == chosen.appointments[-1]:
                yield from _horizon(session, actor, min(100, most), most, chosen.repeats)
    yield from _growth("slots growth with history", by_history[-2:])


@contextmanager
def _store(url: str, advisers: int, appointments: int) -> Iterator[tuple[Session, Actor]]:
    with tempfile.TemporaryDirectory() as folder:
        address = url or f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        with service(address):
            made = database.write(lambda session: fill(session, advisers, appointments))
            with database.reading() as session:
                if session.get_bind().dialect.name == "postgresql":
                    session.connection().connection.cursor().execute("ANALYZE")
                actor = load_actor(session, made.account_pk)
                assert actor is not None
                yield session, actor


def _compared(session: Session, actor: Actor, search: Search, repeats: int, name: str) -> tuple[float, list[Figure]]:
    """Cold, warm and the first page of 20, each against its baseline, in turns."""

    def cold() -> None:
        slot_masks.forget()
        slots.whole(session, actor, search, NOW)

    def first_page() -> None:
        slot_masks.forget()
        slots.find(session, actor, replace(search, limit=20), NOW)

    timed = _clock(session)
    statements = _recorded(session, cold)
    rows = _fetched(session, statements)
    found = slots.whole(session, actor, search, NOW)
    times: dict[str, list[float]] = {"fetch": [], "cold": [], "warm": [], "page": []}
    for _ in range(repeats):
        times["fetch"].append(timed(lambda: _fetched(session, statements)))
        times["cold"].append(timed(cold))
        times["warm"].append(timed(lambda: slots.whole(session, actor, search, NOW)))
        times["page"].append(timed(first_page))

    def ratio(of: str, to: str) -> float:
        return median(one / other for one, other in zip(times[of], times[to], strict=True))

    fetch, whole, warm, page = (1000 * median(times[each]) for each in ("fetch", "cold", "warm", "page"))
    return whole, [
        Figure(f"{name}: slots", found, "slots"),
        Figure(f"{name}: statements", len(statements), "statements"),
        Figure(f"{name}: rows", rows, "rows"),
        Figure(f"{name}: bare fetch", fetch, "ms"),
        Figure(f"{name}: cold, to the fetch", whole, "ms", ratio("cold", "fetch")),
        Figure(f"{name}: warm, to the fetch", warm, "ms", ratio("warm", "fetch")),
        Figure(f"{name}: first page of 20, to the whole", page, "ms", ratio("page", "cold")),
    ]


def _horizon(session: Session, actor: Actor, advisers: int, most: int, repeats: int) -> Iterator[Figure]:
    """How the time grows with the weeks that are searched."""
    timed = _clock(session)
    start = int(NOW.timestamp()) // 60
    points = []
    for weeks in WEEKS:
        until = start + int(timedelta(weeks=weeks).total_seconds()) // 60
        search = Search(purpose="visite", limit=slots.MOST, until=until, advisers=_named(advisers, most))

        def cold(search: Search = search) -> None:
            slot_masks.forget()
            slots.whole(session, actor, search, NOW)

        points.append((weeks, 1000 * median(timed(cold) for _ in range(repeats))))
    yield from _growth(f"slots growth with the horizon, {advisers} advisers", points)


def _growth(name: str, points: Sequence[tuple[int, float]]) -> Iterator[Figure]:
    """The exponent of the growth: the slope of the line through the logarithms; none of a single point."""
    if len({number for number, _ in points}) < 2:
        return
    across = [math.log(number) for number, _ in points]
    up = [math.log(value) for _, value in points]
    middle, height = sum(across) / len(across), sum(up) / len(up)
    slope = sum((x - middle) * (y - height) for x, y in zip(across, up, strict=True))
    yield Figure(name, slope / sum((x - middle) ** 2 for x in across), "exponent")


def _clock(session: Session) -> Callable[[Callable[[], object]], float]:
    """Times a call in seconds; what went before leaves it no garbage to collect."""
    read = time.process_time if session.get_bind().dialect.name == "sqlite" else time.perf_counter

    def timed(call: Callable[[], object]) -> float:
        gc.collect()
        began = read()
        call()
        return read() - began

    return timed


def _recorded(session: Session, call: Callable[[], object]) -> list[Statement]:
    """The statements that a call sends to the driver, as they can be sent again."""
    driver: Any = session.connection().connection.driver_connection
    seen: list[Statement] = []
    if session.get_bind().dialect.name == "sqlite":
        driver.set_trace_callback(lambda text: seen.append((text, ())))
        call()
        driver.set_trace_callback(None)
        return [each for each in seen if each[0].lstrip().startswith("SELECT")]
    usual = driver.cursor_factory

    class Recording(usual):  # type: ignore[misc, valid-type]
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            seen.append((query, params))
            return super().execute(query, params, **options)

    driver.cursor_factory = Recording
    call()
    driver.cursor_factory = usual
    return seen


def _fetched(session: Session, statements: Sequence[Statement]) -> int:
    """Sends the statements again by the bare driver, all their rows into tuples; how many there are."""
    cursor = session.connection().connection.cursor()
    count = 0
    for statement, values in statements:
        cursor.execute(statement, values)
        count += len(cursor.fetchall())
    cursor.close()
    return count


def _named(advisers: int, most: int) -> tuple[str, ...] | None:
    """So many advisers by name, all over the territory; nobody by name when all of them are meant."""
    return None if advisers == most else tuple(f"adviser-{number * most // advisers}" for number in range(advisers))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(sorted(int(each.replace("_", "")) for each in text.split(",")))
