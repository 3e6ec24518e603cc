"""Who alone reads the clock, writes claims, commits; and what loads without the rest."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import ROOT, called, dotted, python_of

CLOCK_READERS = {
    *("datetime.now", "datetime.today", "datetime.utcnow", "date.today"),
    *("datetime.datetime.now", "datetime.datetime.today", "datetime.datetime.utcnow", "datetime.date.today"),
    *("time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.ctime"),
}
CLOCK_FUNCTIONS = {"time", "time_ns", "localtime", "gmtime", "ctime"}
SQL_THAT_WRITES_CLAIMS = re.compile(
    r"\b(insert\s+(or\s+\w+\s+)?into|update|delete\s+from|copy|truncate(\s+table)?)\s+claim\b", re.IGNORECASE
)
EDGES = {"web", "api", "caldav", "jobs", "cli", "bench"}


def clock_readings(path: Path, tree: ast.Module) -> Iterator[str]:
    for call, name in called(tree):
        if name in CLOCK_READERS:
            yield f"{path}:{call.lineno} {name}()"
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            for alias in node.names:
                if alias.name in CLOCK_FUNCTIONS:
                    yield f"{path}:{node.lineno} from time import {alias.name}"


def claim_writings(path: Path, tree: ast.Module) -> Iterator[str]:
    for call, name in called(tree):
        verb = name.rsplit(".", 1)[-1]
        writes_table = verb in {"insert", "update", "delete"} and any(
            dotted(argument).rsplit(".", 1)[-1] == "Claim" for argument in call.args
        )
        if verb == "Claim" or writes_table or re.search(r"\bClaim\.__table__\.(insert|update|delete)$", name):
            yield f"{path}:{call.lineno} {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            sql = SQL_THAT_WRITES_CLAIMS.search(node.value)
            if sql:
                yield f"{path}:{node.lineno} {sql.group()}"


def part_of(path: Path) -> str:
    """`web` for booking/web/planner.py, `cli` for booking/cli.py."""
    return path.parts[1].removesuffix(".py")


def test_only_the_clock_reads_the_system_clock() -> None:
    readings = [
        reading
        for path, tree in python_of("booking", "ical_feeds")
        if path != Path("booking/clock.py") and part_of(path) != "bench"
        for reading in clock_readings(path, tree)
    ]
    assert readings == []


def test_only_the_action_on_claims_writes_claims() -> None:
    writings = [
        writing
        for path, tree in python_of("booking")
        if path != Path("booking/actions/claims.py") and part_of(path) != "migrations"
        for writing in claim_writings(path, tree)
    ]
    assert writings == []


def test_only_the_write_transaction_commits() -> None:
    commits = [
        f"{path}:{node.lineno}"
        for path, tree in python_of("booking")
        if path != Path("booking/database.py") and part_of(path) not in {"migrations", "bench"}
        for node, name in called(tree)
        if name.endswith(".commit")
    ]
    assert commits == []


def test_only_the_edges_open_the_write_transaction() -> None:
    opened = [
        f"{path}:{node.lineno}"
        for path, tree in python_of("booking")
        if path != Path("booking/database.py") and part_of(path) not in EDGES
        for node, name in called(tree)
        if name in {"database.write", "booking.database.write"}
    ]
    taken = [
        f"{path}:{node.lineno}"
        for path, tree in python_of("booking")
        if part_of(path) not in EDGES
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "booking.database"
        and "write" in {alias.name for alias in node.names}
    ]
    assert opened + taken == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("now = datetime.now(UTC)", 1),
        ("from time import time", 1),
        ("time.time()", 1),
        ("time.monotonic(); clock.now()", 0),
    ],
)
def test_a_reading_of_the_clock_would_be_found(source: str, expected: int) -> None:
    assert len(list(clock_readings(Path("x.py"), ast.parse(source)))) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("session.add(Claim(starts=1))", 1),
        ("session.execute(delete(models.Claim).where(x))", 1),
        ("session.execute(insert(Claim), rows)", 1),
        ("session.execute(text('DELETE FROM claim WHERE pk = 1'))", 1),
        ("session.execute(text('insert or ignore  into claim (pk)'))", 1),
        ("session.execute(select(Claim)); update(Entry); 'UPDATE claim_count'", 0),
    ],
)
def test_a_writing_of_claims_would_be_found(source: str, expected: int) -> None:
    assert len(list(claim_writings(Path("x.py"), ast.parse(source)))) == expected


def test_the_pure_parts_load_without_the_web_and_the_database() -> None:
    program = (
        "import importlib, pkgutil, sys\n"
        "import booking.timeline, ical_feeds\n"
        "for package in (booking.timeline, ical_feeds):\n"
        "    for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        importlib.import_module(module.name)\n"
        "print(sorted({'flask', 'sqlalchemy', 'booking.models'} & set(sys.modules)))\n"
    )
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
