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
from dataclasses import dataclass, field
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
SELECT pk, kind, id, uid, sequence, status, zone, starts, ends, title, created, last_modified, starts_wall, rrule,
       exdates, venue_pk, booked_by_pk, related_pk
FROM entry WHERE pk IN_ARRAY(:entries)
"""

_PLACES = "SELECT pk, name, address, postcode, commune FROM venue WHERE pk IN_ARRAY(:keys)"
_PEOPLE = "SELECT pk, name FROM account WHERE pk IN_ARRAY(:keys)"
_RELATED = "SELECT pk, uid FROM entry WHERE pk IN_ARRAY(:keys)"
_WORKSHOPS = """
SELECT w.entry_pk, p.id, w.summary FROM workshop w LEFT JOIN programme p ON p.pk = w.programme_pk
WHERE w.entry_pk IN_ARRAY(:keys)
"""

_PARTS = """
SELECT DISTINCT x.entry_pk, c.kind, c.name FROM claim x JOIN calendar c ON c.pk = x.calendar_pk
WHERE x.entry_pk IN_ARRAY(:keys) AND c.kind IN ('room', 'vehicle')
ORDER BY x.entry_pk, c.name
"""

_CHANGED = """
SELECT entry_pk, original, starts, ends, sequence, last_modified FROM occurrence
WHERE entry_pk IN_ARRAY(:keys) ORDER BY entry_pk, original
"""

_PUBLISHED = """
SELECT w.entry_pk, w.state FROM workshop w JOIN entry e ON e.pk = w.entry_pk
LEFT JOIN programme p ON p.pk = w.programme_pk
WHERE (w.programme_pk = :programme OR p.territory_pk = :territory
       OR (w.programme_pk IS NULL AND e.territory_pk = :territory))
  AND w.state IN ('published', 'cancelled') AND (p.pk IS NULL OR p.state = 'published')
  AND e.starts < :until AND e.ends > :since
"""


class _Entry(NamedTuple):
    pk: int
    kind: str
    id: str
    uid: str
    sequence: int
    status: str
    zone: str
    starts: int
    ends: int
    title: str | None
    created: int
    last_modified: int
    starts_wall: str | None
    rrule: str | None
    exdates: str | list[str] | None
    venue_pk: int | None
    booked_by_pk: int | None
    related_pk: int | None


class Left(NamedTuple):
    """What an entry no longer holds: its own start and end there, and the sequence and time at which it left."""

    sequence: int
    released_at: int
    starts: int
    ends: int


def read(session: Session, feed: Feed, base_url: str) -> list[Seen]:
    """What stands on the calendars of a feed around its day, tombstones included; at most nine statements."""
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


@dataclass
class Surroundings:
    """What entries refer to, by key: read once for all of them, and only as far as their levels allow."""

    places: dict[int, str | None] = field(default_factory=dict)
    people: dict[int, str] = field(default_factory=dict)
    related: dict[int, str] = field(default_factory=dict)
    workshops: dict[int, tuple[str | None, str | None]] = field(default_factory=dict)
    rooms: dict[int, list[str]] = field(default_factory=dict)
    vehicles: dict[int, list[str]] = field(default_factory=dict)
    changed: dict[int, list[Changed]] = field(default_factory=dict)


def _seen(
    session: Session,
    levels: dict[int, str],
    left: dict[int, Left],
    base_url: str,
    cancelled: Iterable[int] = (),
) -> list[Seen]:
    found = [_Entry(*row) for row in rows(session, _ENTRIES, {"entries": list(levels)})] if levels else []
    around = _surroundings(session, found, levels)
    return [
        _stripped(entry, levels[entry.pk], left.get(entry.pk), entry.pk in cancelled, around, base_url)
        for entry in found
    ]


def _surroundings(session: Session, entries: Sequence[_Entry], levels: dict[int, str]) -> Surroundings:
    def read(statement: str, keys: Iterable[int | None]) -> Sequence[tuple[Any, ...]]:
        wanted = sorted({key for key in keys if key is not None})
        return rows(session, statement, {"keys": wanted}) if wanted else ()

    limited = [entry for entry in entries if levels[entry.pk] != "free_busy"]
    full = [entry for entry in limited if levels[entry.pk] == "full"]
    around = Surroundings(
        places={pk: place(*parts) for pk, *parts in read(_PLACES, (entry.venue_pk for entry in limited))},
        people=dict(read(_PEOPLE, (entry.booked_by_pk for entry in full))),
        related=dict(read(_RELATED, (entry.related_pk for entry in limited))),
        workshops={
            pk: (programme, summary)
            for pk, programme, summary in read(_WORKSHOPS, (e.pk for e in limited if e.kind == "workshop"))
        },
    )
    for entry_pk, kind, name in read(_PARTS, (entry.pk for entry in full)):
        (around.rooms if kind == "room" else around.vehicles).setdefault(entry_pk, []).append(name)
    for entry_pk, *change in read(_CHANGED, (entry.pk for entry in entries if entry.rrule is not None)):
        around.changed.setdefault(entry_pk, []).append(Changed(*change))
    return around


def _stripped(
    entry: _Entry, level: str, left: Left | None, cancelled: bool, around: Surroundings, base_url: str
) -> Seen:
    cancelled = cancelled or entry.status in ("cancelled", "rejected")
    # What went on on somebody else's calendar is told as it left this one, and nothing of after that.
    elsewhere = left is not None and not (cancelled and left.sequence == entry.sequence)
    sequence, modified, starts, ends = entry.sequence, entry.last_modified, entry.starts, entry.ends
    if left is not None and elsewhere:
        sequence, modified = left.sequence, left.released_at
        if entry.rrule is None:
            starts, ends = left.starts, left.ends
    known = level != "free_busy"
    placed = known and not elsewhere
    everything = placed and level == "full"
    programme, summary = around.workshops.get(entry.pk, (None, None)) if known else (None, None)
    absent = entry.kind == "absence"
    return Seen(
        uid=entry.uid,
        sequence=sequence,
        tentative=entry.status == "tentative",
        gone=cancelled or elsewhere,
        zone=entry.zone,
        starts=starts,
        ends=ends,
        created=entry.created,
        modified=modified,
        series=_series(entry, around),
        kind=entry.kind if known else None,
        # Why somebody is away, and what was imported from elsewhere, is not for every colleague.
        title=entry.title if known and not absent and entry.kind != "busy" else None,
        related_to=around.related.get(entry.related_pk) if known and entry.related_pk is not None else None,
        programme=programme,
        venue=around.places.get(entry.venue_pk) if placed and entry.venue_pk is not None else None,
        note=(entry.title if absent and everything else summary) if placed else None,
        room=", ".join(around.rooms.get(entry.pk, ())) or None if everything else None,
        vehicle=", ".join(around.vehicles.get(entry.pk, ())) or None if everything else None,
        booked_by=around.people.get(entry.booked_by_pk) if everything and entry.booked_by_pk is not None else None,
        link=_link(base_url, entry.kind, entry.id, starts) if everything else None,
    )


def _series(entry: _Entry, around: Surroundings) -> Series | None:
    if entry.rrule is None or entry.starts_wall is None:
        return None
    listed = json.loads(entry.exdates) if isinstance(entry.exdates, str) else entry.exdates
    return Series(entry.starts_wall, entry.rrule, tuple(listed or ()), tuple(around.changed.get(entry.pk, ())))


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
