"""Absences (of an adviser) and closures (of a room, of a vehicle): making and changing them, whole or one date.

An absence may be laid over what is already booked: it is accepted, and lists what it lies on, to be moved by hand.
Nothing new is put on it without saying so.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from booking.actions import audit, claims, entries
from booking.actions.displaced import Displaced, lying_on
from booking.actions.local_spans import FARTHEST, LAST_YEAR, as_time, span_of
from booking.actions.openings_editing import LONGEST_RULE
from booking.actions.rights import Actor, require, rights_on, rights_on_one
from booking.actions.series import MOST_DATES, Date, changed_dates, dates, horizon, wall_text
from booking.actions.series import series_of as series_of_entry
from booking.database import lock_calendars, rows
from booking.models import Entry, Occurrence, ReleasedClaim
from booking.models.claims import UNAVAILABLE
from booking.refusals import Fault, Forbidden, Invalid, NotFound, Stale, WrongState
from booking.timeline.interval import Span, local_day, to_minute, to_wall
from booking.timeline.recurrence import RuleError, Series, first_start, is_occurrence, occurrences_from

LONGEST_TITLE = 200


@dataclass(frozen=True)
class AbsenceDraft:
    """An absence as somebody wants it, in the calendar's own zone.

    ``start`` and ``end`` are local times (``2027-01-19T09:00``) or whole days (``2027-01-19``; the last day is
    inside). With a rule they are those of the first date.
    """

    calendar: str
    start: str
    end: str
    rrule: str | None = None
    exdates: tuple[str, ...] = ()
    title: str | None = None


@dataclass(frozen=True)
class Absent:
    """What was done: the absence, and what it lies on that is not over yet."""

    id: str
    version: int
    lies_on: tuple[Displaced, ...] = ()


@dataclass(frozen=True)
class _Place:
    """The calendar of an absence, with the zone its times are told in."""

    pk: int
    zone: ZoneInfo
    territory_pk: int
    venue_pk: int | None


@dataclass(frozen=True)
class _Sound:
    """A draft that makes sense: its first date (UTC minutes), its rule as a value, the dates it takes now."""

    starts: int
    ends: int
    series: Series | None
    draft: AbsenceDraft

    def dates(self, now: datetime) -> list[Date]:
        return [Date(0, self.starts, self.ends)] if self.series is None else _dates(self.series, {}, now)

    def columns(self) -> dict[str, object]:
        return {
            "starts": self.starts,
            "ends": self.ends,
            "title": self.draft.title or None,
            "rrule": self.draft.rrule or None,
            "exdates": list(self.draft.exdates) if self.draft.rrule else None,
            "starts_wall": None if self.series is None else self.series.start.strftime("%Y-%m-%dT%H:%M"),
        }


def add(session: Session, actor: Actor, draft: AbsenceDraft, now: datetime, *, id: str | None = None) -> Absent:
    """Lays an absence over a calendar. Raises ``Invalid``, ``NotFound``, ``Forbidden`` (only who manages may)."""
    place = _place(session, draft.calendar)
    require(rights_on_one(session, actor, place.pk), "manage")
    sound = _sound(draft, place.zone)
    taken = sound.dates(now)
    lock_calendars(session, [place.pk])
    entry_pk, entry_id, _ = entries.new_entry(
        session,
        kind="absence",
        now=now,
        status="confirmed",
        zone=place.zone.key,
        territory_pk=place.territory_pk,
        booked_by_pk=actor.pk,
        **({"id": id} if id else {}),
        **sound.columns(),
    )
    _take(session, entry_pk, [place.pk], taken)
    _note(session, actor, "absence", entry_id, now, {"starts": sound.starts, "ends": sound.ends})
    return Absent(entry_id, 1, lying_on(session, entry_pk, now))


def rest_of_today(session: Session, actor: Actor, calendar: str, title: str | None, now: datetime) -> Absent:
    """Absent from this minute to the end of the local day."""
    zone = _place(session, calendar).zone
    minute = int(now.timestamp()) // 60
    today = to_wall(minute, zone).date()
    start, end = wall_text(minute, zone), wall_text(local_day(today, zone)[1], zone)
    return add(session, actor, AbsenceDraft(calendar, start, end, title=title), now)


def change(
    session: Session, actor: Actor, absence_id: str, draft: AbsenceDraft, now: datetime, seen: int | None = None
) -> Absent:
    """Changes an absence as a whole; its single dates follow the rule again.

    Raises ``Invalid``, ``NotFound``, ``Forbidden``, ``Stale``, ``WrongState`` when it was cancelled.
    """
    entry, held = _load(session, actor, absence_id, seen)
    place = _place(session, draft.calendar)
    if place.pk not in held:
        raise Invalid([Fault("/calendar", "fixed", "an absence stays on its calendar: make another one")])
    sound = _sound(draft, ZoneInfo(entry.zone))
    _release(session, entry, now, held)
    session.execute(delete(Occurrence).where(Occurrence.entry_pk == entry.pk))
    entries.change(session, entry, now, significant=True, **sound.columns())
    _take(session, entry.pk, held, sound.dates(now))
    _note(session, actor, "change", entry.id, now, {"starts": sound.starts, "ends": sound.ends})
    return Absent(entry.id, entry.version, lying_on(session, entry.pk, now))


def remove(session: Session, actor: Actor, absence_id: str, now: datetime, seen: int | None = None) -> Absent:
    """Takes an absence away; twice is as once."""
    entry = _entry(session, absence_id)
    if entry.status == "cancelled":
        _require(session, actor, _calendars_of(session, entry))
        return Absent(entry.id, entry.version)
    entry, _ = _load(session, actor, absence_id, seen)
    claims.release(session, entry.pk, sequence=entry.sequence + 1, now=now)
    entries.change(session, entry, now, significant=True, status="cancelled")
    _note(session, actor, "cancel", entry.id, now, {"sequence": entry.sequence})
    return Absent(entry.id, entry.version)


def change_date(
    session: Session,
    actor: Actor,
    absence_id: str,
    original: str,
    now: datetime,
    *,
    start: str | None = None,
    end: str | None = None,
    seen: int | None = None,
) -> Absent:
    """Moves one date of a recurring absence, or cancels it (no ``start``).

    ``original`` is the date the rule gives (``2027-01-19``, or its local start). Raises ``NotFound`` when the
    rule gives none there, or none that is within reach yet.
    """
    entry, held = _load(session, actor, absence_id, seen)
    minute, span = _date_of(session, entry, original)
    if start is not None:
        span = span_of(start, end or start, ZoneInfo(entry.zone))
    moved = None if start is None else span
    _release_date(session, entry, minute, now, stays=moved is not None)
    entries.change(session, entry, now, significant=True)
    session.execute(
        insert(Occurrence),
        {
            "entry_pk": entry.pk,
            "original": minute,
            "starts": moved[0] if moved else None,
            "ends": moved[1] if moved else None,
            "sequence": entry.sequence,
            "last_modified": now,
        },
    )
    if moved:
        _take(session, entry.pk, held, [Date(minute, *moved)])
    _note(session, actor, "change_date" if moved else "cancel_date", entry.id, now, {"date": minute})
    return Absent(entry.id, entry.version, lying_on(session, entry.pk, now))


def undo_date(
    session: Session, actor: Actor, absence_id: str, original: str, now: datetime, seen: int | None = None
) -> Absent:
    """Lets one date be again what the rule says."""
    entry, held = _load(session, actor, absence_id, seen)
    minute, span = _date_of(session, entry, original)
    _release_date(session, entry, minute, now, stays=True)
    _forget_released(session, entry, held)
    entries.change(session, entry, now, significant=True)
    _take(session, entry.pk, held, [Date(minute, *span)])
    _note(session, actor, "undo_date", entry.id, now, {"date": minute})
    return Absent(entry.id, entry.version, lying_on(session, entry.pk, now))


def next_spans(session: Session, draft: AbsenceDraft, now: datetime, n: int = 5) -> list[Span]:
    """The next times (UTC minutes) that an absence would take, one under way among them; at most ``n``.

    Raises ``Invalid`` as laying it would.
    """
    place = _place(session, draft.calendar)
    sound, minute = _sound(draft, place.zone), int(now.timestamp()) // 60
    if sound.series is None:
        return [(sound.starts, sound.ends)] if sound.ends > minute else []
    since = minute - sound.series.minutes + 1
    return [each.span for each in islice(occurrences_from(sound.series, since), n)]


_PLACE = """
SELECT c.pk, t.timezone, o.territory_pk, c.venue_pk
FROM calendar c
JOIN organisation o ON o.pk = c.organisation_pk
LEFT JOIN venue v ON v.pk = c.venue_pk
LEFT JOIN organisation vo ON vo.pk = v.organisation_pk
JOIN territory t ON t.pk = COALESCE(vo.territory_pk, o.territory_pk)
WHERE c.id = :id AND c.active
"""


def _place(session: Session, calendar: str) -> _Place:
    found = rows(session, _PLACE, {"id": calendar})
    if not found:
        raise NotFound
    return _Place(found[0][0], ZoneInfo(found[0][1]), found[0][2], found[0][3])


def _sound(draft: AbsenceDraft, zone: ZoneInfo) -> _Sound:
    if draft.title and len(draft.title) > LONGEST_TITLE:
        raise Invalid([Fault("/title", "too_long", f"at most {LONGEST_TITLE} characters")])
    starts, ends = span_of(draft.start, draft.end, zone)
    if not draft.rrule:
        return _Sound(starts, ends, None, draft)
    if len(draft.rrule) > LONGEST_RULE:
        raise Invalid([Fault("/rrule", "too_long", f"at most {LONGEST_RULE} characters")])
    try:
        series = series_of_entry(as_time(draft.start), ends - starts, draft.rrule, draft.exdates, zone.key)
    except RuleError as error:
        member = "exdates" if error.part == "exdates" else "rrule"
        raise Invalid([Fault(f"/{member}", member, str(error))]) from error
    first = first_start(series)
    if first is None:
        raise Invalid([Fault("/rrule", "empty", "there is no such date at all")])
    starts = to_minute(first, zone)
    return _Sound(starts, starts + series.minutes, series, draft)


def _dates(series: Series, changed: dict[int, Span | None], now: datetime) -> list[Date]:
    found = dates(series, changed, horizon(series, now))
    if len(found) > MOST_DATES:
        raise Invalid([Fault("/rrule", "too_many_dates", f"at most {MOST_DATES} dates")])
    if found and found[-1].ends > FARTHEST:
        raise Invalid([Fault("/rrule", "too_far", f"no date after the year {LAST_YEAR}")])
    return found


def _entry(session: Session, absence_id: str) -> Entry:
    entry = session.scalar(select(Entry).where(Entry.kind == "absence", Entry.id == absence_id))
    if entry is None:
        raise NotFound
    return entry


def _calendars_of(session: Session, entry: Entry) -> list[int]:
    held = claims.of_entry(session, entry.pk) or claims.released_at(session, entry.pk, entry.sequence)
    return sorted({claim.calendar_pk for claim in held})


def _require(session: Session, actor: Actor, calendar_pks: Collection[int]) -> None:
    """Who manages all the calendars may; who sees one of them is told so; nobody else knows of it."""
    rights = rights_on(session, actor, calendar_pks)
    if not rights:
        raise NotFound
    if not all(pk in rights and rights[pk].manages for pk in calendar_pks):
        raise Forbidden


def _load(session: Session, actor: Actor, absence_id: str, seen: int | None) -> tuple[Entry, list[int]]:
    """The absence's row as it stands once its calendars are locked, and these."""
    entry = _entry(session, absence_id)
    held = _calendars_of(session, entry)
    _require(session, actor, held)
    lock_calendars(session, held)
    session.refresh(entry)
    if entry.status == "cancelled":
        raise WrongState("cancelled")
    if seen is not None and seen != entry.version:
        raise Stale
    return entry, held


def _series(entry: Entry) -> Series:
    if entry.rrule is None or entry.starts_wall is None:
        raise NotFound
    return series_of_entry(entry.starts_wall, entry.ends - entry.starts, entry.rrule, entry.exdates or (), entry.zone)


def _date_of(session: Session, entry: Entry, original: str) -> tuple[int, Span]:
    """One date of the series: the start (UTC minute) and the span that the rule gives."""
    series = _series(entry)
    try:
        day = date.fromisoformat(original[:10])
    except ValueError:
        raise NotFound from None
    wall = datetime.combine(day, series.start.time())
    text = wall.strftime("%Y-%m-%dT%H:%M")
    if original not in (text, text[:10]) or not is_occurrence(series, wall):
        raise NotFound
    minute = to_minute(wall, series.zone)
    within_reach = any(claim.occurrence == minute for claim in claims.of_entry(session, entry.pk))
    if not within_reach and minute not in changed_dates(session, entry.pk):
        raise NotFound
    return minute, (minute, minute + series.minutes)


def _take(session: Session, entry_pk: int, calendar_pks: Collection[int], taken: Collection[Date]) -> None:
    claims.take(
        session,
        entry_pk,
        [
            claims.Wanted(pk, one.starts, one.ends, UNAVAILABLE, exclusive=False, occurrence=one.original)
            for pk in calendar_pks
            for one in taken
        ],
    )


def _release(session: Session, entry: Entry, now: datetime, keeping: Collection[int]) -> None:
    claims.release(session, entry.pk, sequence=entry.sequence + 1, now=now, keeping=keeping)
    _forget_released(session, entry, keeping)


def _release_date(session: Session, entry: Entry, original: int, now: datetime, *, stays: bool) -> None:
    """Gives one date back. Other dates stay on the calendars, so only the very last one leaves a tombstone."""
    session.execute(delete(Occurrence).where(Occurrence.entry_pk == entry.pk, Occurrence.original == original))
    held = claims.of_entry(session, entry.pk)
    stays = stays or any(claim.occurrence != original for claim in held)
    claims.release(
        session,
        entry.pk,
        sequence=entry.sequence + 1,
        now=now,
        occurrences=[original],
        keeping={claim.calendar_pk for claim in held} if stays else (),
    )


def _forget_released(session: Session, entry: Entry, calendar_pks: Collection[int]) -> None:
    """What is taken again on a calendar leaves nothing behind there."""
    session.execute(
        delete(ReleasedClaim).where(
            ReleasedClaim.entry_pk == entry.pk, ReleasedClaim.calendar_pk.in_(sorted(calendar_pks))
        )
    )


def _note(
    session: Session, actor: Actor, action: str, absence_id: str, now: datetime, detail: dict[str, object]
) -> None:
    audit.note(
        session,
        at=now,
        account_pk=actor.pk,
        action=action,
        object_kind="absence",
        object_id=absence_id,
        detail=detail,
    )
