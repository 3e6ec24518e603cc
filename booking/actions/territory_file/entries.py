"""The lists of entries: appointments, reservations, workshops and absences, each row read into a draft."""

from datetime import datetime
from zoneinfo import ZoneInfo

from booking.actions.series import Date
from booking.actions.territory_file.catalogue import MANY, email_of, phone_of
from booking.actions.territory_file.drafts import (
    BENEFICIARY,
    EXTRA,
    Draft,
    read_extra,
    read_series,
    read_start,
    read_status,
    told_zone,
)
from booking.actions.territory_file.members import Row, minute_of
from booking.actions.territory_file.openings import adviser_named
from booking.actions.territory_file.stored import Person
from booking.actions.territory_file.world import Record, World, territory_of
from booking.models.appointments import ATTENDANCES, URGENCIES

APPOINTMENT = EXTRA | {
    *("id", "purpose", "advisers", "venue", "room", "vehicle", "start", "minutes", "before", "after"),
    *("booked_by", "status", "beneficiary", "note", "urgency", "attendance", "title"),
}
RESERVATION = EXTRA | {
    *("id", "calendar", "title", "start", "minutes", "rrule", "booked_by", "status"),
    *("kind", "calendars", "venue", "without_venue", "before", "after", "booked_for", "purpose"),
}
ABSENCE = EXTRA | {
    *("id", "adviser", "start", "end", "rrule", "title"),
    *("calendars", "end_fold", "status", "venue", "booked_by"),
}
WORKSHOP = EXTRA | {
    *("id", "programme", "title", "summary", "venue", "room", "vehicle", "advisers", "start", "minutes"),
    *("capacity", "state", "before", "after", "booked_by", "status"),
}

APPOINTMENT_STATUS = {name: name for name in ("confirmed", "tentative", "cancelled", "rejected")}
RESERVATION_STATUS = {
    "pending": "tentative",
    "confirmed": "confirmed",
    "rejected": "rejected",
    "cancelled": "cancelled",
}
RESERVATION_KINDS = ("reservation", "meeting", "drop_in")
WORKSHOP_STATES = ("draft", "published", "cancelled")


def _taken(row: Row, world: World, *, advisers_needed: bool) -> list[Record]:
    """The advisers, the room and the vehicle of a row, in this order."""
    calendars = world["calendar"]
    found = []
    advisers = row.all_named("advisers", calendars)
    if not advisers and advisers_needed and (advisers is None or not row.data["advisers"]):
        row.fault("advisers", "required")
    for index, adviser in enumerate(advisers or ()):
        if adviser.values["kind"] != "adviser":
            row.fault(f"advisers/{index}", "wrong_kind", value=adviser.key, wanted="adviser")
        else:
            found.append(adviser)
    for kind in ("room", "vehicle"):
        if row.data.get(kind) is not None:
            calendar = row.named(kind, calendars)
            if calendar is not None and calendar.values["kind"] != kind:
                row.fault(kind, "wrong_kind", value=calendar.key, wanted=kind)
            elif calendar is not None:
                found.append(calendar)
    return found


def read_appointment(row: Row, world: World, now: datetime) -> Draft | None:
    row.only(APPOINTMENT)
    key = row.id()
    purpose = row.named("purpose", world["purpose"], required=True)
    venue = row.named("venue", world["venue"])
    status = read_status(row, APPOINTMENT_STATUS)
    calendars = _taken(row, world, advisers_needed=status in ("confirmed", "tentative"))
    zone = told_zone(row, world, venue or (calendars[0] if calendars else None))
    _, starts = read_start(row, zone)
    usual = purpose.values if purpose is not None else {"minutes": 1, "before": 0, "after": 0}
    minutes = row.minutes("minutes", low=1, default=usual["minutes"]) or 1
    draft = Draft(
        "appointment",
        key or "",
        row,
        status,
        zone,
        starts,
        starts + minutes,
        calendars,
        territory_of(calendars[0] if calendars else venue),
        venue,
        row.named("booked_by", world["account"]),
        row.minutes("before", default=usual["before"]) or 0,
        row.minutes("after", default=usual["after"]) or 0,
        row.text("title"),
    )
    draft.spans = (Date(0, starts, draft.ends),)
    draft.detail = (
        None if purpose is None else purpose.key,
        row.text("note", longest=300),
        row.choice("urgency", URGENCIES),
        row.choice("attendance", ATTENDANCES),
    )
    if row.data.get("beneficiary") is not None:
        read_person(row, draft)
    read_extra(row, draft, world)
    return draft if key is not None else None


def read_person(row: Row, draft: Draft) -> None:
    inner = row.inner("beneficiary", BENEFICIARY)
    if inner is not None:
        draft.person, draft.person_number = person_of(inner)
        draft.told_of_person = frozenset(name for name, value in inner.data.items() if value is not None)


def person_of(inner: Row) -> tuple[Person, int | None]:
    """A beneficiary, and the number by which a file tells that several rows mean the same person."""
    person = Person(
        inner.text("name", longest=200),
        phone_of(inner, "phone"),
        email_of(inner, "email"),
        inner.choice("language", ("fr", "en")) or "fr",
        bool(inner.flag("consent_reminders")),
        inner.texts("needs"),
        inner.instant("anonymised_at"),
    )
    return person, inner.integer("person", 1, MANY)


def read_reservation(row: Row, world: World, now: datetime) -> Draft | None:
    row.only(RESERVATION)
    key = row.id()
    kind = row.choice("kind", RESERVATION_KINDS, default="reservation") or "reservation"
    calendars = _several(row, world, "calendar")
    place = calendars[0] if calendars else None
    zone = told_zone(row, world, place)
    start, starts = read_start(row, zone)
    minutes = row.minutes("minutes", low=1, required=True) or 1
    venue = row.named("venue", world["venue"])
    if venue is None and place is not None and not row.flag("without_venue"):
        venue = place.values["venue"]
    draft = Draft(
        kind,
        key or "",
        row,
        read_status(row, RESERVATION_STATUS),
        zone,
        starts,
        starts + minutes,
        calendars,
        territory_of(place),
        venue,
        row.named("booked_by", world["account"]),
        row.minutes("before", default=0) or 0,
        row.minutes("after", default=0) or 0,
        row.text("title"),
    )
    read_series(row, draft, start, minutes, now)
    if kind == "reservation":
        booked_for = row.named("booked_for", world["account"])
        draft.detail = (None if booked_for is None else booked_for.key, row.text("purpose"))
    read_extra(row, draft, world)
    return draft if key is not None else None


def _several(row: Row, world: World, member: str) -> list[Record]:
    """The calendar of a row, or its ``calendars`` when there are several."""
    if row.has("calendars"):
        if row.has(member):
            row.fault(member, "unknown_member")
        return row.all_named("calendars", world["calendar"]) or []
    one = row.named(member, world["calendar"], required=True)
    return [] if one is None else [one]


def read_absence(row: Row, world: World, now: datetime) -> Draft | None:
    """``end`` is that of the first date; the length of an absence is elapsed time, as everywhere."""
    row.only(ABSENCE)
    key = row.id()
    if row.has("calendars"):
        calendars = _several(row, world, "adviser")
    else:
        adviser = adviser_named(row, world)
        calendars = [] if adviser is None else [adviser]
    place = calendars[0] if calendars else None
    zone = told_zone(row, world, place)
    start, starts = read_start(row, zone)
    end = row.local("end", required=True)
    ends = starts + 1 if end is None or start is None else _end(row, start, starts, end, zone)
    draft = Draft(
        "absence",
        key or "",
        row,
        read_status(row, APPOINTMENT_STATUS),
        zone,
        starts,
        ends,
        calendars,
        territory_of(place),
        row.named("venue", world["venue"]),
        row.named("booked_by", world["account"]),
        title=row.text("title"),
    )
    read_series(row, draft, start, ends - starts, now)
    read_extra(row, draft, world)
    return draft if key is not None else None


def _end(row: Row, start: str, starts: int, end: str, zone: ZoneInfo) -> int:
    ends = minute_of(end, zone, bool(row.flag("end_fold")) if "end_fold" in row.data else False)
    if ends <= starts:
        row.fault("end", "order")
        return starts + 1
    return ends


def read_workshop(row: Row, world: World, now: datetime) -> Draft | None:
    row.only(WORKSHOP)
    key = row.id()
    programme = row.named("programme", world["programme"])
    venue = row.named("venue", world["venue"])
    calendars = _taken(row, world, advisers_needed=False)
    place = venue or (calendars[0] if calendars else None)
    zone = told_zone(row, world, place)
    _, starts = read_start(row, zone)
    minutes = row.minutes("minutes", low=1, required=True) or 1
    state = row.choice("state", WORKSHOP_STATES, default="draft") or "draft"
    status = read_status(row, APPOINTMENT_STATUS)
    territory = programme.values["territory"] if programme is not None else territory_of(place)
    if territory is None:
        row.fault("venue", "required")
    draft = Draft(
        "workshop",
        key or "",
        row,
        "cancelled" if state == "cancelled" else status,
        zone,
        starts,
        starts + minutes,
        calendars,
        territory,
        venue,
        row.named("booked_by", world["account"]),
        row.minutes("before", default=0) or 0,
        row.minutes("after", default=0) or 0,
        row.text("title", required=True),
    )
    draft.spans = (Date(0, starts, draft.ends),)
    draft.detail = (
        None if programme is None else programme.key,
        row.text("summary", longest=10_000),
        row.integer("capacity", 0, MANY, required=True) or 0,
        state,
    )
    read_extra(row, draft, world)
    return draft if key is not None else None
