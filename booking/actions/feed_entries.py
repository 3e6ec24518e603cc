"""What stands in a feed: rows by plain statements, stripped at once to what the feed's owner may see.

``Seen`` holds nothing that its reader may not read, so no later step can let it out. Levels, for each entry the
highest of the feed's calendars it stands on:

* ``free_busy``: when, and whether it is certain;
* ``limited``: also what it is and at which venue;
* ``full``: also room, vehicle, who booked it, and a link that asks to sign in.

A beneficiary, a phone number or a note is never read here at all.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from booking.actions.feed_lookup import Feed
from booking.database import rows
from booking.models.claims import LONG_MINUTES

LEVELS = ("free_busy", "limited", "full")
_RANK = {level: rank for rank, level in enumerate(LEVELS)}


class Changed(NamedTuple):
    """One date of a series: ``original`` (UTC minute) dropped (``starts`` absent) or moved."""

    original: int
    starts: int | None
    ends: int | None
    sequence: int
    modified: int


class Series(NamedTuple):
    """How an entry recurs: its local start, its rule, its exceptions."""

    starts_wall: str
    rrule: str
    exdates: tuple[str, ...]
    changed: tuple[Changed, ...]


class Seen(NamedTuple):
    """One entry as the reader may see it. Times in UTC minutes, stamps in seconds since 1970.

    ``kind`` is absent where the reader may not know what it is. ``gone`` marks what was cancelled or left.
    """

    uid: str
    sequence: int
    tentative: bool
    gone: bool
    zone: str
    starts: int
    ends: int
    created: int
    modified: int
    kind: str | None = None
    title: str | None = None
    venue: str | None = None
    note: str | None = None
    room: str | None = None
    vehicle: str | None = None
    booked_by: str | None = None
    link: str | None = None
    related_to: str | None = None
    programme: str | None = None
    series: Series | None = None
    open_to_all: bool = False


_ON_CALENDARS = f"""
SELECT DISTINCT entry_pk, calendar_pk FROM claim
WHERE calendar_pk IN_ARRAY(:calendars) AND starts >= :day_before AND starts < :until AND ends > :since
UNION
SELECT DISTINCT entry_pk, calendar_pk FROM claim
WHERE calendar_pk IN_ARRAY(:calendars) AND ends - starts > {LONG_MINUTES} AND starts < :day_before AND ends > :since
"""  # noqa: S608 - constants

_LEFT = """
SELECT r.entry_pk, r.calendar_pk, r.sequence, r.released_at, r.occurrence,
       r.starts + CASE c.kind WHEN 'room' THEN c.setup_minutes ELSE e.before END,
       r.ends - CASE c.kind WHEN 'room' THEN c.cleanup_minutes ELSE e.after END
FROM released_claim r JOIN calendar c ON c.pk = r.calendar_pk JOIN entry e ON e.pk = r.entry_pk
WHERE r.calendar_pk IN_ARRAY(:calendars) AND r.ends > :since AND r.starts < :until
"""

_ENTRIES = """
SELECT e.pk, e.kind, e.id, e.uid, e.sequence, e.status, e.zone, e.starts, e.ends, e.title, e.created,
       e.last_modified, e.starts_wall, e.rrule, e.exdates, v.name, v.address, v.postcode, v.commune, b.name, r.uid,
       p.id, w.summary
FROM entry e
LEFT JOIN venue v ON v.pk = e.venue_pk
LEFT JOIN account b ON b.pk = e.booked_by_pk
LEFT JOIN entry r ON r.pk = e.related_pk
LEFT JOIN workshop w ON w.entry_pk = e.pk
LEFT JOIN programme p ON p.pk = w.programme_pk
WHERE e.pk IN_ARRAY(:entries)
"""

_PARTS = """
SELECT DISTINCT x.entry_pk, c.kind, c.name FROM claim x JOIN calendar c ON c.pk = x.calendar_pk
WHERE x.entry_pk IN_ARRAY(:entries) AND c.kind IN ('room', 'vehicle')
ORDER BY x.entry_pk, c.name
"""

_CHANGED = """
SELECT entry_pk, original, starts, ends, sequence, last_modified FROM occurrence
WHERE entry_pk IN_ARRAY(:entries) ORDER BY entry_pk, original
"""

_PUBLISHED = """
SELECT w.entry_pk, w.state FROM workshop w JOIN entry e ON e.pk = w.entry_pk
LEFT JOIN programme p ON p.pk = w.programme_pk
WHERE (w.programme_pk = :programme OR p.territory_pk = :territory
       OR (w.programme_pk IS NULL AND e.territory_pk = :territory))
  AND w.state IN ('published', 'cancelled') AND (p.pk IS NULL OR p.state = 'published')
  AND e.starts < :until AND e.ends > :since
"""


class Left(NamedTuple):
    """What an entry no longer holds: its own start and end there, and the sequence and time at which it left."""

    sequence: int
    released_at: int
    starts: int
    ends: int


def read(session: Session, feed: Feed, base_url: str) -> list[Seen]:
    """What stands on the calendars of a feed around its day, tombstones included; at most five statements."""
    window = {"since": feed.since, "until": feed.until}
    shown = dict(feed.details)
    arguments = {**window, "calendars": list(shown), "day_before": feed.since - LONG_MINUTES}
    levels: dict[int, str] = {}
    for entry_pk, calendar_pk in rows(session, _ON_CALENDARS, arguments):
        _raise(levels, entry_pk, shown[calendar_pk])
    left: dict[int, Left] = {}
    for entry_pk, calendar_pk, sequence, released_at, _, starts, ends in rows(session, _LEFT, arguments):
        if entry_pk not in levels or entry_pk in left:
            known = left.get(entry_pk)
            if known is None or (sequence, starts) >= (known.sequence, known.starts):
                left[entry_pk] = Left(sequence, released_at, starts, max(ends, starts + 1))
            _raise(levels, entry_pk, shown[calendar_pk])
    return _seen(session, levels, left, base_url)


def read_published(session: Session, feed: Feed, base_url: str) -> list[Seen]:
    """The published workshops of a programme or a territory, and the tombstones of those cancelled afterwards."""
    found = rows(
        session,
        _PUBLISHED,
        {
            "programme": feed.programme_pk if feed.programme_pk is not None else -1,
            "territory": feed.territory_pk if feed.territory_pk is not None else -1,
            "since": feed.since,
            "until": feed.until,
        },
    )
    cancelled = {entry_pk for entry_pk, state in found if state == "cancelled"}
    seen = _seen(session, {entry_pk: feed.detail for entry_pk, _ in found}, {}, base_url, cancelled)
    return [each._replace(open_to_all=True) for each in seen]


def _raise(levels: dict[int, str], entry_pk: int, level: str) -> None:
    if entry_pk not in levels or _RANK[level] > _RANK[levels[entry_pk]]:
        levels[entry_pk] = level


def _seen(
    session: Session,
    levels: dict[int, str],
    left: dict[int, Left],
    base_url: str,
    cancelled: Iterable[int] = (),
) -> list[Seen]:
    found = rows(session, _ENTRIES, {"entries": list(levels)}) if levels else []
    full = [key for key, level in levels.items() if level == "full"]
    rooms: dict[int, list[str]] = {}
    vehicles: dict[int, list[str]] = {}
    for entry_pk, kind, name in rows(session, _PARTS, {"entries": full}) if full else ():
        (rooms if kind == "room" else vehicles).setdefault(entry_pk, []).append(name)
    recurring = [row[0] for row in found if row[13] is not None]
    changed: dict[int, list[Changed]] = {}
    for entry_pk, *change in rows(session, _CHANGED, {"entries": recurring}) if recurring else ():
        changed.setdefault(entry_pk, []).append(Changed(*change))
    return [
        _stripped(
            row,
            levels[row[0]],
            left.get(row[0]),
            row[0] in cancelled,
            changed.get(row[0], ()),
            rooms.get(row[0]),
            vehicles.get(row[0]),
            base_url,
        )
        for row in found
    ]


def _stripped(
    row: Sequence[Any],
    level: str,
    left: Left | None,
    cancelled: bool,
    changed: Iterable[Changed],
    rooms: list[str] | None,
    vehicles: list[str] | None,
    base_url: str,
) -> Seen:
    _, kind, entry_id, uid, sequence, status, zone, starts, ends, title, created, modified = row[:12]
    starts_wall, rrule, exdates, venue, address, postcode, commune, booker, related, programme, summary = row[12:]
    cancelled = cancelled or status in ("cancelled", "rejected")
    elsewhere = False
    if left is not None and not (cancelled and left.sequence == sequence):
        # It went on on somebody else's calendar: this reader is told when it left, and nothing of after that.
        elsewhere = True
        sequence, modified = left.sequence, left.released_at
        starts, ends = (left.starts, left.ends) if rrule is None else (starts, ends)
    series = None
    if rrule is not None and starts_wall is not None:
        listed = json.loads(exdates) if isinstance(exdates, str) else exdates
        series = Series(starts_wall, rrule, tuple(listed or ()), tuple(changed))
    seen = Seen(
        uid=uid,
        sequence=sequence,
        tentative=status == "tentative",
        gone=cancelled or elsewhere,
        zone=zone,
        starts=starts,
        ends=ends,
        created=created,
        modified=modified,
        series=series,
    )
    if level == "free_busy":
        return seen
    known = {
        "kind": kind,
        # Why somebody is away, and what was imported from elsewhere, is not a colleague's to read.
        "title": title if kind not in ("absence", "busy") else None,
        "related_to": related,
        "programme": programme,
    }
    if elsewhere:
        return seen._replace(**known)
    known |= {"venue": place(venue, address, postcode, commune), "note": summary}
    if level == "full":
        known |= {
            "note": title if kind == "absence" else summary,
            "room": ", ".join(rooms) if rooms else None,
            "vehicle": ", ".join(vehicles) if vehicles else None,
            "booked_by": booker,
            "link": _link(base_url, kind, entry_id, starts),
        }
    return seen._replace(**known)


def place(name: str | None, address: str | None, postcode: str | None, commune: str | None) -> str | None:
    if name is None:
        return None
    town = f"{postcode or ''} {commune or ''}".strip()
    return ", ".join(part for part in (name, address, town) if part)


def _link(base_url: str, kind: str, entry_id: str, starts: int) -> str:
    """The entry's own page, or the planning of its day; both ask to sign in."""
    if kind == "appointment":
        return f"{base_url}/rendez-vous/{entry_id}"
    return f"{base_url}/planning/{date.fromordinal(datetime(1970, 1, 1).toordinal() + starts // 1440).isoformat()}"  # noqa: DTZ001
