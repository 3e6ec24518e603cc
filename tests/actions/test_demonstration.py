"""The demonstration: alive whenever it is loaded, and only ever put into an empty database."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from booking import database
from booking.actions import demonstration, territory_file
from booking.actions.check import violations
from booking.data import read_text
from tests.actions.territory_documents import NOW, Store, small


def load(store: Store, now: datetime, weeks: int) -> bool:
    with store.app.app_context():
        return database.write(lambda session: demonstration.load_if_empty(session, now, weeks))


@pytest.mark.parametrize(
    ("day", "weeks"), [("2027-01-18", 0), ("2027-01-24", 0), ("2027-01-25", 1), ("2026-11-23", -8), ("2028-02-29", 58)]
)
def test_the_monday_of_its_story_becomes_this_weeks(day: str, weeks: int) -> None:
    assert demonstration.weeks_until(datetime.fromisoformat(f"{day}T12:00+00:00")) == weeks


def test_every_date_moves_by_whole_weeks_and_the_quarter_with_them() -> None:
    document = json.loads(read_text("demonstration.json"))
    before = [row["start"] for row in document["appointments"]]
    moved = demonstration.shifted(document, 13)
    assert [
        datetime.fromisoformat(new) - datetime.fromisoformat(old)
        for new, old in zip((row["start"] for row in moved["appointments"]), before, strict=True)
    ] == [timedelta(weeks=13)] * len(before)
    assert (moved["programmes"][0]["quarter"], "2e trimestre 2027" in moved["programmes"][0]["title"]) == (
        "2027-T2",
        True,
    )


@pytest.mark.parametrize("week", range(0, 104, 8))
def test_it_loads_in_any_week(store: Store, week: int) -> None:
    now = datetime(2026, 1, 5, 12, tzinfo=UTC) + timedelta(weeks=week)
    assert load(store, now, demonstration.weeks_until(now))
    with store.app.app_context(), database.reading() as session:
        assert list(violations(session)) == []


def test_everybody_can_sign_in_with_the_one_password(store: Store) -> None:
    load(store, NOW, 0)
    with store.app.app_context(), database.reading() as session:
        found = demonstration.accounts(session)
    assert (len(found), found[0][0]) == (42, "administrator")


def test_it_never_goes_where_there_is_something(store: Store) -> None:
    store.load(small())
    before = store.everything()
    assert not load(store, NOW, 0)
    assert store.everything() == before


def test_accounts_that_are_not_the_demonstrations_are_not_told(store: Store) -> None:
    store.load(small())
    with store.app.app_context(), database.reading() as session:
        assert demonstration.accounts(session) == []


def test_unmoved_it_is_the_file_itself(store: Store) -> None:
    load(store, NOW, 0)
    file = store.file(read_text("demonstration.json"))
    with store.app.app_context(), database.reading() as session:
        outcome = territory_file.examine(session, file, NOW)
    assert all(set(count) == {"unchanged"} for count in outcome.counts.values())
