"""Territory files for tests: a small sound one, and databases to load it into."""

from __future__ import annotations

import io
import json
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

from booking import database
from booking.actions import territory_file
from booking.actions.territory_file import Outcome
from booking.models import Base

NOW = datetime(2027, 1, 18, 9, 40, tzinfo=UTC)
Document = dict[str, Any]


def small() -> Document:
    """One of everything that the plain format has, at Brume in January 2027."""
    return {
        "format": "booking-territory/1",
        "territories": [
            {
                "id": "brume",
                "name": "Val-de-Brume",
                "timezone": "Europe/Paris",
                "school_zone": "A",
                "public_holidays": "metropole",
            }
        ],
        "organisations": [{"id": "mairie", "name": "Mairie de Brume", "kind": "town_hall", "territory": "brume"}],
        "venues": [
            {
                "id": "maison",
                "name": "Maison de Brume",
                "organisation": "mairie",
                "address": "3 place du Marché",
                "postcode": "19260",
                "commune": "Brume",
                "insee": "19999",
                "latitude": 45.5,
                "longitude": 1.8,
            }
        ],
        "rooms": [
            {
                "id": "salle",
                "name": "Salle",
                "venue": "maison",
                "capacity": 8,
                "equipment": ["écran"],
                "setup_minutes": 10,
                "cleanup_minutes": 20,
                "moderated": False,
            }
        ],
        "vehicles": [
            {
                "id": "van",
                "name": "Fourgon",
                "venue": "maison",
                "registration": "ZZ-001-ZZ",
                "seats": 3,
                "energy": "diesel",
                "odometer_km": 1000,
                "needs_approval": False,
            }
        ],
        "accounts": [
            account("alix", profession="conseiller_numerique", home_venue="maison"),
            account("basile", profession="conseiller_france_services", home_venue="maison"),
            account("denise", role="secretary"),
        ],
        "purposes": [
            {
                "id": "aide",
                "name": "Aide",
                "minutes": 60,
                "before": 5,
                "after": 15,
                "professions": [],
                "room_capacity": 0,
                "needs_vehicle": False,
                "notice_minutes": 30,
                "horizon_days": 92,
                "urgent": False,
            }
        ],
        "openings": [
            {
                "id": "alix-1",
                "adviser": "alix",
                "venue": "maison",
                "start": "2027-01-05T09:00",
                "minutes": 180,
                "rrule": "FREQ=WEEKLY;BYDAY=TU,TH",
                "exdates": ["2027-02-09"],
                "admission": "by_appointment",
                "purposes": None,
            }
        ],
        "absences": [
            {
                "id": "conges",
                "adviser": "alix",
                "start": "2027-02-15T00:00",
                "end": "2027-02-20T00:00",
                "rrule": None,
                "title": "Congés",
            }
        ],
        "busy": [
            {
                "adviser": "alix",
                "start": "2027-01-28T10:00",
                "end": "2027-01-28T11:00",
                "transparent": False,
                "cancelled": False,
            }
        ],
        "appointments": [appointment("rdv-1", "2027-01-19T10:00")],
        "reservations": [
            {
                "id": "res-1",
                "calendar": "van",
                "title": "Livraison",
                "start": "2027-01-20T08:00",
                "minutes": 120,
                "rrule": None,
                "booked_by": "denise",
                "status": "confirmed",
            }
        ],
        "programmes": [
            {
                "id": "t1",
                "territory": "brume",
                "quarter": "2027-T1",
                "title": "Ateliers du 1er trimestre",
                "state": "published",
            }
        ],
        "workshops": [
            {
                "id": "atelier-1",
                "programme": "t1",
                "title": "Premiers pas",
                "summary": "Apportez votre téléphone.",
                "venue": "maison",
                "room": "salle",
                "vehicle": "van",
                "advisers": ["alix"],
                "start": "2027-01-26T14:00",
                "minutes": 120,
                "capacity": 8,
                "state": "published",
            }
        ],
    }


def account(key: str, **members: Any) -> Document:
    return {
        "id": key,
        "name": key.capitalize(),
        "email": f"{key}@brume.example",
        "role": "adviser",
        "organisation": "mairie",
        "profession": None,
        "home_venue": None,
        "phone": None,
        **members,
    }


def appointment(key: str, start: str, **members: Any) -> Document:
    return {
        "id": key,
        "purpose": "aide",
        "advisers": ["alix"],
        "venue": "maison",
        "room": None,
        "vehicle": None,
        "start": start,
        "booked_by": "denise",
        "status": "confirmed",
        "beneficiary": {"name": "Marcel Sage", "phone": "06 39 98 12 34"},
        **members,
    }


def reservation(key: str, calendar: str, start: str, minutes: int = 60, **members: Any) -> Document:
    return {
        "id": key,
        "calendar": calendar,
        "title": "Réunion",
        "start": start,
        "minutes": minutes,
        "booked_by": "denise",
        "status": "confirmed",
        **members,
    }


@dataclass
class Store:
    """A database, and what one does with territory files there."""

    app: Flask
    folder: Path
    url: str = ""

    def file(self, document: Document | str) -> Path:
        path = self.folder / f"{uuid.uuid4().hex}.json"
        text = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
        path.write_text(text, encoding="utf-8")
        return path

    def load(self, document: Document | str, now: datetime = NOW) -> Outcome:
        """Loads it; of a faulty one the faults are in the outcome."""
        path = self.file(document)
        with self.app.app_context():
            try:
                return database.write(lambda session: territory_file.load(session, path, now))
            except territory_file.Faulty as error:
                return error.outcome

    def examine(self, document: Document | str, now: datetime = NOW) -> Outcome:
        path = self.file(document)
        with self.app.app_context(), database.reading() as session:
            return territory_file.examine(session, path, now)

    def export(self, *, with_secrets: bool = False) -> str:
        out = io.StringIO()
        with self.app.app_context(), database.reading() as session:
            territory_file.dump(session, out, with_secrets=with_secrets)
        return out.getvalue()

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        with self.app.app_context(), database.reading() as session:
            return {
                table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
                for table in Base.metadata.sorted_tables
            }

    def rows(self, statement: str, **arguments: Any) -> list[tuple[Any, ...]]:
        with self.app.app_context(), database.reading() as session:
            return list(database.rows(session, statement, arguments))

    def do(self, statement: str, **arguments: Any) -> None:
        with self.app.app_context():
            database.write(lambda session: database.execute(session, statement, arguments))


@contextmanager
def opened(url: str, folder: Path) -> Iterator[Store]:
    app = Flask("store")
    database.connect(app, url)
    try:
        yield Store(app, folder, url)
    finally:
        with app.app_context():
            database.db.session.remove()
            database.db.engine.dispose()


@contextmanager
def fresh_store(engine_name: str, folder: Path, ask: Callable[[str], Any]) -> Iterator[Store]:
    """One more empty database; ``ask`` is pytest's way to a fixture by its name."""
    if engine_name == "sqlite":
        file = folder / f"{uuid.uuid4().hex}.sqlite3"
        shutil.copyfile(ask("sqlite_template"), file)
        with opened(f"sqlite:///{file}", folder) as store:
            yield store
    else:
        from tests.plumbing.engines import TEMPLATE

        cluster, name = ask("postgres_cluster"), f"more_{uuid.uuid4().hex}"
        with opened(cluster.create_database(name, TEMPLATE), folder) as store:
            yield store
        cluster.drop_database(name)
