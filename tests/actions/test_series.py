"""Endless series stay claimed ahead as time goes on."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from booking import database
from booking.actions.series import AHEAD, LeftOut, extend_series
from tests.actions.territory_documents import NOW, Store, reservation, small

WEEKLY = reservation("r", "van", "2027-02-02T10:00", rrule="FREQ=WEEKLY;BYDAY=TU")
DATES = (
    "SELECT k.occurrence, k.starts, k.ends, k.strength FROM claim k JOIN entry e ON e.pk = k.entry_pk "
    "WHERE e.id = 'r' ORDER BY k.occurrence"
)


def extend(store: Store, now: datetime) -> list[LeftOut]:
    with store.app.app_context():
        return database.write(lambda session: extend_series(session, now))


def test_dates_that_came_within_reach_are_claimed(store: Store) -> None:
    store.load(small() | {"reservations": [WEEKLY], "workshops": []})
    before = store.rows(DATES)
    assert extend(store, NOW + timedelta(weeks=10)) == []
    after = store.rows(DATES)
    assert after[: len(before)] == before
    assert len(after) - len(before) in (7, 8)
    assert all(later[0] - earlier[0] in (10080, 10020, 10140) for earlier, later in pairwise(after))


def test_nothing_is_claimed_twice(store: Store) -> None:
    store.load(small() | {"reservations": [WEEKLY], "workshops": []})
    extend(store, NOW + timedelta(weeks=10))
    before = store.everything()
    assert extend(store, NOW + timedelta(weeks=10)) == []
    assert store.everything() == before


def test_a_series_with_an_end_is_claimed_whole_from_the_start(store: Store) -> None:
    store.load(small() | {"reservations": [WEEKLY | {"rrule": "FREQ=WEEKLY;COUNT=400"}], "workshops": []})
    assert len(store.rows(DATES)) == 400
    before = store.everything()
    extend(store, NOW + timedelta(weeks=10))
    assert store.everything() == before


def test_a_date_whose_time_is_taken_is_left_out_and_told(store: Store) -> None:
    store.load(small() | {"reservations": [WEEKLY], "workshops": []})
    ((_, last, _, _),) = store.rows(DATES)[-1:]
    day = datetime.fromtimestamp((last + 7 * 1440) * 60, tz=NOW.tzinfo)
    taken = reservation("autre", "van", f"{day:%Y-%m-%d}T10:30")
    store.load({"format": "booking-territory/1", "reservations": [taken]})
    (left_out,) = extend(store, NOW + timedelta(weeks=4))
    assert store.rows("SELECT id FROM entry WHERE pk = :pk", pk=left_out.taken_by) == [("autre",)]
    assert store.rows("SELECT original, starts, reason FROM occurrence") == [(left_out.original, None, "taken")]
    assert store.rows("SELECT sequence FROM entry WHERE id = 'r'") == [(1,)]


def test_an_absence_without_end_is_extended_too(store: Store) -> None:
    absence = {"id": "r", "adviser": "alix", "start": "2027-02-02T12:00", "end": "2027-02-02T13:00"}
    store.load(small() | {"absences": [absence | {"rrule": "FREQ=WEEKLY"}]})
    before = len(store.rows(DATES))
    extend(store, NOW + AHEAD)
    after = store.rows(DATES)
    assert len(after) > 1.9 * before
    assert {row[3] for row in after} == {"busy-unavailable"}
