"""Entries as a file tells them: what every kind of entry has in common, and the claims that follow from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.actions.series import MOST_DATES, Date, dates, horizon
from booking.actions.territory_file.members import MANY, Row, minute_of, shown
from booking.actions.territory_file.openings import series_from
from booking.actions.territory_file.stored import Changed, Held, Person, Released
from booking.actions.territory_file.world import Record, World
from booking.models.claims import BUSY, TENTATIVE, UNAVAILABLE
from booking.models.entries import KINDS
from booking.timeline.interval import Span
from booking.timeline.recurrence import first_start

STANDING = ("confirmed", "tentative")
NOT_EXCLUSIVE = ("absence", "busy")
STRENGTHS = (BUSY, TENTATIVE, UNAVAILABLE)
SHORTEST_RRULE_MINUTES = 1

IDENTITY = frozenset({"uid", "sequence", "version", "created", "last_modified"})
EXTRA = IDENTITY | {
    *("lapses_at", "reason", "related", "territory", "zone", "fold"),
    *("claims", "released", "dates", "exdates"),
}
"""Members that any entry may have besides those of its list."""

CLAIM = frozenset({"calendar", "occurrence", "start", "end", "strength", "exclusive"})
RELEASED = CLAIM | {"sequence", "released_at"}
DATE = frozenset({"date", "start", "fold", "minutes", "sequence", "reason", "last_modified"})
RELATED = frozenset({"kind", "id"})
BENEFICIARY = frozenset({"name", "phone", "email", "consent_reminders", "language", "needs", "anonymised_at", "person"})


@dataclass(slots=True)
class Draft:
    """An entry of the file. ``told`` holds the members that only exports have, as far as they were given.

    ``spans`` are the times it takes: one, or a date each of a series. ``person`` is the beneficiary, whose
    members that were not told are absent from ``told_of_person``.
    """

    kind: str
    id: str
    row: Row
    status: str
    zone: ZoneInfo
    starts: int
    ends: int
    calendars: list[Record]
    territory: Record | None
    venue: Record | None = None
    booked_by: Record | None = None
    before: int = 0
    after: int = 0
    title: str | None = None
    starts_wall: str | None = None
    rrule: str | None = None
    exdates: list[str] | None = None
    spans: Sequence[Date] = ()
    detail: tuple[Any, ...] = ()
    person: Person | None = None
    person_number: int | None = None
    told_of_person: frozenset[str] = frozenset()
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def zone_name(self) -> str:
        return self.zone.key


def derived_claims(
    kind: str, status: str, spans: Sequence[Date], before: int, after: int, calendars: Sequence[Record], *, series: bool
) -> list[Held]:
    """The claims an entry takes: buffers inside, a room's own minutes for a room, a claim for each date."""
    exclusive = kind not in NOT_EXCLUSIVE
    strength = UNAVAILABLE if kind == "absence" else TENTATIVE if status == "tentative" else BUSY
    widths = [_width(kind, calendar, before, after) for calendar in calendars]
    return [
        Held(key, original if series else 0, starts - wide_before, ends + wide_after, strength, exclusive)
        for original, starts, ends in spans
        for key, wide_before, wide_after in widths
    ]


def _width(kind: str, calendar: Record, before: int, after: int) -> tuple[str, int, int]:
    if kind in NOT_EXCLUSIVE:
        return calendar.key, 0, 0
    values = calendar.values
    if values["kind"] == "room":
        return calendar.key, values["setup_minutes"], values["cleanup_minutes"]
    return calendar.key, before, after


def read_status(row: Row, names: dict[str, str]) -> str:
    """The status of the row in the words of its list, as the entry's."""
    word = row.choice("status", tuple(names), default="confirmed")
    return names[word or "confirmed"]


def read_start(row: Row, zone: ZoneInfo) -> tuple[str | None, int]:
    """The local start as it is written, and its instant (0 where a fault hides it)."""
    start = row.local("start", required=True)
    if start is None:
        return None, 0
    return start, minute_of(start, zone, bool(row.flag("fold")) if "fold" in row.data else False)


def told_zone(row: Row, world: World, place: Record | None) -> ZoneInfo:
    """The zone of the entry: its own if one is told, else that of its place."""
    if not row.has("zone"):
        return world.zone_at(place)
    name = row.text("zone")
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        row.fault("zone", "timezone", value=shown(name))
        return ZoneInfo("UTC")


def read_series(row: Row, draft: Draft, start: str | None, minutes: int, now: datetime) -> None:
    """Makes a series of the draft when it has a rule: its first date, its exceptions, its times."""
    if not row.has("rrule"):
        draft.spans = (Date(0, draft.starts, draft.ends),)
        return
    draft.starts_wall = start
    draft.rrule, draft.exdates, series = series_from(row, start, minutes, draft.zone)
    changed = _read_dates(row, draft)
    if series is None:
        return
    first = first_start(series)
    if first is None:
        row.warn(None, "no_date")
        return
    spans = dates(series, changed, horizon(series, now), most=MOST_DATES)
    if len(spans) > MOST_DATES:
        row.fault("rrule", "too_many_dates", most=MOST_DATES)
        return
    draft.starts = minute_of(first.strftime("%Y-%m-%dT%H:%M"), draft.zone)
    draft.ends = draft.starts + minutes
    draft.spans = spans


def _read_dates(row: Row, draft: Draft) -> dict[int, Span | None]:
    several = row.rows("dates", DATE)
    if several is None:
        return {}
    found = []
    for each in several:
        original, start = each.local("date", required=True), each.local("start")
        minutes = each.minutes("minutes", low=1, required=start is not None)
        starts = None if start is None else minute_of(start, draft.zone, bool(each.flag("fold")))
        stamped = each.instant("last_modified")
        if original is not None:
            found.append(
                Changed(
                    minute_of(original, draft.zone),
                    starts,
                    None if starts is None else starts + (minutes or 1),
                    each.integer("sequence", 0, MANY, default=0) or 0,
                    each.text("reason"),
                    stamped or 0,
                )
            )
    draft.told["dates"] = sorted(found)
    return {
        each.original: None if each.starts is None or each.ends is None else (each.starts, each.ends) for each in found
    }


def read_extra(row: Row, draft: Draft, world: World) -> None:
    """The members that only exports have. Most rows have none: then nothing is looked at."""
    data = row.data
    if data.keys().isdisjoint(EXTRA):
        return
    told = draft.told
    for name, read in _READERS.items():
        if data.get(name) is not None:
            value = read(row, name)
            if value is not None:
                told[name] = value
    if data.get("related") is not None:
        told["related"] = _read_related(row)
    if data.get("territory") is not None:
        draft.territory = row.named("territory", world["territory"]) or draft.territory
    if data.get("claims") is not None:
        told["claims"] = _read_claims(row, world)
    if data.get("released") is not None:
        told["released"] = _read_released(row, world)


def _read_uid(row: Row, name: str) -> str | None:
    uid = row.text(name, longest=255)
    if uid is not None:
        try:
            return str(UUID(uid))
        except ValueError:
            row.fault(name, "uid", value=shown(uid))
    return None


_READERS: dict[str, Callable[[Row, str], Any]] = {
    "uid": _read_uid,
    "sequence": lambda row, name: row.integer(name, 0, MANY),
    "version": lambda row, name: row.integer(name, 1, MANY),
    "created": lambda row, name: row.instant(name),
    "last_modified": lambda row, name: row.instant(name),
    "lapses_at": lambda row, name: row.utc_minute(name),
    "reason": lambda row, name: row.text(name),
}


def _read_related(row: Row) -> tuple[str, str] | None:
    inner = row.inner("related", RELATED)
    if inner is None:
        return None
    kind, key = inner.choice("kind", KINDS, required=True), inner.id()
    return None if kind is None or key is None else (kind, key)


def _read_held(each: Row, world: World) -> Held | None:
    calendar = each.named("calendar", world["calendar"], required=True)
    starts, ends = each.utc_minute("start", required=True), each.utc_minute("end", required=True)
    occurrence = each.utc_minute("occurrence")
    strength = each.choice("strength", STRENGTHS, default=BUSY)
    exclusive = each.flag("exclusive", True)
    if calendar is None or starts is None or ends is None:
        return None
    if starts >= ends:
        each.fault("end", "order")
        return None
    return Held(calendar.key, occurrence or 0, starts, ends, strength or BUSY, bool(exclusive))


def _read_claims(row: Row, world: World) -> list[Held]:
    held = [_read_held(each, world) for each in row.rows("claims", CLAIM) or ()]
    return [each for each in held if each is not None]


def _read_released(row: Row, world: World) -> list[Released]:
    found = []
    for each in row.rows("released", RELEASED) or ():
        held = _read_held(each, world)
        sequence = each.integer("sequence", 0, MANY, required=True)
        released_at = each.instant("released_at")
        if held is not None:
            found.append(Released(*held, sequence or 0, released_at or 0))
    return found
