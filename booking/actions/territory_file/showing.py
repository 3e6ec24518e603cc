"""Stored entries as rows of a territory file: the reverse of reading them, member for member."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from booking.actions.series import Date, dates, series_of
from booking.actions.territory_file.drafts import STANDING, derived_claims
from booking.actions.territory_file.entries import APPOINTMENT_STATUS, RESERVATION_STATUS
from booking.actions.territory_file.stored import Busy, Changed, Enrolled, Held, Person, Released, Stored
from booking.actions.territory_file.world import Numbers, Record, World, territory_of
from booking.models.claims import BUSY
from booking.timeline.interval import Minute, to_minute, to_wall

Values = dict[str, Any]

_APPOINTMENT_WORD = {status: word for word, status in APPOINTMENT_STATUS.items()}
_RESERVATION_WORD = {status: word for word, status in RESERVATION_STATUS.items()}


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _local(minute: Minute, zone: ZoneInfo) -> tuple[str, bool]:
    """The local time as files write it, and whether the clocks show it for the second time."""
    wall = to_wall(minute, zone)
    return wall.replace(fold=0).isoformat(timespec="minutes"), bool(wall.fold)


def stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc(minute: Minute) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%MZ")


def show_appointment(entry: Stored, world: World, numbers: Numbers) -> Values:
    zone = _zone(entry.zone)
    start, fold = _local(entry.starts, zone)
    advisers, room, vehicle = _by_kind(entry, world)
    venue = _venue(entry, world)
    taken = [*advisers, *(each for each in (room, vehicle) if each is not None)]
    purpose, note, urgency, attendance = entry.detail
    row: Values = {
        "id": entry.id,
        "purpose": purpose,
        "advisers": [adviser.key for adviser in advisers],
        "venue": entry.venue,
        "room": None if room is None else room.key,
        "vehicle": None if vehicle is None else vehicle.key,
        "start": start,
        "minutes": entry.ends - entry.starts,
        "before": entry.before,
        "after": entry.after,
        "booked_by": entry.booked_by,
        "status": _APPOINTMENT_WORD[entry.status],
        "beneficiary": None if entry.person is None else show_person(entry.person, entry.person_pk, numbers),
    }
    if note is not None:
        row["note"] = note
    if urgency is not None:
        row["urgency"] = urgency
    if attendance != "unknown":
        row["attendance"] = attendance
    if entry.title is not None and entry.title != world["purpose"][purpose]["name"]:
        row["title"] = entry.title
    place = venue or (taken[0] if taken else None)
    _show_extra(row, entry, world, "appointment", taken, place, taken[0] if taken else venue, fold)
    return row


def _by_kind(entry: Stored, world: World) -> tuple[list[Record], Record | None, Record | None]:
    """The advisers of an entry, its first room and its first vehicle."""
    calendars = [world["calendar"][key] for key in entry.calendars()]
    by_kind: dict[str, list[Record]] = {"adviser": [], "room": [], "vehicle": []}
    for calendar in calendars:
        by_kind[calendar.values["kind"]].append(calendar)
    rooms, vehicles = by_kind["room"], by_kind["vehicle"]
    return by_kind["adviser"], rooms[0] if rooms else None, vehicles[0] if vehicles else None


def _venue(entry: Stored, world: World) -> Record | None:
    return None if entry.venue is None else world["venue"][entry.venue]


def show_person(person: Person, pk: int | None, numbers: Numbers) -> Values:
    row: Values = {"name": person.name, "phone": person.phone}
    if person.email is not None:
        row["email"] = person.email
    if person.consent_reminders:
        row["consent_reminders"] = True
    if person.language != "fr":
        row["language"] = person.language
    if person.needs is not None:
        row["needs"] = person.needs
    if person.anonymised_at is not None:
        row["anonymised_at"] = stamp(person.anonymised_at)
    number = numbers.of(pk)
    if number is not None:
        row["person"] = number
    return row


def show_reservation(entry: Stored, world: World, kind: str) -> Values:
    start, fold = _start(entry)
    calendars = [world["calendar"][key] for key in entry.calendars()]
    place = calendars[0] if calendars else None
    row: Values = {
        "id": entry.id,
        **_of_calendars("calendar", calendars, True),
        "title": entry.title,
        "start": start,
        "minutes": entry.ends - entry.starts,
        "rrule": entry.rrule,
        "booked_by": entry.booked_by,
        "status": _RESERVATION_WORD[entry.status],
    }
    if kind != "reservation":
        row["kind"] = kind
    usual = None if place is None else place.values["venue"]
    if entry.venue != (None if usual is None else usual.key):
        row.update({"venue": entry.venue} if entry.venue is not None else {"without_venue": True})
    if entry.before:
        row["before"] = entry.before
    if entry.after:
        row["after"] = entry.after
    if entry.detail and entry.detail[0] is not None:
        row["booked_for"] = entry.detail[0]
    if entry.detail and entry.detail[1] is not None:
        row["purpose"] = entry.detail[1]
    _show_extra(row, entry, world, kind, calendars, place, place, fold)
    return row


def _of_calendars(member: str, calendars: Sequence[Record], one_will_do: bool) -> Values:
    if len(calendars) == 1 and one_will_do:
        return {member: calendars[0].key}
    return {"calendars": [calendar.key for calendar in calendars]}


def _start(entry: Stored) -> tuple[str, bool]:
    """The start of the rule of a series, else that of the entry."""
    if entry.rrule is not None and entry.starts_wall is not None:
        return entry.starts_wall, False
    return _local(entry.starts, _zone(entry.zone))


def show_absence(entry: Stored, world: World) -> Values:
    zone = _zone(entry.zone)
    start, fold = _start(entry)
    first = entry.starts if entry.rrule is None else to_minute(datetime.fromisoformat(start), zone)
    end, end_fold = _local(first + entry.ends - entry.starts, zone)
    calendars = [world["calendar"][key] for key in entry.calendars()]
    place = calendars[0] if calendars else None
    is_advisers = place is not None and place.values["kind"] == "adviser"
    row: Values = {
        "id": entry.id,
        **_of_calendars("adviser", calendars, is_advisers),
        "start": start,
        "end": end,
        "rrule": entry.rrule,
        "title": entry.title,
    }
    if end_fold:
        row["end_fold"] = True
    if entry.status != "confirmed":
        row["status"] = entry.status
    if entry.venue is not None:
        row["venue"] = entry.venue
    if entry.booked_by is not None:
        row["booked_by"] = entry.booked_by
    _show_extra(row, entry, world, "absence", calendars, place, place, fold)
    return row


def show_workshop(entry: Stored, world: World) -> Values:
    start, fold = _start(entry)
    advisers, room, vehicle = _by_kind(entry, world)
    taken = [*advisers, *(each for each in (room, vehicle) if each is not None)]
    programme, summary, capacity, state, _ = entry.detail
    row: Values = {
        "id": entry.id,
        "programme": programme,
        "title": entry.title,
        "summary": summary,
        "venue": entry.venue,
        "room": None if room is None else room.key,
        "vehicle": None if vehicle is None else vehicle.key,
        "advisers": [adviser.key for adviser in advisers],
        "start": start,
        "minutes": entry.ends - entry.starts,
        "capacity": capacity,
        "state": state,
    }
    if entry.before:
        row["before"] = entry.before
    if entry.after:
        row["after"] = entry.after
    if entry.booked_by is not None:
        row["booked_by"] = entry.booked_by
    if entry.status != ("cancelled" if state == "cancelled" else "confirmed"):
        row["status"] = entry.status
    place = _venue(entry, world) or (taken[0] if taken else None)
    owner = place if programme is None else world["programme"][programme]["territory"]
    _show_extra(row, entry, world, "workshop", taken, place, owner, fold)
    return row


def _show_extra(
    row: Values,
    entry: Stored,
    world: World,
    kind: str,
    calendars: Sequence[Record],
    place: Record | None,
    owner: Record | None,
    fold: bool,
) -> None:
    """The members that any entry may have. ``place`` decides the zone, ``owner`` the territory, unless told."""
    row["uid"] = entry.uid
    if entry.sequence:
        row["sequence"] = entry.sequence
    if entry.version != 1:
        row["version"] = entry.version
    row["created"] = stamp(entry.created)
    row["last_modified"] = stamp(entry.last_modified)
    if entry.lapses_at is not None:
        row["lapses_at"] = utc(entry.lapses_at)
    if entry.reason is not None:
        row["reason"] = entry.reason
    if entry.related is not None:
        row["related"] = {"kind": entry.related[0], "id": entry.related[1]}
    territory = territory_of(owner)
    if territory is None or territory.key != entry.territory:
        row["territory"] = entry.territory
    if world.zone_at(place).key != entry.zone:
        row["zone"] = entry.zone
    if fold:
        row["fold"] = True
    if entry.exdates:
        row["exdates"] = entry.exdates
    if entry.dates:
        row["dates"] = [_show_date(date, _zone(entry.zone)) for date in entry.dates]
    _show_claims(row, entry, kind, calendars)


def _show_claims(row: Values, entry: Stored, kind: str, calendars: Sequence[Record]) -> None:
    """Claims, held or given back, where they are not what follows from the rest of the row."""
    standing = entry.status in STANDING
    expected = derived_claims(
        kind, entry.status, _spans(entry), entry.before, entry.after, calendars, series=entry.rrule is not None
    )
    if standing and sorted(entry.claims) != sorted(expected):
        row["claims"] = [_show_held(claim) for claim in entry.claims]
    after = [] if standing else [Released(*claim, entry.sequence, entry.last_modified) for claim in expected]
    if sorted(entry.released) != sorted(after):
        row["released"] = [
            {
                **_show_held(Held(*each[:6])),
                "sequence": each.sequence,
                "released_at": stamp(each.released_at),
            }
            for each in entry.released
        ]


def _spans(entry: Stored) -> Sequence[Date]:
    """The times of an entry; of a series, those up to the last date that was ever claimed."""
    if entry.rrule is None or entry.starts_wall is None:
        return (Date(0, entry.starts, entry.ends),)
    series = series_of(entry.starts_wall, entry.ends - entry.starts, entry.rrule, entry.exdates or (), entry.zone)
    changed = {
        date.original: None if date.starts is None or date.ends is None else (date.starts, date.ends)
        for date in entry.dates
    }
    claimed = [each.occurrence for each in entry.claims] or [each.occurrence for each in entry.released]
    return dates(series, changed, max(claimed) + 1) if claimed else ()


def _show_held(claim: Held) -> Values:
    row: Values = {"calendar": claim.calendar, "start": utc(claim.starts), "end": utc(claim.ends)}
    if claim.occurrence:
        row["occurrence"] = utc(claim.occurrence)
    if claim.strength != BUSY:
        row["strength"] = claim.strength
    if not claim.exclusive:
        row["exclusive"] = False
    return row


def _show_date(date: Changed, zone: ZoneInfo) -> Values:
    row: Values = {"date": _local(date.original, zone)[0], "start": None}
    if date.starts is not None and date.ends is not None:
        row["start"], fold = _local(date.starts, zone)
        if fold:
            row["fold"] = True
        row["minutes"] = date.ends - date.starts
    row["sequence"] = date.sequence
    if date.reason is not None:
        row["reason"] = date.reason
    row["last_modified"] = stamp(date.last_modified)
    return row


def show_busy(each: Busy, world: World) -> Values:
    calendar = world["calendar"][each.calendar]
    usual = world.zone_at(calendar)
    name = each.entry[6] if each.entry_pk is not None else usual.key
    (start, fold), (end, end_fold) = _local(each.starts, _zone(name)), _local(each.ends, _zone(name))
    row: Values = {
        "adviser": each.calendar,
        "start": start,
        "end": end,
        "transparent": each.transparent,
        "cancelled": each.cancelled,
    }
    if fold:
        row["fold"] = True
    if end_fold:
        row["end_fold"] = True
    if name != usual.key:
        row["zone"] = name
    if each.entry_pk is not None:
        entry_id, uid, sequence, version, created, last_modified, _ = each.entry
        row.update({"id": entry_id, "uid": uid})
        if sequence:
            row["sequence"] = sequence
        if version != 1:
            row["version"] = version
        row.update({"created": stamp(created), "last_modified": stamp(last_modified)})
    return row


def show_enrolment(each: Enrolled, numbers: Numbers) -> Values:
    row: Values = {
        "id": each.id,
        "workshop": each.workshop,
        "place": each.place,
        "state": each.state,
        "attendance": each.attendance,
        "enrolled_by": each.enrolled_by,
        "created": stamp(each.created),
        "beneficiary": None if each.person is None else show_person(each.person, each.person_pk, numbers),
    }
    if each.held_until is not None:
        row["held_until"] = stamp(each.held_until)
    return row
