"""Helpers for the screens of the main job: openings for the cast, and pages read as a person would."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from booking import database
from booking.actions import claims
from booking.models import Entry, Opening, Share
from booking.timeline.interval import to_minute
from tests.cast import Cast

SLOT = (
    "/rendez-vous/nouveau?motif=accompagnement&ou=maison-brume&km=0"
    "&debut=2027-01-19T10:00&agenda=chloe&lieu=maison-brume"
)
"""Tuesday 19 January at 10, with Chloé at the Maison de Brume."""


def open_doors(app: Flask, cast: Cast) -> None:
    """Chloé: Maison de Brume, Tuesdays and Thursdays 9 to 12. Farid: town hall of Orme, Fridays 9 to 17.
    Alix: Maison de Brume, every morning of the week."""

    def work(session: Session) -> None:
        for name, calendar, venue, start, minutes, days in (
            ("chloe-1", cast.chloe_calendar, cast.maison, "2027-01-05T09:00", 180, "TU,TH"),
            ("farid-1", cast.farid_calendar, cast.mairie, "2027-01-08T09:00", 480, "FR"),
            ("alix-1", cast.alix_calendar, cast.maison, "2027-01-04T09:00", 180, "MO,TU,WE,TH,FR"),
        ):
            session.add(
                Opening(
                    id=name,
                    calendar_pk=calendar.pk,
                    venue_pk=venue.pk,
                    starts_wall=start,
                    minutes=minutes,
                    rrule=f"FREQ=WEEKLY;BYDAY={days}",
                    exdates=[],
                    admission="by_appointment",
                )
            )

    with app.app_context():
        database.write(work)


def share(app: Flask, calendar_pk: int, level: str, *, organisation_pk: int | None, territory_pk: int | None) -> None:
    """What one audience may do with a calendar, instead of the default."""
    with app.app_context():
        database.write(
            lambda session: session.add(
                Share(
                    calendar_pk=calendar_pk,
                    organisation_pk=organisation_pk,
                    territory_pk=territory_pk,
                    level=level,
                )
            )
        )


def at(wall: str) -> int:
    """A Paris time as a UTC minute."""
    return to_minute(datetime.fromisoformat(wall), ZoneInfo("Europe/Paris"))


def absent(app: Flask, calendar_pk: int) -> None:
    """Away all of Monday 18 January."""

    def work(session: Session) -> None:
        stamp = datetime(2027, 1, 4, tzinfo=UTC)
        starts, ends = at("2027-01-18T00:00"), at("2027-01-19T00:00")
        entry = Entry(
            id="absence-1",
            kind="absence",
            uid="absence-1@brume.example",
            status="confirmed",
            zone="Europe/Paris",
            starts=starts,
            ends=ends,
            territory_pk=1,
            created=stamp,
            last_modified=stamp,
        )
        session.add(entry)
        session.flush()
        claims.take(session, entry.pk, [claims.Wanted(calendar_pk, starts, ends, "busy-unavailable", exclusive=False)])

    with app.app_context():
        database.write(work)


def words(page: str) -> str:
    """The main part of a page as text, spaces made plain."""
    main = re.search(r"<main.*</main>", page, re.DOTALL)
    text = re.sub(r"<(script|style|datalist).*?</\1>", " ", main.group() if main else page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).replace("\N{NO-BREAK SPACE}", " ").split())


def slots_of(page: str) -> list[tuple[str, str]]:
    """The slots of a page in order: local start and whose."""
    found = re.findall(r'class="slot" href="([^"]+)"', page)
    asked = [parse_qs(urlsplit(html.unescape(address)).query) for address in found]
    return [(each["debut"][0], "+".join(each["agenda"])) for each in asked]


def book(client: FlaskClient, address: str = SLOT, **fields: str) -> str:
    """Books as somebody would; the address of the appointment's page."""
    answer = client.post(address, data={"name": "Yvette Bouhier", **fields})
    assert answer.status_code == 303, words(answer.text)
    return answer.headers["Location"]
