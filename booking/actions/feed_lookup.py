"""What a secret link opens at this moment: one statement tells the feed, its owner's rights and the revision.

Nothing of a feed's content is read here. As long as the revision stays, so does the content: it is made of the
versions of the calendars, which rise with every change on them, and of what the owner may see of each.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import TZPATH, ZoneInfo

from booking.actions.rights import Actor, rights_from
from booking.models.feeds import CALENDAR_SCOPES
from booking.timeline.interval import Minute, local_date, local_day
from ical_feeds import WRITER_VERSION, ZONES

DAYS_BACK, DAYS_AHEAD = 90, 400
TEXT_VERSION = "1"
"""Raised whenever ``feed_text`` words the same rows otherwise."""

Run = Callable[[str, Mapping[str, Any]], Sequence[tuple[Any, ...]]]
"""Runs one statement: ``database.glance``, or ``database.rows`` in a session."""

# What says that published workshops changed: how many there are, their versions, and those of their programmes.
_WORKSHOPS = """
SELECT count(*) || '.' || sum(e.version) || '.' || sum(CASE w.state WHEN 'published' THEN 1 ELSE 0 END) || '.' ||
       sum(coalesce(p.version, 0)) || '.' || sum(CASE p.state WHEN 'published' THEN 1 ELSE 0 END)
FROM workshop w JOIN entry e ON e.pk = w.entry_pk LEFT JOIN programme p ON p.pk = w.programme_pk
"""
_OF_PROGRAMME = f"{_WORKSHOPS} WHERE w.programme_pk = f.programme_pk"
_OF_TERRITORY = f"""{_WORKSHOPS}
WHERE w.programme_pk IN (SELECT x.pk FROM programme x WHERE x.territory_pk = f.territory_pk)
   OR (w.programme_pk IS NULL AND e.territory_pk = f.territory_pk)
"""  # noqa: S608 - constants

_STATEMENT = """
SELECT f.pk, f.id, f.scope, f.detail, f.alarm_minutes, f.name, f.created, f.revoked_at, f.calendar_pk,
       f.territory_pk, f.programme_pk,
       a.pk, a.role, a.organisation_pk, o.territory_pk, t.timezone, a.language, a.active,
       {workshops},
       c.pk, c.version, c.kind, c.organisation_pk, co.territory_pk, c.account_pk,
       s.account_pk, s.organisation_pk, s.level
FROM feed f
JOIN account a ON a.pk = f.account_pk
JOIN organisation o ON o.pk = a.organisation_pk
JOIN territory t ON t.pk = o.territory_pk
LEFT JOIN calendar c ON {calendars}
LEFT JOIN organisation co ON co.pk = c.organisation_pk
LEFT JOIN share s ON s.calendar_pk = c.pk
 AND (s.account_pk = a.pk OR s.organisation_pk = a.organisation_pk OR s.territory_pk = o.territory_pk)
WHERE f.secret_hash = :secret_hash
ORDER BY c.pk, s.pk
"""
_ANY_SCOPE = _STATEMENT.format(
    workshops=f"CASE WHEN f.programme_pk IS NOT NULL THEN ({_OF_PROGRAMME}) "
    f"WHEN f.territory_pk IS NOT NULL THEN ({_OF_TERRITORY}) END",
    calendars="c.pk = f.calendar_pk OR c.venue_pk = f.venue_pk OR c.organisation_pk = f.organisation_pk",
)
_OF_CALENDAR = _STATEMENT.format(workshops="CAST(NULL AS TEXT)", calendars="c.pk = f.calendar_pk")
STATEMENTS = dict.fromkeys(CALENDAR_SCOPES, _OF_CALENDAR) | {
    "venue": _STATEMENT.format(workshops="CAST(NULL AS TEXT)", calendars="c.venue_pk = f.venue_pk"),
    "organisation": _STATEMENT.format(
        workshops="CAST(NULL AS TEXT)", calendars="c.organisation_pk = f.organisation_pk"
    ),
}
"""A feed's scope never changes: once it is known, the statement holds only what that scope needs."""


class Row(NamedTuple):
    """One row of the look-up: the feed and its owner, one calendar, and a share of it that reaches the owner."""

    pk: int
    id: str
    scope: str
    detail: str
    alarm_minutes: int | None
    name: str
    created: int
    revoked_at: int | None
    calendar_pk: int | None
    territory_pk: int | None
    programme_pk: int | None
    owner_pk: int
    role: str
    organisation_pk: int
    owner_territory_pk: int
    zone: str
    language: str
    active: bool
    workshops: str | None
    of_calendar: int | None
    version: int | None
    kind: str | None
    calendar_organisation_pk: int | None
    calendar_territory_pk: int | None
    account_pk: int | None
    to_account: int | None
    to_organisation: int | None
    level: str | None


OF = Row._fields.index("of_calendar")


class Gone(Exception):
    """The link opened something once: it was revoked, its account closed, or its owner may see nothing there now."""


@dataclass(frozen=True)
class Feed:
    """A feed as it may be read at this moment.

    ``details`` tells how much each calendar (by its key) may show; calendars of which the owner may see nothing
    are not in it. ``since`` and ``until`` (UTC minutes) bound what is shown.
    """

    pk: int
    id: str
    scope: str
    detail: str
    alarm_minutes: int | None
    name: str
    created: datetime
    zone: str
    language: str
    calendar_pk: int | None
    territory_pk: int | None
    programme_pk: int | None
    details: tuple[tuple[int, str], ...]
    since: Minute
    until: Minute
    revision: str


def secret_hash(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def look_up(run: Run, hashed: str, scope: str | None = None) -> Sequence[tuple[Any, ...]]:
    """The rows behind a secret, for ``feed_of``; none when nothing ever had it. ``scope`` if it is known already."""
    return run(STATEMENTS.get(scope, _ANY_SCOPE) if scope else _ANY_SCOPE, {"secret_hash": hashed})


def today(found: Sequence[tuple[Any, ...]], now: Minute) -> tuple[date, Minute, Minute]:
    """The owner's local day, around which the window lies, with its bounds (UTC minutes)."""
    zone = _zone(Row(*found[0]).zone)
    day = local_date(now, zone)
    return day, *local_day(day, zone)


def feed_of(found: Sequence[tuple[Any, ...]], day: date, base_url: str) -> Feed:
    """The feed that these rows tell, on that day of its owner, with links to ``base_url``. Raises ``Gone``."""
    row = Row(*found[0])
    if row.revoked_at is not None or not row.active:
        raise Gone
    owner = Actor(
        row.owner_pk, "", "", None, row.role, row.organisation_pk, row.owner_territory_pk, row.zone, "", None, None
    )
    details: tuple[tuple[int, str], ...] = ()
    versions: dict[int, int] = {}
    if row.territory_pk is None and row.programme_pk is None:
        held = [each for each in found if each[OF] is not None]
        rights = rights_from(owner, [(each[OF], *each[OF + 2 :]) for each in held])
        details = tuple((key, row.detail if rights[key].sees_details else "free_busy") for key in sorted(rights))
        versions = {each[OF]: each[OF + 1] for each in held}
        if not details:
            raise Gone
    told = (
        row[:7],
        [(key, versions[key], shown) for key, shown in details],
        row.workshops,
        (row.zone, row.language, day.isoformat(), base_url),
        (WRITER_VERSION, TEXT_VERSION, zones_version()),
    )
    here = _zone(row.zone)
    return Feed(
        pk=row.pk,
        id=row.id,
        scope=row.scope,
        detail=row.detail,
        alarm_minutes=row.alarm_minutes,
        name=row.name,
        created=datetime.fromtimestamp(row.created, UTC),
        zone=row.zone if row.zone in ZONES else "Europe/Paris",
        language=row.language if row.language in ("fr", "en") else "fr",
        calendar_pk=row.calendar_pk,
        territory_pk=row.territory_pk,
        programme_pk=row.programme_pk,
        details=details,
        since=local_day(day - timedelta(DAYS_BACK), here)[0],
        until=local_day(day + timedelta(DAYS_AHEAD), here)[1],
        revision=hashlib.sha256(repr(told).encode()).hexdigest()[:32],
    )


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@cache
def zones_version() -> str:
    """Changes when the machine's knowledge of our zones does: with other offsets, other text."""
    digest = hashlib.sha256()
    for name in sorted(ZONES):
        digest.update(_zone_file(name))
    return digest.hexdigest()[:12]


def _zone_file(name: str) -> bytes:
    for folder in TZPATH:
        file = Path(folder) / name
        if file.is_file():
            return file.read_bytes()
    return resources.files("tzdata").joinpath("zoneinfo", name).read_bytes()
