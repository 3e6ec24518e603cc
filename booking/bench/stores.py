"""Databases of any size for the benchmarks, filled directly: a territory of advisers with rooms, vans, appointments."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import insert
from sqlalchemy.orm import Session

from booking import database
from booking.actions.claims import take_many
from booking.models import (
    Account,
    Calendar,
    Opening,
    Organisation,
    Purpose,
    Territory,
    Venue,
)
from booking.timeline.interval import minute_of_day

NOW = datetime(2027, 1, 18, 5, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Paris")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR")
ADVISERS_A_VENUE = 5
ROOMS_A_VENUE = 2
AHEAD_DAYS = 42
A_DAY = tuple(range(9 * 60, 17 * 60 + 30, 45))
"""Starts (minutes of the local day) at which an adviser has an appointment, or not."""
TAKEN = 0.27
"""The share of them that is taken in the weeks ahead, as far as there are appointments enough."""


@dataclass(frozen=True)
class Store:
    """What was made."""

    advisers: int
    appointments: int
    account_pk: int


@contextmanager
def service(url: str) -> Iterator[Flask]:
    """The database alone, as the service binds it."""
    database.upgrade(url)
    app = Flask("booking")
    database.connect(app, url)
    with app.app_context():
        yield app
        database.db.session.remove()
        database.db.engine.dispose()


def fill(session: Session, advisers: int, appointments: int, seed: int = 1) -> Store:
    """So many advisers open on weekdays, and so many appointments: six weeks ahead first, the rest in the past.

    One appointment in five takes a room as well, one in ten a van.
    """
    chance = random.Random(seed)
    account_pk, calendars = _catalogue(session, advisers, chance)
    entries: list[tuple[Any, ...]] = []
    taken: list[tuple[Any, ...]] = []
    for entry_pk, (adviser, number, starts) in enumerate(_times(advisers, appointments, chance), 1):
        entries.append(_entry(entry_pk, starts))
        venue = adviser // ADVISERS_A_VENUE
        taken.append((entry_pk, calendars["adviser", adviser], 0, starts - 5, starts + 40, "busy", True))
        # Each adviser of a venue has room and van at hours of their own, so that they never meet.
        if adviser % ADVISERS_A_VENUE == number % ADVISERS_A_VENUE:
            taken.append((entry_pk, calendars["room", venue * ROOMS_A_VENUE], 0, starts, starts + 40, "busy", True))
            if number % 2:
                taken.append((entry_pk, calendars["vehicle", venue], 0, starts - 5, starts + 40, "busy", True))
    database.pour(session, "entry", _ENTRY, entries)
    database.pour(session, "appointment", _APPOINTMENT, [(each[0], 1, "unknown") for each in entries])
    take_many(session, taken)
    return Store(advisers, len(entries), account_pk)


def _catalogue(session: Session, advisers: int, chance: random.Random) -> tuple[int, dict[tuple[str, int], int]]:
    venues = -(-advisers // ADVISERS_A_VENUE)
    session.execute(
        insert(Territory), {"pk": 1, "id": "t", "name": "T", "timezone": ZONE.key, "public_holidays": "metropole"}
    )
    session.execute(insert(Organisation), {"pk": 1, "id": "o", "name": "O", "territory_pk": 1})
    session.execute(
        insert(Account),
        {"pk": 1, "id": "denise", "name": "D", "role": "secretary", "organisation_pk": 1},
    )
    session.execute(
        insert(Purpose),
        {
            "pk": 1,
            "id": "visite",
            "name": "Visite",
            "minutes": 45,
            "before": 5,
            "after": 5,
            "professions": [],
            "room_capacity": 2,
            "needs_vehicle": True,
        },
    )
    session.execute(insert(Venue), [_venue(number) for number in range(venues)])
    kinds = (("adviser", advisers), ("room", venues * ROOMS_A_VENUE), ("vehicle", venues))
    keys = {key: pk for pk, key in enumerate(((kind, number) for kind, n in kinds for number in range(n)), 1)}
    session.execute(insert(Calendar), [_calendar(pk, kind, number) for (kind, number), pk in keys.items()])
    session.execute(
        insert(Opening),
        [_opening(keys["adviser", number], number, which, chance) for number in range(advisers) for which in range(3)],
    )
    return 1, keys


def _venue(number: int) -> dict[str, Any]:
    place = {"latitude": 45 + number % 40 / 20, "longitude": number / 800}
    return {"pk": number + 1, "id": f"v{number}", "name": "V", "organisation_pk": 1, **place}


def _calendar(pk: int, kind: str, number: int) -> dict[str, Any]:
    share = {"adviser": ADVISERS_A_VENUE, "room": ROOMS_A_VENUE, "vehicle": 1}[kind]
    return {
        "pk": pk,
        "id": f"{kind}-{number}",
        "kind": kind,
        "name": f"{kind} {number}",
        "organisation_pk": 1,
        "venue_pk": number // share + 1,
        "capacity": 4 if kind == "room" else None,
        "equipment": [],
        "profession": "conseiller_numerique" if kind == "adviser" else None,
    }


def _opening(calendar_pk: int, number: int, which: int, chance: random.Random) -> dict[str, Any]:
    """Mornings, afternoons, an evening or two a week; hardly two advisers keep the same hours."""
    earliest, minutes, days = ((480, 180, 5), (780, 210, 5), (1020, 120, 2))[which]
    clock = earliest + 5 * chance.randrange(12)
    chosen = sorted(chance.sample(range(5), chance.randint(max(1, days - 2), days)))
    return {
        "id": f"opening-{number}-{which}",
        "calendar_pk": calendar_pk,
        "venue_pk": number // ADVISERS_A_VENUE + 1,
        "starts_wall": f"2026-{chance.randint(1, 12):02d}-05T{clock // 60:02d}:{clock % 60:02d}",
        "minutes": minutes + 15 * chance.randrange(4),
        "rrule": f"FREQ=WEEKLY;BYDAY={','.join(WEEKDAYS[day] for day in chosen)}",
        "exdates": [],
        "admission": "both",
    }


def _times(advisers: int, appointments: int, chance: random.Random) -> Iterator[tuple[int, int, int]]:
    """(adviser, number of the start in its day, start): the weekdays ahead first, then back into the past."""
    today = NOW.date().toordinal()
    days = [*range(today, today + AHEAD_DAYS), *range(today - 1, today - 40_000, -1)]
    left = appointments
    for day in days:
        if (day + 6) % 7 >= 5:
            continue
        for number, clock in enumerate(A_DAY):
            starts = minute_of_day(day, clock, ZONE)
            for adviser in range(advisers):
                if chance.random() < TAKEN:
                    if not left:
                        return
                    left -= 1
                    yield adviser, number, starts


_STAMP = int((NOW - timedelta(days=1)).timestamp())
_ENTRY = (
    *("pk", "id", "kind", "uid", "sequence", "version", "status", "zone", "starts", "ends", "before", "after"),
    *("title", "territory_pk", "venue_pk", "booked_by_pk", "created", "last_modified"),
)
_APPOINTMENT = ("entry_pk", "purpose_pk", "attendance")


def _entry(pk: int, starts: int) -> tuple[Any, ...]:
    uid = f"uid-{pk}"
    identity = (pk, f"rdv-{pk}", "appointment", uid, 0, 1, "confirmed", ZONE.key)
    return (*identity, starts, starts + 35, 5, 5, "Visite", 1, 1, 1, _STAMP, _STAMP)
