"""How appointments are sent and told."""

from typing import Any

from booking.actions.appointment_views import AppointmentView, Person
from booking.actions.beneficiaries import NAME_LENGTH
from booking.api.instants import spoken, spoken_if, spoken_stamp
from booking.api.records import Maybe, Member, Record, needed
from booking.api.shapes import Choice, Flag, Id, Instant, ListOf, Text, Whole
from booking.api.slots import LONGEST_MINUTES
from booking.models.appointments import ATTENDANCES, URGENCIES

STATUSES = ("confirmed", "tentative", "cancelled")
STANDING = ("confirmed", "tentative")
MOST_ADVISERS = 50

WARNINGS = {
    "no_room": "the purpose asks for a room, and none was taken",
    "no_vehicle": "the purpose asks for a vehicle, and none was taken",
    "room_too_small": "the room holds fewer people than the purpose asks for",
}

WARNING = Record("Warning", {"code": needed(Choice(tuple(WARNINGS))), "detail": needed(Text())})
BENEFICIARY = Record(
    "Beneficiary",
    {
        "name": needed(Maybe(Text())),
        "phone": needed(Maybe(Text(about="E.164."))),
        "email": needed(Maybe(Text())),
        "consent_reminders": needed(Flag()),
        "language": needed(Text()),
    },
)
APPOINTMENT = Record(
    "Appointment",
    {
        "id": needed(Id("the appointment")),
        "uid": needed(Text(about="Its iCalendar identity, for life.")),
        "sequence": needed(Whole(about="iCalendar's: rises with each significant change.")),
        "version": needed(Whole(about="Rises with each change.")),
        "status": needed(Choice(STATUSES)),
        "reason": needed(Maybe(Text(about="Why it was cancelled or rejected."))),
        "lapses_at": needed(Maybe(Instant(about="When it ends of itself, if nobody confirms it."))),
        "purpose": needed(Id("its purpose")),
        "advisers": needed(ListOf(Id("an adviser"))),
        "venue": needed(Maybe(Id("its venue"))),
        "room": needed(Maybe(Id("its room"))),
        "vehicle": needed(Maybe(Id("its vehicle"))),
        "start": needed(Instant()),
        "end": needed(Instant()),
        "before": needed(Whole(about="Minutes kept free before it.")),
        "after": needed(Whole(about="Minutes kept free after it.")),
        "booked_by": needed(Maybe(Id("the account that booked it"))),
        "booked_at": needed(Instant()),
        "attendance": needed(Choice(ATTENDANCES)),
        "beneficiary": needed(Maybe(BENEFICIARY)),
        "note": needed(Maybe(Text())),
        "urgency": needed(Maybe(Choice(URGENCIES))),
        "warnings": Member(ListOf(WARNING, about="There when the purpose asks for what was not taken.")),
    },
    about="`beneficiary` and `note` are null for readers who may not know whom it is for.",
)

BENEFICIARY_SENT = Record(
    "BeneficiaryDraft",
    {
        "name": Member(Text(NAME_LENGTH)),
        "phone": Member(Text(40)),
        "email": Member(Text(254)),
        "consent_reminders": Member(Flag(about="Whether the person agrees to be reminded.")),
        "language": Member(Choice(("fr", "en"))),
    },
)
ALSO_SENT = Record(
    "AlsoDraft",
    {
        "calendar": needed(Id("a calendar")),
        "start": needed(Instant()),
        "end": needed(Instant()),
        "title": Member(Text(200)),
    },
)
_ADVISERS = ListOf(Id("an adviser"), least=1, most=MOST_ADVISERS, unique=True)
_ROOM = Id("a room", words=("any",))
_VEHICLE = Id("a vehicle", words=("any",))
_WORDS = {
    "beneficiary": Member(BENEFICIARY_SENT),
    "note": Member(Text(300)),
    "urgency": Member(Choice(URGENCIES)),
    "override": Member(Flag(about="Book it though it is no slot; for whoever manages every adviser named.")),
}
BOOKING = Record(
    "AppointmentDraft",
    {
        "purpose": needed(Id("a purpose")),
        "advisers": needed(_ADVISERS),
        "venue": needed(Id("a venue")),
        "start": needed(Instant(about="Any whole minute.")),
        "room": Member(_ROOM),
        "vehicle": Member(_VEHICLE),
        "minutes": Member(Whole(1, LONGEST_MINUTES)),
        "before": Member(Whole(0, LONGEST_MINUTES)),
        "after": Member(Whole(0, LONGEST_MINUTES)),
        **_WORDS,
        "also": Member(ListOf(ALSO_SENT, most=20, about="Further claims in the same transaction.")),
    },
)
MOVE = Record(
    "AppointmentMove",
    {
        "start": Member(Instant()),
        "advisers": Member(_ADVISERS),
        "venue": Member(Id("a venue")),
        "room": Member(_ROOM),
        "vehicle": Member(_VEHICLE),
        "minutes": Member(Whole(1, LONGEST_MINUTES)),
        "without": Member(ListOf(Choice(("room", "vehicle")), unique=True, about="What it needs no more.")),
        **_WORDS,
    },
    about="What is absent stays as it was.",
)
REASON = Record("Reason", {"reason": Member(Text(300))})
CANCELLATION = Record(
    "Cancellation",
    {"reason": Member(Text(300)), "by": Member(Choice(("service", "beneficiary"), about="Who cancels; the service."))},
)
ATTENDANCE = Record("Attendance", {"attendance": needed(Choice(ATTENDANCES))})


def told(found: AppointmentView) -> dict[str, Any]:
    zone = found.zone
    return {
        "id": found.id,
        "uid": found.uid,
        "sequence": found.sequence,
        "version": found.version,
        "status": found.status,
        "reason": found.reason,
        "lapses_at": spoken_if(found.lapses_at, zone),
        "purpose": found.purpose,
        "advisers": [each.id for each in found.advisers],
        "venue": found.venue,
        "room": found.room.id if found.room else None,
        "vehicle": found.vehicle.id if found.vehicle else None,
        "start": spoken(found.starts, zone),
        "end": spoken(found.ends, zone),
        "before": found.before,
        "after": found.after,
        "booked_by": found.booked_by,
        "booked_at": spoken_stamp(found.booked_at, zone),
        "attendance": found.attendance,
        "beneficiary": _person(found.beneficiary),
        "note": found.note,
        "urgency": found.urgency,
    }


def _person(person: Person | None) -> dict[str, Any] | None:
    if person is None:
        return None
    return {
        "name": person.name,
        "phone": person.phone,
        "email": person.email,
        "consent_reminders": person.consent_reminders,
        "language": person.language,
    }
