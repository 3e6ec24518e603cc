"""The tables: columns, constraints, relations. No query, no rule, no mail."""

from booking.models.appointments import Appointment, Beneficiary
from booking.models.audit import Answer, Audit, AuditSeal
from booking.models.base import Base, Instant
from booking.models.calendars import Calendar, Share
from booking.models.catalogue import Instruction, Organisation, Purpose, Territory, Venue
from booking.models.claims import Claim, ReleasedClaim
from booking.models.entries import Entry, Occurrence
from booking.models.external_calendars import ExternalCalendar, ImportedBusy
from booking.models.feeds import Feed
from booking.models.openings import Opening, OpeningChange, OpeningPurpose
from booking.models.people import Account, ApiToken, Attempt
from booking.models.referrals import Mandate, Referral
from booking.models.reminders import Reminder
from booking.models.reservations import Reservation
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
    "Claim",
    "Enrolment",
    "Entry",
    "ExternalCalendar",
    "Feed",
    "ImportedBusy",
    "Instant",
    "Instruction",
    "Mandate",
    "Occurrence",
    "Opening",
    "OpeningChange",
    "OpeningPurpose",
    "Organisation",
    "Programme",
    "ProgrammeVersion",
    "Purpose",
    "Referral",
    "ReleasedClaim",
    "Reminder",
    "Reservation",
    "Share",
    "Territory",
    "Venue",
    "Workshop",
]
