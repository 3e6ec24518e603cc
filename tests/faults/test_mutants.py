"""What holds the law, taken away piece by piece: locks give liveness, the constraint safety, and each stays safe alone.

With both gone double bookings appear, so the races of the other tests are real ones.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, text

from booking import clock, database
from booking.actions import appointments, feasibility
from booking.actions.appointment_requests import Request
from booking.actions.check import violations
from booking.actions.feasibility import Finding, Plan
from booking.actions.rights import Actor, load_actor
from booking.models import Account
from booking.refusals import Clash, Unavailable
from tests.faults.conftest import Stage, at_once, halves, overlaps, slot, staged
from tests.faults.test_races import minute_of
from tests.plumbing.engines import TEMPLATE
from tests.plumbing.postgres import Cluster

CLIENTS = 8
ROUNDS = 6
MOST_ROUNDS = 40
"""Within so many a race that is possible has shown itself."""


@pytest.fixture
def postgres_stage(postgres_cluster: Cluster, tmp_path: Path) -> Iterator[Stage]:
    """A stage on PostgreSQL alone: what is taken away here is PostgreSQL's."""
    name = f"mutant_{uuid.uuid4().hex}"
    with staged(postgres_cluster.create_database(name, TEMPLATE), tmp_path / "stage") as stage:
        yield stage
    postgres_cluster.drop_database(name)


def book(stage: Stage, start: str) -> appointments.Booked:
    """Hélène books Chloé, the hall and the car, as a request does it."""
    request = Request("accompagnement", ("chloe",), minute_of(start), "maison-brume", "salle-brume", "clio-brume")
    with stage.app.app_context():
        actor = helene()
        return database.write(lambda session: appointments.book(session, actor, request, clock.now()))


def helene() -> Actor:
    with database.reading() as session:
        pk = session.scalar(select(Account.pk).where(Account.id == "helene"))
        actor = load_actor(session, pk or 0)
    assert actor is not None
    return actor


def race(stage: Stage, start: str) -> list[Any]:
    """So many threads, let go at once for one slot; what each got."""
    return at_once([partial(book, stage, start)] * CLIENTS)


def winners(outcomes: list[Any]) -> int:
    return sum(isinstance(each, appointments.Booked) for each in outcomes)


def double_bookings() -> int:
    with database.reading() as session:
        return len(overlaps(session))


def halved() -> list[int]:
    with database.reading() as session:
        return halves(session)


def take_the_law_away(stage: Stage) -> None:
    with database.db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE claim DROP CONSTRAINT claim_law"))
        else:
            for trigger in ("claim_law_insert", "claim_law_update"):
                connection.execute(text(f"DROP TRIGGER {trigger}"))


@pytest.fixture
def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appointments, "lock_calendars", lambda session, keys: None)


@pytest.fixture
def without_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """The action finds every time free."""

    def nothing_stands(session: Any, plan: Plan, now_minute: int, *, ignoring: Any = ()) -> Finding:
        return Finding((), (), next(iter(plan.rooms or ()), None), next(iter(plan.vehicles or ()), None))

    monkeypatch.setattr(feasibility, "examine", nothing_stands)


def test_without_locks_the_constraint_alone_is_safe(postgres_stage: Stage, without_locks: None) -> None:
    refused: list[Any] = []
    for each in range(ROUNDS):
        outcomes = race(postgres_stage, slot(each))
        assert winners(outcomes) <= 1, f"round {each}"
        refused += [outcome for outcome in outcomes if not isinstance(outcome, appointments.Booked)]
    assert {type(each) for each in refused} <= {Clash, Unavailable}, "deadlocks may tire it out, and nothing else"
    assert any(isinstance(each, Clash) for each in refused)
    assert (double_bookings(), halved()) == (0, [])


def test_without_the_law_in_the_database_the_locks_and_the_look_are_safe(stage: Stage) -> None:
    take_the_law_away(stage)
    for each in range(ROUNDS):
        outcomes = race(stage, slot(each))
        assert winners(outcomes) == 1, f"round {each}"
        assert {type(outcome) for outcome in outcomes} == {appointments.Booked, Clash}
    assert (double_bookings(), halved()) == (0, [])


def test_without_locks_and_constraint_the_same_race_books_twice(postgres_stage: Stage, without_locks: None) -> None:
    take_the_law_away(postgres_stage)
    for each in range(MOST_ROUNDS):
        race(postgres_stage, slot(each))
        if double_bookings():
            break
    else:
        pytest.fail(f"{MOST_ROUNDS} rounds without a double booking: this race proves nothing")
    with database.reading() as session:
        codes = {each.code for each in violations(session)}
    assert {"law", "overlap"} <= codes


def test_when_the_service_looks_away_the_database_alone_refuses(stage: Stage, without_looking: None) -> None:
    for each in range(ROUNDS):
        outcomes = race(stage, slot(each))
        assert winners(outcomes) == 1, f"round {each}"
        assert {type(outcome) for outcome in outcomes} == {appointments.Booked, Clash}
    assert (double_bookings(), halved()) == (0, [])


def test_when_the_service_looks_away_and_the_law_is_gone_a_second_booking_stands(
    stage: Stage, without_looking: None
) -> None:
    take_the_law_away(stage)
    book(stage, slot(0))
    book(stage, slot(0))
    assert double_bookings() == 3


TAKEN = (
    "INSERT INTO claim (calendar_pk, entry_pk, occurrence, starts, ends, strength, exclusive) "
    "SELECT calendar_pk, entry_pk, occurrence, starts + 59, ends + 59, strength, exclusive FROM claim WHERE pk = {old}",
    "INSERT INTO claim (calendar_pk, entry_pk, occurrence, starts, ends, strength, exclusive) "
    "SELECT calendar_pk, entry_pk, occurrence, starts - 600, starts + 1, 'busy-tentative', exclusive "
    "FROM claim WHERE pk = {old}",
    "UPDATE claim SET starts = starts - 1 WHERE pk = {new}",
    "UPDATE claim SET starts = starts - 600, ends = ends - 60 WHERE pk = {new}",
    "UPDATE claim SET ends = ends + 1 WHERE pk = {old}",
    "UPDATE claim SET ends = ends + 600 WHERE pk = {old}",
    "UPDATE claim SET calendar_pk = (SELECT calendar_pk FROM claim WHERE pk = {old}) WHERE pk = {aside}",
    "UPDATE claim SET exclusive = {true} WHERE pk = {beside}",
)
"""What no door may do. ``old`` and ``new`` are neighbours on one calendar, ``aside`` stands at the time of ``old``
on another, ``beside`` lies on ``old`` without being exclusive."""
OF_SQLITE = (
    "INSERT OR REPLACE INTO claim (calendar_pk, entry_pk, occurrence, starts, ends, strength, exclusive) "
    "SELECT calendar_pk, entry_pk, occurrence, starts, ends, strength, exclusive FROM claim WHERE pk = {old}",
    "INSERT OR REPLACE INTO claim (pk, calendar_pk, entry_pk, occurrence, starts, ends, strength, exclusive) "
    "SELECT {beside}, calendar_pk, entry_pk, occurrence, starts, ends, strength, 1 FROM claim WHERE pk = {old}",
    "UPDATE OR REPLACE claim SET starts = starts - 1 WHERE pk = {new}",
)
OF_POSTGRESQL = (
    "MERGE INTO claim USING (SELECT 1) one ON claim.pk = {new} WHEN MATCHED THEN UPDATE SET starts = starts - 1",
    "INSERT INTO claim SELECT nextval('claim_pk_seq'), calendar_pk, entry_pk, occurrence, starts, ends, strength, "
    "exclusive FROM claim WHERE pk = {old}",
)


def test_whoever_writes_and_by_whatever_statement_an_overlap_is_refused(stage: Stage) -> None:
    first, second = book(stage, slot(0)), book(stage, slot(1))
    with database.db.engine.begin() as connection:
        old, aside, _ = connection.scalars(
            text("SELECT pk FROM claim WHERE entry_pk = :entry ORDER BY pk"), {"entry": first.entry_pk}
        )
        new = connection.scalar(text("SELECT min(pk) FROM claim WHERE entry_pk = :entry"), {"entry": second.entry_pk})
        beside = connection.scalar(
            text(
                "INSERT INTO claim (calendar_pk, entry_pk, occurrence, starts, ends, strength, exclusive) "
                "SELECT calendar_pk, entry_pk, occurrence, starts, ends, strength, :no FROM claim WHERE pk = :old "
                "RETURNING pk"
            ),
            {"no": False, "old": old},
        )
        before = connection.execute(text("SELECT * FROM claim ORDER BY pk")).all()
        engine = connection.dialect.name
    statements = TAKEN + (OF_SQLITE if engine == "sqlite" else OF_POSTGRESQL)
    for statement in statements:
        words = statement.format(old=old, new=new, aside=aside, beside=beside, true="true")
        with pytest.raises((sqlite3.IntegrityError, psycopg.errors.ExclusionViolation), match="claim_law"):
            by_hand(stage.database_url, words)
    with database.db.engine.begin() as connection:
        assert connection.execute(text("SELECT * FROM claim ORDER BY pk")).all() == before


def by_hand(url: str, statement: str) -> None:
    """As somebody with a database shell would, past all our code."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as shell, shell:
            shell.execute(statement)
    else:
        with psycopg.connect(url.replace("+psycopg", "")) as shell:
            shell.execute(statement)
