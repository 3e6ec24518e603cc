"""What a search costs: the statements it issues, the rows it fetches, the indexes that answer them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from booking import database
from booking.actions import claims, entries, slots
from booking.actions.claims import Wanted
from booking.actions.slots import Search
from booking.models import Calendar, Opening
from tests.actions.conftest import NOW, Desk, at

TUESDAY = Search(purpose="accompagnement", until=date(2027, 1, 19))


@contextmanager
def statements(session: Session) -> Iterator[list[str]]:
    """Every statement that reaches the driver of this session, whoever sends it."""
    seen: list[str] = []
    driver: Any = session.connection().connection.driver_connection
    if session.get_bind().dialect.name == "sqlite":
        driver.set_trace_callback(seen.append)
        yield seen
        driver.set_trace_callback(None)
    else:
        usual = driver.cursor_factory

        class Counting(usual):  # type: ignore[valid-type, misc]
            def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
                seen.append(str(query))
                return super().execute(query, *arguments, **options)

        driver.cursor_factory = Counting
        yield seen
        driver.cursor_factory = usual


@pytest.mark.parametrize("advisers", [1, 60])
def test_a_search_issues_at_most_ten_statements_whatever_its_size(desk: Desk, advisers: int) -> None:
    database.write(lambda session: _more_advisers(session, desk, advisers))
    search = Search(
        purpose="atelier", room="any", vehicle="any", organisation="fs-brume", near=(45.5, 1.8), within_km=50
    )
    with database.reading() as session:
        actor = desk.actor("denise")
        with statements(session) as seen:
            slots.find(session, actor, search, NOW)
    assert 5 <= len(seen) <= 10, seen


def _more_advisers(session: Session, desk: Desk, how_many: int) -> None:
    cast = desk.cast
    for number in range(how_many):
        made = session.execute(
            insert(Calendar).returning(Calendar.pk),
            {
                "id": f"adviser-{number}",
                "kind": "adviser",
                "name": "One more",
                "organisation_pk": cast.brume.pk,
                "venue_pk": cast.maison.pk,
                "profession": "conseiller_numerique",
            },
        )
        session.execute(
            insert(Opening),
            {
                "id": f"opening-{number}",
                "calendar_pk": made.scalar_one(),
                "venue_pk": cast.maison.pk,
                "starts_wall": "2027-01-04T08:00",
                "minutes": 600,
                "rrule": "FREQ=DAILY",
                "admission": "both",
            },
        )


def test_the_number_of_statements_is_the_same_for_one_adviser_and_for_many(desk: Desk) -> None:
    counted = []
    for extra in (1, 60):
        database.write(lambda session, extra=extra: _more_advisers(session, desk, extra) if extra > 1 else None)
        with database.reading() as session:
            actor = desk.actor("denise")
            with statements(session) as seen:
                slots.find(session, actor, Search(minutes=30, room="any", vehicle="any", until=date(2027, 1, 19)), NOW)
        counted.append(len(seen))
    assert counted[0] == counted[1]


def test_a_search_again_reads_no_claims(desk: Desk) -> None:
    with database.reading() as session:
        actor = desk.actor("alix")
        slots.find(session, actor, TUESDAY, NOW)
        with statements(session) as seen:
            slots.find(session, actor, TUESDAY, NOW)
    assert not [each for each in seen if "FROM claim" in each]


def test_a_full_first_page_looks_at_one_week_only(desk: Desk) -> None:
    with database.reading() as session:
        actor = desk.actor("alix")
        with statements(session) as seen:
            slots.find(session, actor, Search(purpose="accompagnement", limit=3), NOW)
    assert len([each for each in seen if "FROM claim" in each]) == 1


def _past(session: Session, desk: Desk, how_many: int) -> None:
    """So many hours that Chloé once worked."""
    for number in range(how_many):
        starts = at("2026-12-01T00:00") - 120 * number
        pk, _, _ = entries.new_entry(
            session,
            kind="meeting",
            now=NOW,
            status="confirmed",
            zone="Europe/Paris",
            starts=starts,
            ends=starts + 60,
            territory_pk=desk.cast.territory.pk,
        )
        claims.take(session, pk, [Wanted(desk.cast.chloe_calendar.pk, starts, starts + 60)])


def test_what_is_past_is_not_fetched(desk: Desk) -> None:
    desk.book(start="2027-01-19T10:00")
    database.write(lambda session: _past(session, desk, 200))
    with database.reading() as session:
        found = claims.occupied(session, [desk.cast.chloe_calendar.pk], at("2027-01-18T00:00"), at("2027-03-01T00:00"))
    assert [tuple(row) for row in found] == [
        (desk.cast.chloe_calendar.pk, at("2027-01-19T10:00"), at("2027-01-19T11:00"))
    ]


def test_a_claim_longer_than_a_day_that_began_long_ago_is_fetched_once(desk: Desk) -> None:
    def leave(session: Session) -> None:
        starts, ends = at("2026-12-01T00:00"), at("2027-02-01T00:00")
        pk, _, _ = entries.new_entry(
            session,
            kind="absence",
            now=NOW,
            status="confirmed",
            zone="Europe/Paris",
            starts=starts,
            ends=ends,
            territory_pk=desk.cast.territory.pk,
        )
        wanted = Wanted(desk.cast.chloe_calendar.pk, starts, ends, "busy-unavailable", exclusive=False)
        claims.take(session, pk, [wanted])

    database.write(leave)
    with database.reading() as session:
        found = claims.occupied(session, [desk.cast.chloe_calendar.pk], at("2027-01-18T00:00"), at("2027-03-01T00:00"))
    assert len(found) == 1


def test_claims_are_read_by_the_covering_index_and_the_short_one_of_the_long(desk: Desk) -> None:
    database.write(lambda session: _past(session, desk, 200))
    with database.reading() as session:
        with statements(session) as seen:
            claims.occupied(session, [desk.cast.chloe_calendar.pk], at("2027-01-18T00:00"), at("2027-03-01T00:00"))
        plan = _plan(session, desk, seen[-1])
    assert "ix_claim_calendar_pk_starts" in plan
    assert "ix_claim_long" in plan
    assert "SCAN claim" not in plan
    assert "Seq Scan on claim" not in plan


def _plan(session: Session, desk: Desk, statement: str) -> str:
    if session.get_bind().dialect.name == "sqlite":
        found = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
        return "\n".join(str(row[-1]) for row in found)
    session.execute(text("SET LOCAL enable_seqscan = off"))  # the table is too small for an index to pay
    values = {
        "calendars": [desk.cast.chloe_calendar.pk],
        "day_before": 29_990_000,
        "since": 29_991_440,
        "until": 30_060_000,
    }
    found = session.connection().exec_driver_sql(f"EXPLAIN {statement}", values)
    return "\n".join(str(row[0]) for row in found)
