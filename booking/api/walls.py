"""Local times of rules: taken as ``2027-01-19T09:00`` in the zone of the place, or as an instant with its offset."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking.api.instants import spoken
from booking.api.shapes import Day, Either, Instant, Wall
from booking.database import rows
from booking.timeline.interval import Minute, to_minute, to_wall

LOCAL = "An instant with its offset, or a local time such as 2027-01-19T09:00 in the zone of the place."
WHEN = Either((Instant(), Wall()), LOCAL)
WHEN_OR_DAY = Either((Instant(), Wall(), Day()), f"{LOCAL} A date is the whole day.")


def wall_text(when: Minute | str | date, zone: str) -> str:
    """What was read by ``WHEN`` or ``WHEN_OR_DAY`` as the local text that the actions take."""
    if isinstance(when, date):
        return when.isoformat()
    return when if isinstance(when, str) else to_wall(when, ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")


def told(wall: str, zone: str) -> str:
    """A local time of a rule with the offset that its zone has then."""
    return spoken(to_minute(datetime.fromisoformat(wall), ZoneInfo(zone)), zone)


def zone_of_venue(session: Session, venue: str | None) -> str | None:
    """The zone of a venue's territory; ``None`` when there is no such venue."""
    if venue is None:
        return None
    found = rows(
        session,
        "SELECT t.timezone FROM venue v JOIN organisation o ON o.pk = v.organisation_pk "
        "JOIN territory t ON t.pk = o.territory_pk WHERE v.id = :venue",
        {"venue": venue},
    )
    return str(found[0][0]) if found else None
