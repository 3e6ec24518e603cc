"""Many writers, one slot: who wins, what fails, how long the slowest of those refused has to wait.

Each round releases all clients at once over HTTP at one free slot with adviser, room and van. The baseline is the
same clients released at a cheap reading route; the ratio is to it.

Options: --clients 64  --rounds 10  --workers 2  --url DATABASE (an empty one)
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from booking import clock, database
from booking.bench import Figure, Options
from booking.bench.desks import Client, open_desk, served
from booking.bench.stores import NOW, service

Timed = list[tuple[int, float]]


def run(options: Options) -> Iterator[Figure]:
    """The figures: winners, errors, waits."""
    parser = argparse.ArgumentParser(prog="booking bench race", description=__doc__)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--url", default="", help="an empty database to fill; one in a temporary folder otherwise")
    chosen = parser.parse_args(options)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = chosen.url or f"sqlite:///{folder}/race.db"
        clock.freeze(NOW.isoformat())
        try:
            with service(url):
                desk = database.write(open_desk)
            with served(url, folder, chosen.workers) as port:
                yield from _raced(port, desk.token, chosen.clients, chosen.rounds)
        finally:
            clock.freeze(None)


def _raced(port: int, token: str, clients: int, rounds: int) -> Iterator[Figure]:
    connections = [Client(port, token) for _ in range(clients)]
    won, refused, errors, read = [], [], 0, []
    for index in range(rounds + 1):
        cheap = _released([partial(each.get, "/api/v1/purposes") for each in connections])
        answers = _released([partial(each.book, index) for each in connections])
        if not index:  # the first round warms up
            continue
        read += [seconds for _, seconds in cheap]
        won.append(sum(status == 201 for status, _ in answers))
        refused += [seconds for status, seconds in answers if status == 409]
        errors += sum(status not in (201, 409) for status, _ in answers)
    yield Figure("race winners a round", sum(won) / rounds, f"of {clients}")
    yield Figure("race errors", errors, "answers")
    yield Figure("race refusal, median", median(refused) * 1000, "ms", median(refused) / median(read))
    slow = quantiles(refused, n=100)[98], quantiles(read, n=100)[98]
    yield Figure("race refusal, p99", slow[0] * 1000, "ms", slow[0] / slow[1])
    yield Figure("race refusal, slowest", max(refused) * 1000, "ms", max(refused) / max(read))


def _released(works: list[Callable[[], int]]) -> Timed:
    """Runs them all at once; what each answered, and after how many seconds."""
    gate = threading.Barrier(len(works))
    results: Timed = [(0, 0.0)] * len(works)

    def one(index: int, work: Callable[[], int]) -> None:
        gate.wait()
        begun = time.perf_counter()
        results[index] = (work(), time.perf_counter() - begun)

    threads = [threading.Thread(target=one, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
