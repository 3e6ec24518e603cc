"""What a feed says of one entry: values only, checked when made, so that the writer need not ask.

An `Event` holds what its reader may see and nothing else: stripping to a sharing level is done before.
Sources: RFC 5545 §3.6.1, RFC 7986 §5, RFC 9253 §9 (REFID).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from ical_feeds.content_lines import wall
from ical_feeds.rules import check_rule
from ical_feeds.zones import known_zone

Status = Literal["CONFIRMED", "TENTATIVE", "CANCELLED"]
Klass = Literal["PUBLIC", "PRIVATE", "CONFIDENTIAL"]

TOMBSTONE_PREFIX = "Annulé : "


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry, or one changed occurrence of a series.

    ``start`` and ``end`` are local times of ``zone`` without tzinfo, an autumn night's second hour marked by
    ``fold``; or two dates for whole days (``zone`` then has no effect). The interval is half-open: a single
    whole day ends on the date after it.
    ``last_modified`` is the stored time of the last revision; it is written as DTSTAMP too.
    ``sequence`` is stored and counts significant revisions; it is written as it is.
    ``rule`` is RRULE text without its name (see `rules.feed_rule`); ``exdates`` are original starts that are
    dropped; each of ``overrides`` replaces the occurrence whose original start, in the series' zone, is its
    ``recurrence_id``.
    ``related_to`` is the uid of another entry; ``refid`` a key shared by all entries of a group.
    ``alarm_minutes`` asks for a reminder that long before the start; ``color`` is a CSS3 name; ``klass`` is
    the CLASS label, which protects nothing.
    Raises ValueError, in words, for values that could not be written faithfully.
    """

    uid: str
    sequence: int
    status: Status
    summary: str
    start: date
    end: date
    zone: str | None
    created: datetime
    last_modified: datetime
    description: str | None = None
    location: str | None = None
    url: str | None = None
    categories: tuple[str, ...] = ()
    transparent: bool = False
    rule: str | None = None
    exdates: tuple[date, ...] = ()
    overrides: tuple[Event, ...] = ()
    recurrence_id: date | None = None
    related_to: str | None = None
    refid: str | None = None
    alarm_minutes: int | None = None
    color: str | None = None
    klass: Klass | None = None

    def __post_init__(self) -> None:
        _check_identity(self)
        _check_times(self)
        if self.rule is not None:
            check_rule(self.rule, self.start)
        if self.exdates or self.overrides:
            _check_exceptions(self)

    @property
    def all_day(self) -> bool:
        """Whether the entry takes whole days."""
        return not isinstance(self.start, datetime)

    @property
    def cancelled(self) -> bool:
        """Whether the entry no longer takes place."""
        return self.status == "CANCELLED"


def tombstone(event: Event, prefix: str = TOMBSTONE_PREFIX) -> Event:
    """The event as its readers must see it once it is cancelled or gone from their calendar.

    Programs that never delete what they imported need to be told: cancelled, taking no time, without alarm,
    and named so. The changed occurrences of a series are cancelled with it. The caller has already raised
    ``sequence`` and ``last_modified``, on each. A tombstone's tombstone is itself.
    """
    summary = event.summary if event.summary.startswith(prefix) else prefix + event.summary
    overrides = tuple(tombstone(override, prefix) for override in event.overrides)
    return replace(
        event, status="CANCELLED", transparent=True, alarm_minutes=None, summary=summary, overrides=overrides
    )


def order_key(event: Event) -> tuple[str, str, str]:
    """Sorts events into a feed's order: start, uid, recurrence-id. Total, and independent of the database."""
    return wall(event.start), event.uid, wall(event.recurrence_id) if event.recurrence_id else ""


def zones_of(event: Event) -> frozenset[str]:
    """The zones whose names stand in the event's text, which the calendar around it must define."""
    own = {event.zone} if event.zone and not event.all_day else set()
    return frozenset(own).union(*map(zones_of, event.overrides))


def is_second_hour(moment: date, zone: str) -> bool:
    """Whether a local time means the later of the two instants that bear it when clocks go back."""
    if not isinstance(moment, datetime) or not moment.fold:
        return False
    aware = moment.replace(tzinfo=ZoneInfo(zone))
    return aware.utcoffset() != aware.replace(fold=0).utcoffset()


def _check_identity(event: Event) -> None:
    if not event.uid:
        raise ValueError("an event needs its uid")
    if event.sequence < 0:
        raise ValueError(f"a sequence counts from 0: {event.sequence}")
    if event.status not in ("CONFIRMED", "TENTATIVE", "CANCELLED"):
        raise ValueError(f"unknown status: {event.status!r}")
    if event.klass not in (None, "PUBLIC", "PRIVATE", "CONFIDENTIAL"):
        raise ValueError(f"unknown class: {event.klass!r}")
    if event.created.tzinfo is None or event.last_modified.tzinfo is None:
        raise ValueError("created and last_modified are aware instants")
    if event.alarm_minutes is not None and event.alarm_minutes < 0:
        raise ValueError(f"an alarm rings before the start: {event.alarm_minutes}")
    if event.color is not None and not (event.color.isascii() and event.color.isalpha()):
        raise ValueError(f"a color is a CSS3 name: {event.color!r}")


def _check_times(event: Event) -> None:
    start, end = event.start, event.end
    if isinstance(start, datetime) and isinstance(end, datetime):
        if event.zone is None:
            raise ValueError("a timed event needs its zone: other programs refuse floating times")
        known_zone(event.zone)
        if start.tzinfo is not None or end.tzinfo is not None:
            raise ValueError("start and end are local times of the event's zone, without tzinfo")
        if end <= start and not _is_later(end, start, event.zone):
            raise ValueError(f"an event ends after it starts: {start} to {end}")
    elif isinstance(start, datetime) or isinstance(end, datetime):
        raise ValueError("start and end are both times or both dates")
    elif end <= start:
        raise ValueError(f"the end of whole days is the date after the last: {start} to {end}")
    if isinstance(event.recurrence_id, datetime) and event.recurrence_id.tzinfo is not None:
        raise ValueError("a recurrence-id is a local time of the series' zone, without tzinfo")


def _is_later(end: datetime, start: datetime, zone: str) -> bool:
    if not end.fold:
        return False
    info = ZoneInfo(zone)
    return end.replace(tzinfo=info).timestamp() > start.replace(tzinfo=info).timestamp()


def _check_exceptions(series: Event) -> None:
    if series.rule is None:
        raise ValueError("only a series, with its rule, has exdates and overrides")
    for override in series.overrides:
        if override.uid != series.uid or override.recurrence_id is None:
            raise ValueError("an override has the series' uid and the original start it replaces")
        if override.rule is not None or override.exdates or override.overrides:
            raise ValueError("an override is a single occurrence")
    replaced = [override.recurrence_id for override in series.overrides if override.recurrence_id is not None]
    for moment in (*series.exdates, *replaced):
        if isinstance(moment, datetime) is series.all_day:
            raise ValueError("exdates and recurrence-ids are of the same kind as the series' start")
        if isinstance(moment, datetime) and moment.tzinfo is not None:
            raise ValueError("exdates and recurrence-ids are local times of the series' zone, without tzinfo")
    if len(set(replaced)) < len(replaced) or not set(replaced).isdisjoint(series.exdates):
        raise ValueError("an occurrence is dropped or replaced, once")
