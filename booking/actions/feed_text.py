"""From what a reader may see to iCalendar text. Pure: values in, text out; the same values give the same bytes."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from booking.actions.feed_entries import Changed, Seen
from booking.actions.feed_entries import Series as Recurring
from booking.timeline.interval import Minute, from_utc, to_minute, to_wall
from booking.timeline.recurrence import Rule, Series, aligned, make_series, rule_text
from ical_feeds import (
    ZONES,
    BusyPeriod,
    Event,
    order_key,
    tombstone,
    write_calendar,
    write_event,
    write_freebusy,
    zones_of,
)
from ical_feeds.event import Status

MIDNIGHT = time()
A_DAY = 1440
KEPT_FRAGMENTS = 10_000
REFRESH_MINUTES = 60

_FRENCH = {
    "free_busy": "Occupé",
    "busy": "Occupé",
    "absence": "Indisponible",
    "appointment": "Rendez-vous",
    "reservation": "Réservation",
    "workshop": "Atelier",
    "meeting": "Réunion",
    "drop_in": "Permanence",
    "opening:drop_in": "Permanence sans rendez-vous",
    "opening:both": "Permanence avec ou sans rendez-vous",
    "gone": "Annulé : ",
    "room": "Salle : ",
    "vehicle": "Véhicule : ",
    "booked_by": "Pris par : ",
}
_ENGLISH = {
    "free_busy": "Busy",
    "busy": "Busy",
    "absence": "Unavailable",
    "appointment": "Appointment",
    "reservation": "Reservation",
    "workshop": "Workshop",
    "meeting": "Meeting",
    "drop_in": "Drop-in session",
    "opening:drop_in": "Drop-in session",
    "opening:both": "Open, with or without appointment",
    "gone": "Cancelled: ",
    "room": "Room: ",
    "vehicle": "Vehicle: ",
    "booked_by": "Booked by: ",
}
_WORDS = {"fr": _FRENCH, "en": _ENGLISH}


class Fragment(NamedTuple):
    """The text of one entry, with what it needs to be put in its place."""

    order: tuple[str, str, str]
    text: str
    zones: frozenset[str]


def calendar_text(
    seen: Iterable[Seen],
    *,
    name: str,
    zone: str,
    language: str,
    alarm_minutes: int | None,
    source: str,
    color: str | None = None,
) -> str:
    """The whole feed."""
    made = (fragment_of(each, alarm_minutes, language) for each in seen)
    fragments = sorted(fragment for fragment in made if fragment is not None)
    return write_calendar(
        [fragment.text for fragment in fragments],
        name=name,
        timezone=zone,
        zones_used=frozenset().union(*{fragment.zones for fragment in fragments}),
        refresh_minutes=REFRESH_MINUTES,
        source=source,
        color=color,
        lang=language,
    )


def freebusy_text(
    periods: Iterable[tuple[Minute, Minute, str]],
    *,
    uid: str,
    modified: datetime,
    since: Minute,
    until: Minute,
    name: str,
    language: str,
    source: str,
) -> str:
    """The same calendars as bare busy times: ``(starts, ends, strength)`` of their claims."""
    return write_freebusy(
        [BusyPeriod(from_utc(starts), from_utc(ends), strength) for starts, ends, strength in periods],
        uid=uid,
        stamp=modified,
        start=from_utc(since),
        end=from_utc(until),
        name=name,
        refresh_minutes=REFRESH_MINUTES,
        source=source,
        lang=language,
    )


@lru_cache(maxsize=KEPT_FRAGMENTS)
def fragment_of(seen: Seen, alarm_minutes: int | None, language: str) -> Fragment | None:
    """The text of one entry, made once for the same values and kept: an entry that changed is another value.

    Nothing for a series that has no date at all.
    """
    event = _event(seen, alarm_minutes, language)
    return None if event is None else Fragment(order_key(event), write_event(event), zones_of(event))


def _event(seen: Seen, alarm_minutes: int | None, language: str) -> Event | None:
    words = _WORDS[language]
    zone = seen.zone if seen.zone in ZONES else "Europe/Paris"
    start, end = _interval(seen.starts, seen.ends, zone)
    status: Status = "TENTATIVE" if seen.tentative else "CONFIRMED"
    created = _stamp(seen.created)
    single = Event(
        uid=seen.uid,
        sequence=seen.sequence,
        status=status,
        summary=seen.title or words[seen.kind or "free_busy"],
        start=start,
        end=end,
        zone=zone,
        created=created,
        last_modified=created if seen.modified == seen.created else _stamp(seen.modified),
        location=seen.venue,
        description=_description(seen, words),
        url=seen.link,
        transparent=seen.open_to_all,
        related_to=seen.related_to,
        refid=seen.programme,
        alarm_minutes=alarm_minutes if seen.kind not in ("absence", "busy") else None,
    )
    event = single if seen.series is None else _recurring(single, seen, seen.series, zone)
    return tombstone(event, words["gone"]) if seen.gone and event is not None else event


def _description(seen: Seen, words: dict[str, str]) -> str | None:
    lines = [
        seen.note,
        words["room"] + seen.room if seen.room else None,
        words["vehicle"] + seen.vehicle if seen.vehicle else None,
        words["booked_by"] + seen.booked_by if seen.booked_by else None,
        seen.link,
    ]
    return "\n".join(line for line in lines if line) or None


def _interval(starts: Minute, ends: Minute, zone: str) -> tuple[date, date]:
    """Local start and end; two dates when whole local days are taken."""
    info = _zone(zone)
    start = datetime.fromtimestamp(starts * 60, info).replace(tzinfo=None)
    end = datetime.fromtimestamp(ends * 60, info).replace(tzinfo=None)
    if not (start.hour or start.minute or end.hour or end.minute):
        return start.date(), end.date()
    return start, end


def _recurring(single: Event, seen: Seen, recurring: Recurring, zone: str) -> Event | None:
    series = aligned(
        make_series(
            datetime.fromisoformat(recurring.starts_wall),
            seen.ends - seen.starts,
            recurring.rrule,
            recurring.exdates,
            _zone(zone),
        )
    )
    if series is None or series.rule is None:
        return None
    all_day = series.start.time() == MIDNIGHT and series.minutes % A_DAY == 0
    dropped = {_kind(datetime.combine(day, series.start.time()), all_day) for day in series.exdates}
    overrides = []
    for change in recurring.changed:
        original = _kind(datetime.combine(to_wall(change.original, series.zone), series.start.time()), all_day)
        if change.starts is None or change.ends is None:
            dropped.add(original)
        elif original not in dropped:
            overrides.append(_moved(single, change, original, zone))
    return replace(
        single,
        start=_kind(series.start, all_day),
        end=_end_of(series, all_day),
        rule=_rule(series.rule, series, all_day),
        exdates=tuple(sorted(dropped)),
        overrides=tuple(overrides),
    )


def _rule(rule: Rule, series: Series, all_day: bool) -> str:
    """The rule beside a local start has its UNTIL in UTC, beside a date it is that last date (RFC 5545 §3.3.10)."""
    if all_day and rule.until is not None:
        text = rule_text(replace(rule, until=None), series.start, series.zone)
        return f"{text};UNTIL={rule.until:%Y%m%d}"
    return rule_text(rule, series.start, series.zone)


def _end_of(series: Series, all_day: bool) -> date:
    if all_day:
        return series.start.date() + timedelta(days=series.minutes // A_DAY)
    return to_wall(to_minute(series.start, series.zone) + series.minutes, series.zone)


def _kind(wall: datetime, all_day: bool) -> date:
    return wall.date() if all_day else wall


def _moved(single: Event, change: Changed, original: date, zone: str) -> Event:
    start, end = _interval(change.starts or 0, change.ends or 0, zone)
    modified = _stamp(change.modified)
    return replace(
        single, start=start, end=end, recurrence_id=original, sequence=change.sequence, last_modified=modified
    )


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=4096)
def _stamp(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
