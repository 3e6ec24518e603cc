"""How fast a territory file is loaded, and in how much memory: `booking import` as a process of its own.

The baseline is reading the same file with the same parser and doing nothing with it.

Options: --advisers 1000  --appointments 100000  --url DATABASE (an empty one)
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from booking.actions.territory_file.stream import Document
from booking.bench import Figure, Options
from booking.bench.worlds import make_world


def run(options: Options) -> Iterator[Figure]:
    """The figures: seconds, rows a second, megabytes."""
    parser = argparse.ArgumentParser(prog="booking bench import", description=__doc__)
    parser.add_argument("--advisers", type=int, default=1000)
    parser.add_argument("--appointments", type=int, default=100_000)
    parser.add_argument("--url", default="", help="an empty database to fill; one in a temporary folder otherwise")
    chosen = parser.parse_args(options)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "world.json"
        world = make_world(chosen.advisers, chosen.appointments, file)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("BOOKING_")},
            "BOOKING_VAR": str(folder / "var"),
            "BOOKING_DATABASE_URL": chosen.url or f"sqlite:///{folder}/import.db",
        }
        _run(["init"], environment)
        begun = time.perf_counter()
        with Document(file) as document:
            for member in document.members():
                for _ in member.rows or ():
                    pass
        read = time.perf_counter() - begun
        seconds, megabytes = _run(["import", str(file)], environment)
        yield Figure("import", seconds, "s", seconds / read)
        yield Figure("import rate", world.appointments / seconds, "appointments/s")
        yield Figure("import memory", megabytes, "MB")
        again, _ = _run(["import", str(file)], environment)
        yield Figure("import of what is there already", again, "s", again / seconds)


def _run(arguments: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Runs a command to its end: seconds, and megabytes at its largest."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "booking", *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return time.perf_counter() - begun, usage.ru_maxrss / 1024
