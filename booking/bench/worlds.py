"""Territories of any size, as files to import: the same arguments always make the same file."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

ADVISERS_A_VENUE = 5
MINUTES = 30
STARTS = tuple(9 * 60 + MINUTES * k for k in range(6)) + tuple(14 * 60 + MINUTES * k for k in range(6))
"""Minutes of the day at which appointments start: mornings from nine to twelve, afternoons from two to five."""

PURPOSES = ("droits", "numerique", "impots")
ZONE = "Europe/Paris"
Row = dict[str, Any]


@dataclass(frozen=True)
class World:
    """What was made: how many of each, and the span of dates that the appointments fill."""

    advisers: int
    appointments: int
    first_day: date
    last_day: date


def make_world(
    advisers: int,
    appointments: int,
    path: Path,
    *,
    first_day: date = date(2027, 1, 4),
    fill: float = 0.5,
    seed: int = 1,
) -> World:
    """Writes a territory file of so many advisers, each with openings on weekdays, and so many appointments.

    ``fill`` is the share of the offered half-hours that is taken from ``first_day`` on, until there are enough
    appointments. Every fifth has a room; no two overlap.
    """
    with path.open("w", encoding="utf-8") as out:
        out.write('{\n"format": "booking-territory/1"')
        for name, rows in _catalogue(advisers, first_day):
            _write(out, name, rows)
        visits = _Visits(advisers, appointments, first_day, fill, random.Random(seed))
        _write(out, "appointments", visits.rows())
        out.write("\n}\n")
    return World(advisers, appointments, first_day, visits.day)


def _write(out: TextIO, name: str, rows: Iterator[Row]) -> None:
    encode = json.JSONEncoder(ensure_ascii=False).encode
    between = f',\n"{name}": [\n'
    for row in rows:
        out.write(between + encode(row))
        between = ",\n"
    if between == ",\n":
        out.write("\n]")


def _catalogue(advisers: int, first_day: date) -> Iterator[tuple[str, Iterator[Row]]]:
    venues = range((advisers + ADVISERS_A_VENUE - 1) // ADVISERS_A_VENUE)
    yield "territories", iter([_territory()])
    yield "organisations", ({"id": f"org-{v}", "name": f"Mairie {v}", "territory": "banc"} for v in venues)
    yield "venues", (_venue(v) for v in venues)
    yield "rooms", (_room(v) for v in venues)
    yield "vehicles", (_vehicle(v) for v in venues)
    yield "accounts", (_account(a) for a in range(advisers))
    yield "purposes", (_purpose(name) for name in PURPOSES)
    yield "openings", (row for a in range(advisers) for row in _openings(a, first_day))


def _territory() -> Row:
    return {
        "id": "banc",
        "name": "Banc d'essai",
        "timezone": ZONE,
        "school_zone": "A",
        "public_holidays": "metropole",
    }


def _venue(number: int) -> Row:
    return {
        "id": f"lieu-{number}",
        "name": f"Maison {number}",
        "organisation": f"org-{number}",
        "address": "1 place de l'Église",
        "postcode": "19260",
        "commune": f"Commune {number}",
        "latitude": round(44.0 + (number % 40) * 0.05, 4),
        "longitude": round(-1.0 + (number // 40) * 0.05, 4),
    }


def _room(number: int) -> Row:
    return {"id": f"salle-{number}", "name": "Salle", "venue": f"lieu-{number}", "capacity": 8, "equipment": ["écran"]}


def _vehicle(number: int) -> Row:
    return {"id": f"van-{number}", "name": "Utilitaire", "venue": f"lieu-{number}", "seats": 3}


def _account(number: int) -> Row:
    venue = number // ADVISERS_A_VENUE
    return {
        "id": f"agent-{number}",
        "name": f"Agent {number}",
        "email": f"agent.{number}@banc.example",
        "role": "adviser",
        "organisation": f"org-{venue}",
        "profession": "conseiller_numerique" if number % 2 else "conseiller_france_services",
        "home_venue": f"lieu-{venue}",
    }


def _purpose(name: str) -> Row:
    return {"id": name, "name": name.capitalize(), "minutes": MINUTES, "notice_minutes": 30, "horizon_days": 92}


def _openings(adviser: int, first_day: date) -> Iterator[Row]:
    for half, hour in (("matin", 9), ("soir", 14)):
        yield {
            "id": f"plage-{adviser}-{half}",
            "adviser": f"agent-{adviser}",
            "venue": f"lieu-{adviser // ADVISERS_A_VENUE}",
            "start": f"{first_day.isoformat()}T{hour:02d}:00",
            "minutes": 180,
            "rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
            "admission": "by_appointment",
        }


class _Visits:
    """Appointments day by day, of every adviser in turn, until there are enough."""

    def __init__(self, advisers: int, wanted: int, first_day: date, fill: float, chance: random.Random) -> None:
        self.day = first_day
        self._advisers = advisers
        self._wanted = wanted
        self._fill = fill
        self._chance = chance

    def rows(self) -> Iterator[Row]:
        made = 0
        while made < self._wanted:
            if self.day.weekday() < 5:
                for adviser in range(self._advisers):
                    for slot, start in enumerate(STARTS):
                        if made < self._wanted and self._chance.random() < self._fill:
                            yield self._row(made, adviser, slot, start)
                            made += 1
            if made < self._wanted:
                self.day += timedelta(days=1)

    def _row(self, number: int, adviser: int, slot: int, start: int) -> Row:
        chance = self._chance
        venue = adviser // ADVISERS_A_VENUE
        # Each adviser of a venue has the room at hours of their own.
        has_room = adviser % ADVISERS_A_VENUE == slot % ADVISERS_A_VENUE
        wall = datetime.combine(self.day, datetime.min.time()) + timedelta(minutes=start)
        return {
            "id": f"rdv-{number}",
            "purpose": PURPOSES[number % len(PURPOSES)],
            "advisers": [f"agent-{adviser}"],
            "venue": f"lieu-{venue}",
            "room": f"salle-{venue}" if has_room else None,
            "vehicle": None,
            "start": wall.isoformat(timespec="minutes"),
            "minutes": MINUTES,
            "before": 0,
            "after": 0,
            "booked_by": f"agent-{(adviser + 1) % self._advisers}",
            "status": "confirmed",
            "beneficiary": {
                "name": f"{chance.choice(_FIRST)} {chance.choice(_LAST)}{number % 1000}",
                "phone": f"+3363998{chance.randrange(10_000):04d}",
                "email": None,
                "consent_reminders": False,
            },
        }


_FIRST = ("Marcel", "Suzanne", "Amandine", "Élie", "Noëlle", "Jean-Paul", "Zohra", "Maylis", "Ange", "Lucette")
_LAST = ("Sage", "Pommier", "Mouret", "Lafôret", "Castaing", "Etcheverry", "Puyo", "Brossard", "Dulac", "Vialle")
