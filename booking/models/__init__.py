"""The tables: columns, constraints, relations. No query, no rule, no mail."""

from booking.models.appointments import Appointment, Beneficiary
from booking.models.audit import Answer, Audit, AuditSeal
from booking.models.base import Base, Instant
from booking.models.calendars import Calendar, Share
from booking.models.catalogue import Instruction, Organisation, Purpose, Territory, Venue
from booking.models.claims import Claim, ReleasedClaim
from booking.models.entries import Entry, Occurrence
from booking.models.equipment import EntryEquipment, Equipment
from booking.models.external_calendars import ExternalCalendar, ImportedBusy
from booking.models.feeds import Feed
from booking.models.kiosks import Kiosk
from booking.models.openings import Opening, OpeningChange, OpeningPurpose
from booking.models.people import Account, ApiToken, Attempt
from booking.models.quotas import Quota
from booking.models.referrals import Mandate, Referral
from booking.models.reminders import Reminder
from booking.models.reservations import CheckIn, RefusedWish, Reservation, Waiting
from booking.models.vehicles import KeyHolding, Maintenance, Photo, Trip
from booking.models.workshops import Enrolment, Programme, ProgrammeVersion, Workshop

__all__ = [
    "Account",
    "Answer",
    "ApiToken",
    "Appointment",
    "Attempt",
    "Audit",
    "AuditSeal",
    "Base",
    "Beneficiary",
    "Calendar",
    "CheckIn",
    "Claim",
    "Enrolment",
    "Entry",
    "EntryEquipment",
    "Equipment",
    "ExternalCalendar",
    "Feed",
    "ImportedBusy",
    "Instant",
    "Instruction",
    "KeyHolding",
    "Kiosk",
    "Maintenance",
    "Mandate",
    "Occurrence",
    "Opening",
    "OpeningChange",
    "OpeningPurpose",
    "Organisation",
    "Photo",
    "Programme",
    "ProgrammeVersion",
    "Purpose",
    "Quota",
    "Referral",
    "RefusedWish",
    "ReleasedClaim",
    "Reminder",
    "Reservation",
    "Share",
    "Territory",
    "Trip",
    "Venue",
    "Waiting",
    "Workshop",
]
