"""`booking check` finds every way in which data can break the law, and nothing in data that keeps it."""

from __future__ import annotations

import pytest

from booking import database
from booking.actions import appointments
from booking.actions.check import violations
from booking.data import read_text
from tests.actions.conftest import Desk
from tests.actions.territory_documents import Store, appointment, reservation, small


def codes(store: Store) -> list[str]:
    with store.app.app_context(), database.reading() as session:
        return [violation.code for violation in violations(session)]


@pytest.fixture
def filled(store: Store) -> Store:
    document = small() | {
        "appointments": [
            appointment("rdv-1", "2027-01-19T10:00", room="salle"),
            appointment("rdv-2", "2027-01-21T10:00", status="cancelled"),
        ],
        "enrolments": [{"id": "ins-1", "workshop": "atelier-1", "place": 1, "state": "enrolled"}],
    }
    document["reservations"].append(reservation("r", "van", "2027-02-02T10:00", rrule="FREQ=WEEKLY;COUNT=3"))
    assert store.load(document).faults == []
    return store


def test_nothing_is_wrong_with_the_demonstration(store: Store) -> None:
    store.load(read_text("demonstration.json"))
    assert codes(store) == []


def test_nothing_is_wrong_with_a_planning_people_work_with(desk: Desk, store: Store) -> None:
    booked = desk.book("alix", "2027-01-19T10:00", room="salle-brume")
    desk.book("denise", "2027-01-21T09:00")
    desk.do("alix", appointments.cancel, booked.id, None)
    with database.reading() as session:
        assert list(violations(session)) == []


BREAKINGS = [
    ("UPDATE entry SET status = 'cancelled' WHERE id = 'rdv-1'", "ended"),
    ("DELETE FROM claim WHERE entry_pk = (SELECT pk FROM entry WHERE id = 'res-1')", "missing"),
    (
        "DELETE FROM claim WHERE entry_pk = (SELECT pk FROM entry WHERE id = 'rdv-1') "
        "AND calendar_pk = (SELECT pk FROM calendar WHERE id = 'alix')",
        "missing",
    ),
    ("UPDATE entry SET ends = ends + 5 WHERE id = 'res-1'", "mismatch"),
    ("UPDATE entry SET after = after + 5 WHERE id = 'rdv-1'", "mismatch"),
    ("UPDATE claim SET exclusive = false WHERE entry_pk = (SELECT pk FROM entry WHERE id = 'res-1')", "mismatch"),
    ("UPDATE claim SET strength = 'busy' WHERE entry_pk = (SELECT pk FROM entry WHERE id = 'conges')", "mismatch"),
    (
        "UPDATE claim SET strength = 'busy-tentative' WHERE entry_pk = (SELECT pk FROM entry WHERE id = 'rdv-1')",
        "mismatch",
    ),
    ("UPDATE entry SET rrule = 'FREQ=MONTHLY' WHERE id = 'r'", "date"),
    ("DELETE FROM appointment WHERE entry_pk = (SELECT pk FROM entry WHERE id = 'rdv-2')", "detail"),
    ("UPDATE workshop SET taken = 5", "seats"),
    ("UPDATE released_claim SET sequence = 9", "released"),
    (
        "INSERT INTO reminder (dedupe_key, entry_pk, occurrence, sequence, channel, kind, offset_minutes, due_at, "
        "status, attempts, fence, message_id, created) SELECT 'x', pk, 0, 0, 'mail', 'day_before', -1440, 1, "
        "'pending', 0, 0, 'x', 1 FROM entry WHERE id = 'rdv-2'",
        "ledger",
    ),
]


@pytest.mark.parametrize(("statement", "code"), BREAKINGS)
def test_broken_data_is_found(filled: Store, statement: str, code: str) -> None:
    assert codes(filled) == []
    filled.do(statement)
    assert code in codes(filled)


def test_an_overlap_is_found_when_the_database_was_made_to_let_it_in(filled: Store, engine_name: str) -> None:
    """And that the law itself is gone is told, too."""
    if engine_name == "sqlite":
        filled.do("DROP TRIGGER claim_law_insert")
        filled.do("DROP TRIGGER claim_law_update")
    else:
        filled.do("ALTER TABLE claim DROP CONSTRAINT claim_law")
    filled.do(
        "UPDATE claim SET starts = starts + 20 * 1440, ends = ends + 20 * 1440 "
        "WHERE entry_pk = (SELECT pk FROM entry WHERE id = 'res-1')"
    )
    assert "overlap" not in codes(filled)
    filled.do(
        "INSERT INTO claim (calendar_pk, entry_pk, occurrence, starts, ends, strength, exclusive) "
        "SELECT calendar_pk, (SELECT pk FROM entry WHERE id = 'res-1'), 0, starts + 5, ends + 5, strength, exclusive "
        "FROM claim WHERE entry_pk = (SELECT pk FROM entry WHERE id = 'rdv-1')"
    )
    found = codes(filled)
    assert "law" in found
    assert found.count("overlap") == 2


def test_what_is_wrong_is_told_in_both_languages(filled: Store) -> None:
    filled.do("UPDATE workshop SET taken = 5")
    with filled.app.app_context(), database.reading() as session:
        assert [str(each) for each in violations(session)] == [
            "places mal comptées / seats miscounted: atelier-1 5 1 8"
        ]


def test_checking_changes_nothing(filled: Store) -> None:
    before = filled.everything()
    codes(filled)
    assert filled.everything() == before
