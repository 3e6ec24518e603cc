"""A week as full as the planner is promised for: 60 calendars and 1,500 entries."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask
from sqlalchemy.orm import Session

from booking import database
from booking.actions import claims
from booking.models import Calendar, Opening
from booking.timeline.interval import from_aware
from tests.cast import Cast

STAMP = datetime(2027, 1, 4, tzinfo=UTC)
MONDAY = from_aware(datetime(2027, 1, 18, 8, tzinfo=UTC))
PER_CALENDAR = 25


def fill_week(app: Flask, cast: Cast, calendars: int = 60) -> None:
    """Advisers of one structure, each with openings every day and 25 appointments from 18 to 22 January 2027."""

    def work(session: Session) -> None:
        keys = database.new_keys(session, "calendar", calendars)
        for number, pk in enumerate(keys):
            session.add(
                Calendar(
                    pk=pk,
                    id=f"c{number}",
                    kind="adviser",
                    name=f"Conseil {number:02}",
                    organisation_pk=cast.brume.pk,
                    venue_pk=cast.maison.pk,
                    profession="conseiller_numerique",
                )
            )
        session.flush()
        for number, pk in enumerate(keys):
            session.add(
                Opening(
                    id=f"o{number}",
                    calendar_pk=pk,
                    venue_pk=cast.maison.pk,
                    starts_wall="2027-01-04T09:00",
                    minutes=480,
                    rrule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
                    exdates=[],
                    admission="by_appointment",
                )
            )
        entry_pks = database.new_keys(session, "entry", calendars * PER_CALENDAR)
        entries, taken = [], []
        for at, entry_pk in enumerate(entry_pks):
            calendar, nth = divmod(at, PER_CALENDAR)
            starts = MONDAY + nth // 5 * 1440 + nth % 5 * 75
            entries.append(
                {
                    "pk": entry_pk,
                    "id": f"e{at}",
                    "kind": "appointment",
                    "uid": f"e{at}@brume.example",
                    "status": "confirmed",
                    "zone": "Europe/Paris",
                    "starts": starts,
                    "ends": starts + 60,
                    "title": "Accompagnement individuel",
                    "territory_pk": cast.brume.territory_pk,
                    "venue_pk": cast.maison.pk,
                    "booked_by_pk": cast.denise.pk,
                    "before": 0,
                    "after": 0,
                    "sequence": 0,
                    "version": 1,
                    "created": STAMP,
                    "last_modified": STAMP,
                }
            )
            taken.append((entry_pk, claims.Wanted(keys[calendar], starts, starts + 60, "busy")))
        database.add_all(session, "entry", entries)
        for entry_pk, wanted in taken:
            claims.take(session, entry_pk, [wanted])

    with app.app_context():
        database.write(work)
