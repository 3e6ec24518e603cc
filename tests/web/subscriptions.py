"""Calendar programs and their owners: links made as people make them, fetched and read as programs do."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import icalendar
from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from booking import database
from booking.actions import claims, entries, feeds
from booking.actions.feeds import FeedDraft
from booking.actions.rights import Actor, load_actor
from booking.models import Calendar
from booking.timeline.interval import to_minute
from booking.web.ics_memory import Memory
from tests.cast import Cast

NOW = datetime(2027, 1, 18, 9, 40, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
Result = TypeVar("Result")


def at(wall: str) -> int:
    """``at("2027-01-19T10:00")``: that Paris time as a UTC minute."""
    return to_minute(datetime.fromisoformat(wall), PARIS)


@dataclass
class Subscriptions:
    """The territory as its calendar programs know it."""

    app: Flask
    cast: Cast
    made: dict[str, str] = field(default_factory=dict)

    @property
    def memory(self) -> Memory:
        """What the serving process keeps."""
        found: Memory = self.app.extensions["booking.ics"]
        return found

    def actor(self, name: str) -> Actor:
        with self.app.app_context(), database.reading() as session:
            actor = load_actor(session, self.cast.accounts[name].pk)
        assert actor is not None
        return actor

    def do(
        self, name: str, action: Callable[..., Result], *arguments: Any, now: datetime = NOW, **options: Any
    ) -> Result:
        """Runs an action in its own write transaction, as somebody."""
        actor = self.actor(name)
        with self.app.app_context():
            return database.write(lambda session: action(session, actor, *arguments, now, **options))

    def write(self, work: Callable[[Session], Result]) -> Result:
        with self.app.app_context():
            return database.write(work)

    def put(
        self,
        *calendars: Calendar,
        start: str = "2027-01-19T10:00",
        end: str = "2027-01-19T11:00",
        kind: str = "appointment",
        title: str | None = "Accompagnement individuel",
        status: str = "confirmed",
        now: datetime = NOW,
        strength: str | None = None,
        **columns: Any,
    ) -> int:
        """An entry on these calendars, straight into the tables."""

        def work(session: Session) -> int:
            pk, _, _ = entries.new_entry(
                session,
                kind=kind,
                now=now,
                status=status,
                title=title,
                starts=at(start),
                ends=at(end),
                **{
                    "zone": "Europe/Paris",
                    "territory_pk": self.cast.territory.pk,
                    "venue_pk": self.cast.maison.pk,
                    "booked_by_pk": self.cast.denise.pk,
                    **columns,
                },
            )
            firmly = strength or claims.strength_of(status)
            exclusive = kind not in ("absence", "busy")
            claims.take(
                session,
                pk,
                [claims.Wanted(each.pk, at(start), at(end), firmly, exclusive) for each in calendars],
            )
            database.lock_calendars(session, [each.pk for each in calendars])
            return pk

        return self.write(work)

    def subscribe(self, who: str, scope: str, target: str, detail: str = "free_busy", **options: Any) -> str:
        """The secret of a new feed."""
        made = self.do(who, feeds.create, FeedDraft(scope, target, detail, **options))
        self.made[made.secret] = made.id
        return made.secret

    def fetch(self, secret: str, ending: str = "ics", **headers: str) -> TestResponse:
        """``fetch(secret, If_None_Match=etag)``"""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.app.test_client().get(f"/ics/{secret}.{ending}", headers=given)

    def text(self, secret: str, ending: str = "ics") -> str:
        """The feed as lines that are not folded."""
        answer = self.fetch(secret, ending)
        assert answer.status_code == 200, answer.text
        return answer.text.replace("\r\n ", "")

    def events(self, secret: str) -> list[icalendar.Event]:
        """What another program reads in it."""
        return list(icalendar.Calendar.from_ical(self.fetch(secret).data).walk("VEVENT"))

    def only(self, secret: str) -> icalendar.Event:
        found = self.events(secret)
        assert len(found) == 1, [event["summary"] for event in found]
        return found[0]


def plain(answer: TestResponse) -> str:
    """A body as text, whatever it was coded in."""
    octets = gzip.decompress(answer.data) if answer.headers.get("Content-Encoding") == "gzip" else answer.data
    return octets.decode()


@contextlib.contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """What the database runs meanwhile for the service (not the pool's own question whether it is there)."""
    engines = connections_of(app)
    ran: list[str] = []

    def listen(connection: Any, record: object) -> None:
        if engines[0].dialect.name == "sqlite":
            connection.set_trace_callback(ran.append)
        else:
            connection.cursor_factory = _recording(ran)

    for engine in engines:
        engine.dispose()
        event.listen(engine, "connect", listen)
    try:
        for engine in engines:
            with engine.connect():
                pass
        ran.clear()
        yield ran
        ran[:] = [statement for statement in ran if len(statement) > len("SELECT 1;")]
    finally:
        for engine in engines:
            event.remove(engine, "connect", listen)
            engine.dispose()


def connections_of(app: Flask) -> list[Engine]:
    """The pools of the service: that of everybody, and on PostgreSQL that of single look-ups."""
    with app.app_context():
        engine = database.db.engine
    return [engine] if engine.dialect.name == "sqlite" else [engine, database._aside(engine)]


def _recording(ran: list[str]) -> type:
    import psycopg

    class Recording(psycopg.Cursor[Any]):
        def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
            ran.append(str(query))
            return super().execute(query, *arguments, **options)

    return Recording
