"""What tests of actions start from: the cast, at its desk on Monday 18 January 2027, 10:40, inside the service."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from booking import database
from booking.actions import appointments
from booking.actions.appointment_requests import Request
from booking.actions.rights import Actor, load_actor
from booking.models import Opening
from booking.timeline.interval import to_minute
from tests.actions.territory_documents import Store, fresh_store, opened
from tests.cast import Cast

NOW = datetime(2027, 1, 18, 9, 40, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
Result = TypeVar("Result")


def at(wall: str) -> int:
    """``at("2027-01-19T10:00")``: that Paris time as a UTC minute."""
    return to_minute(datetime.fromisoformat(wall), PARIS)


@dataclass
class Desk:
    """Shorthand for acting as somebody."""

    cast: Cast

    def actor(self, name: str) -> Actor:
        with database.reading() as session:
            actor = load_actor(session, self.cast.accounts[name].pk)
        assert actor is not None
        return actor

    def do(
        self, name: str, action: Callable[..., Result], *arguments: Any, now: datetime = NOW, **options: Any
    ) -> Result:
        """Runs an action in its own write transaction: ``do("alix", cancel, id, None)``."""
        actor = self.actor(name)
        return database.write(lambda session: action(session, actor, *arguments, now, **options))

    def read(self, name: str, query: Callable[..., Result], *arguments: Any, **options: Any) -> Result:
        with database.reading() as session:
            return query(session, self.actor(name), *arguments, **options)

    def book(self, name: str = "alix", start: str = "2027-01-19T10:00", **changes: Any) -> appointments.Booked:
        wanted = {"purpose": "accompagnement", "advisers": ("chloe",), "venue": "maison-brume", **changes}
        return self.do(name, appointments.book, Request(starts=at(start), **wanted))


@pytest.fixture
def desk(app: Flask, cast: Cast) -> Iterator[Desk]:
    """Chloé is at the Maison de Brume on Tuesdays and Thursdays 9:00 to 12:00, Farid at his town hall on Fridays."""

    def open_doors(session: Session) -> None:
        session.add_all(
            [
                _opening("chloe-1", cast.chloe_calendar.pk, cast.maison.pk, "2027-01-05T09:00", 180, "TU,TH"),
                _opening("farid-1", cast.farid_calendar.pk, cast.mairie.pk, "2027-01-08T09:00", 480, "FR"),
            ]
        )

    with app.app_context():
        database.write(open_doors)
        yield Desk(cast)
        database.db.session.remove()


def _opening(opening_id: str, calendar_pk: int, venue_pk: int, start: str, minutes: int, days: str) -> Opening:
    return Opening(
        id=opening_id,
        calendar_pk=calendar_pk,
        venue_pk=venue_pk,
        starts_wall=start,
        minutes=minutes,
        rrule=f"FREQ=WEEKLY;BYDAY={days}",
        exdates=[],
        admission="by_appointment",
        limited=False,
        holidays="closed",
    )


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    """An empty database for territory files."""
    with opened(database_url, tmp_path) as store:
        yield store


@pytest.fixture
def another_store(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    """A second empty database on the same engine."""
    with fresh_store(engine_name, tmp_path, request.getfixturevalue) as store:
        yield store
