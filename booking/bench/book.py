"""How fast bookings are taken: through the action, through HTTP, and - the baseline - the same rows by bare SQL.

All three write adviser, room, van, beneficiary and reminders in one transaction, with the same durability, in
turns. The ratio is the baseline's time over theirs: 0.5 is half as fast.

Options: --count 400 (of each)  --turns 10  --url DATABASE (an empty one)
"""

import argparse
import json
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import text

from booking import clock, database
from booking.actions import appointments
from booking.actions.appointment_requests import Request
from booking.actions.beneficiaries import BeneficiaryDraft
from booking.actions.rights import Actor, load_actor
from booking.bench import Figure, Options
from booking.bench.desks import Client, open_desk, served, slot
from booking.bench.stores import NOW, service

FAR = 1_000_000
"""Where the baseline's appointments and keys begin: far from the others'."""


def run(options: Options) -> Iterator[Figure]:
    """The figures: bare, action, HTTP."""
    parser = argparse.ArgumentParser(prog="booking bench book", description=__doc__)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--url", default="", help="an empty database to fill; one in a temporary folder otherwise")
    chosen = parser.parse_args(options)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = chosen.url or f"sqlite:///{folder}/book.db"
        clock.freeze(NOW.isoformat())
        try:
            with service(url):
                desk = database.write(open_desk)
                with database.reading() as session:
                    actor = load_actor(session, desk.account_pk)
                assert actor is not None
                with served(url, folder, workers=1) as port:
                    client = Client(port, desk.token)
                    yield from _in_turns(chosen.count, chosen.turns, actor, client)
        finally:
            clock.freeze(None)


def _in_turns(count: int, turns: int, actor: Actor, client: Client) -> Iterator[Figure]:
    def through_http(index: int) -> None:
        assert client.book(index) == 201

    _book(actor, 0)
    ways: dict[str, Callable[[int], None]] = {
        "bare SQL": _bare(),
        "action": lambda index: _book(actor, index),
        "HTTP": through_http,
    }
    spent = dict.fromkeys(ways, 0.0)
    each = max(1, count // turns)
    index = 1
    for turn in range(turns + 1):
        for name, way in ways.items():
            begun = time.perf_counter()
            for _ in range(each):
                way(index)
                index += 1
            if turn:  # the first turn warms up
                spent[name] += time.perf_counter() - begun
    for name, seconds in spent.items():
        yield Figure(f"book {name}", turns * each / seconds, "bookings/s", spent["bare SQL"] / seconds)


def _book(actor: Actor, index: int) -> None:
    request = Request(
        purpose="visite",
        advisers=("adviser-0",),
        venue="v0",
        starts=slot(index),
        room="room-0",
        vehicle="vehicle-0",
        beneficiary=BeneficiaryDraft("Rose Martin", "+33536491234", "rose@courriel.example", True),
    )
    database.write(lambda session: appointments.book(session, actor, request, NOW))


def _bare() -> Callable[[int], None]:
    """Writes the rows of the last booking again, for another time, with the driver alone."""
    rows = _last_rows()
    postgresql = database.db.engine.dialect.name == "postgresql"
    connection = database.db.engine.raw_connection()
    cursor = connection.cursor()
    statements = {
        table: f"INSERT INTO {table} ({', '.join(some[0])}) "  # noqa: S608 - our own names
        f"VALUES ({', '.join(['%s' if postgresql else '?'] * len(some[0]))})"
        for table, some in rows.items()
    }

    def write(index: int) -> None:
        if not postgresql:
            cursor.execute("BEGIN IMMEDIATE")
        for table, some in rows.items():
            cursor.executemany(statements[table], [list(_again(table, row, index).values()) for row in some])
        connection.commit()

    return write


def _last_rows() -> dict[str, list[dict[str, Any]]]:
    with database.reading() as session:
        key = session.execute(text("SELECT max(pk) FROM entry")).scalar_one()
        found: dict[str, list[dict[str, Any]]] = {}
        for table in _LAST:
            rows = session.execute(text(_LAST[table]), {"entry": key}).mappings()
            kept = [
                {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in row.items()}
                for row in rows
            ]
            found[table] = [
                {name: value for name, value in row.items() if name != "pk" or table in ("entry", "beneficiary")}
                for row in kept
            ]
        return found


_LAST = {
    "entry": "SELECT * FROM entry WHERE pk = :entry",
    "beneficiary": "SELECT * FROM beneficiary WHERE pk = (SELECT max(pk) FROM beneficiary) AND :entry > 0",
    "appointment": "SELECT * FROM appointment WHERE entry_pk = :entry",
    "claim": "SELECT * FROM claim WHERE entry_pk = :entry",
    "reminder": "SELECT * FROM reminder WHERE entry_pk = :entry",
    "audit": "SELECT * FROM audit WHERE pk = (SELECT max(pk) FROM audit) AND :entry > 0",
}


def _again(table: str, row: dict[str, Any], index: int) -> dict[str, Any]:
    """The row as another booking would have it."""
    key = FAR + index
    changes: dict[str, Any] = {name: key for name in ("entry_pk", "beneficiary_pk") if row.get(name) is not None}
    if table in ("entry", "beneficiary"):
        changes["pk"] = key
    if table == "entry":
        changes |= {"id": uuid.uuid4().hex, "uid": str(uuid.uuid4())}
    if table in ("entry", "claim"):
        moved = slot(FAR + index) - slot(0)
        changes |= {"starts": row["starts"] + moved, "ends": row["ends"] + moved}
    if table == "reminder":
        changes["dedupe_key"] = uuid.uuid4().hex
    return {**row, **changes}
