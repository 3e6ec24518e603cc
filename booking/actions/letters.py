"""A row of the ledger becomes a mail: read anew what is true now, then say it in the addressee's language.

Between planning and sending a person may have taken back the consent, an appointment may have been moved or
cancelled; then nothing is sent, and the row says why. Mails to colleagues hold the beneficiary's initials only:
the rest is behind the sign-in. The texts are the templates of ``mail/``, one file for each kind and language,
the subject in the first line.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session

from booking.actions import people, phones
from booking.actions.reminders import ACCOUNT_KINDS, OFFSETS
from booking.config import Settings
from booking.mail import Letter
from booking.models import (
    Account,
    Appointment,
    Beneficiary,
    Calendar,
    Claim,
    Entry,
    Instruction,
    Occurrence,
    Organisation,
    Purpose,
    ReleasedClaim,
    Reminder,
    Venue,
)
from booking.timeline import spoken

LANGUAGES = ("fr", "en")
HIDDEN_LINK = "…"
"""Stands for a personal link where somebody else reads the mail."""

_FOLDERS = [Path(__file__).parent.parent / "templates", Path(__file__).parent.parent.parent / "templates"]
_COLLEAGUES_OWN = ("moved", "cancelled", "restored")
"""Kinds that are worded otherwise for a colleague than for the beneficiary."""

_WHILE_TENTATIVE = ("proposed", "reservation_proposed", "option_lapses")

Known = TypeVar("Known")


@dataclass(frozen=True)
class Unsent:
    """Why a message is not sent: the ledger's status (``skipped``, ``expired``) and reason."""

    status: str
    reason: str


@dataclass
class Desk:
    """What writing needs besides the row, and what it looks up only once in a batch.

    ``address_of`` gives the full address of one of our pages (endpoint, then the values in it).
    """

    settings: Settings
    address_of: Callable[..., str]
    _known: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def once(self, key: tuple[Any, ...], find: Callable[[], Known]) -> Known:
        if key not in self._known:
            self._known[key] = find()
        found: Known = self._known[key]
        return found


_ROW = (
    select(
        Reminder.pk,
        Reminder.kind,
        Reminder.status,
        Reminder.sequence,
        Reminder.occurrence,
        Reminder.due_at,
        Reminder.not_after,
        Reminder.message_id,
        Reminder.facts,
        Reminder.entry_pk,
        Reminder.account_pk,
        Reminder.beneficiary_pk,
        Entry.id.label("entry_id"),
        Entry.kind.label("entry_kind"),
        Entry.status.label("entry_status"),
        Entry.sequence.label("entry_sequence"),
        Entry.zone,
        Entry.starts,
        Entry.ends,
        Entry.title,
        Entry.venue_pk,
        Entry.reason.label("entry_reason"),
        Occurrence.sequence.label("occurrence_sequence"),
        Occurrence.reason.label("occurrence_reason"),
        Appointment.purpose_pk,
        Appointment.beneficiary_pk.label("present_beneficiary_pk"),
        Beneficiary.name.label("beneficiary_name"),
        Beneficiary.email.label("beneficiary_email"),
        Beneficiary.language.label("beneficiary_language"),
        Beneficiary.consent_reminders,
        Beneficiary.anonymised_at,
        Account.name.label("account_name"),
        Account.email.label("account_email"),
        Account.language.label("account_language"),
        Account.active,
    )
    .outerjoin(Entry, Entry.pk == Reminder.entry_pk)
    .outerjoin(Occurrence, (Occurrence.entry_pk == Reminder.entry_pk) & (Occurrence.original == Reminder.occurrence))
    .outerjoin(Appointment, Appointment.entry_pk == Reminder.entry_pk)
    .outerjoin(
        Beneficiary,
        or_(
            Beneficiary.pk == Reminder.beneficiary_pk,
            Reminder.beneficiary_pk.is_(None) & (Beneficiary.pk == Appointment.beneficiary_pk),
        ),
    )
    .outerjoin(Account, Account.pk == Reminder.account_pk)
)


def write_letter(session: Session, reminder_pk: int, now: datetime, desk: Desk) -> Letter | Unsent:
    """The mail of a ledger row, or why there is none any more."""
    row = session.execute(_ROW.where(Reminder.pk == reminder_pk)).one()
    return _hindrance(row, now) or _letter(session, row, now, desk, for_its_reader=True)


def shown_letter(session: Session, reminder_pk: int, now: datetime, desk: Desk) -> Letter:
    """The mail of a ledger row as somebody else may read it: without its personal link."""
    row = session.execute(_ROW.where(Reminder.pk == reminder_pk)).one()
    return _letter(session, row, now, desk, for_its_reader=False)


def file_name(due_at: datetime, message_id: str) -> str:
    """What a mail is called when it is a file: in the order of the hours at which mails fell due."""
    return f"{due_at:%Y%m%dT%H%M%SZ}-{message_id}.eml"


def _hindrance(row: Row[Any], now: datetime) -> Unsent | None:
    if row.entry_pk is not None:
        # News of one date of a series stay true while other dates change.
        present = row.entry_sequence if not row.occurrence else row.occurrence_sequence or row.sequence
        if row.sequence != present:
            return Unsent("skipped", "cancelled" if row.entry_status == "cancelled" else "superseded")
        if row.kind in _WHILE_TENTATIVE and row.entry_status != "tentative":
            return Unsent("skipped", "superseded")
    if row.not_after is not None and now > row.not_after:
        return Unsent("expired", "too_late")
    if row.beneficiary_pk is not None:
        return _beneficiary_hindrance(row)
    if not row.active:
        return Unsent("skipped", "account_closed")
    return None if row.account_email else Unsent("skipped", "no_address")


def _beneficiary_hindrance(row: Row[Any]) -> Unsent | None:
    if row.present_beneficiary_pk not in (None, row.beneficiary_pk):
        return Unsent("skipped", "superseded")
    if row.kind != "cancelled" and row.entry_status != "confirmed":
        return Unsent("skipped", "awaiting" if row.entry_status == "tentative" else "cancelled")
    if row.anonymised_at is not None or not row.beneficiary_email:
        return Unsent("skipped", "no_address")
    return None if row.consent_reminders else Unsent("skipped", "consent_withdrawn")


def _letter(session: Session, row: Row[Any], now: datetime, desk: Desk, *, for_its_reader: bool) -> Letter:
    to_beneficiary = row.beneficiary_pk is not None
    wanted = row.beneficiary_language if to_beneficiary else row.account_language
    language = wanted if wanted in LANGUAGES else "fr"
    if row.kind in ACCOUNT_KINDS:
        words = _account_words(session, row, desk, for_its_reader)
    else:
        words = _entry_words(session, row, now, desk, language, to_beneficiary)
    name = row.kind if to_beneficiary or row.kind not in _COLLEAGUES_OWN else f"{row.kind}_colleague"
    written = _templates().get_template(f"mail/{name}.{language}.txt").render(words)
    subject, _, body = written.strip().partition("\n")
    return Letter(
        to=(row.beneficiary_email if to_beneficiary else row.account_email) or "",
        subject=subject,
        text=_tidy(body),
        language=language,
        message_id=row.message_id,
        file_name=file_name(row.due_at, row.message_id),
        date=now,
    )


@cache
def _templates() -> Environment:
    """The mails' templates, compiled once in a process; plain text, so nothing is escaped."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDERS),
        autoescape=False,  # noqa: S701 - plain text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["telephone"] = phones.spoken
    return environment


def _tidy(body: str) -> str:
    """No spaces at the ends of lines, never two empty lines together, one line end at the end."""
    lines: list[str] = []
    for line in (each.rstrip() for each in body.strip().splitlines()):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines) + "\n"


def _account_words(session: Session, row: Row[Any], desk: Desk, for_its_reader: bool) -> dict[str, Any]:
    account = session.get_one(Account, row.account_pk)
    link = HIDDEN_LINK
    if for_its_reader:
        token = people.link_token(desk.settings.secret_key, row.kind, account)
        link = desk.address_of("people.choose_password", token=token)
    inviter = (row.facts or {}).get("actor")
    return {
        "name": account.name,
        "address": account.email,
        "actor": _account_name(session, desk, inviter) if inviter else None,
        "organisation": desk.once(
            ("organisation", account.organisation_pk),
            lambda: session.get_one(Organisation, account.organisation_pk).name,
        ),
        "link": link,
        "days": people.LINK_SECONDS[row.kind] // 86400,
        "hours": people.LINK_SECONDS[row.kind] // 3600,
    }


def _entry_words(
    session: Session, row: Row[Any], now: datetime, desk: Desk, language: str, to_beneficiary: bool
) -> dict[str, Any]:
    """Everything the templates of an appointment's mails speak of, in words."""
    facts = row.facts or {}
    starts, ends = facts.get("starts", row.starts), facts.get("ends", row.ends)
    previous = facts.get("previous_starts")
    if facts.get("change") == "left" and previous is not None:
        starts, ends = previous, previous + ends - starts
    venue = desk.once(("venue", row.venue_pk), lambda: session.get(Venue, row.venue_pk)) if row.venue_pk else None
    words = {
        **_when("", starts, row.zone, language),
        **_when("previous_", previous if previous not in (None, starts) else None, row.zone, language),
        **_when("lapses_", facts.get("lapses_at"), row.zone, language),
        "length": spoken.length(ends - starts, language),
        "is_today": spoken.local_day(starts, row.zone) == spoken.local_day(now, row.zone),
        "purpose": _purpose_name(session, desk, row.purpose_pk) if row.purpose_pk else row.title,
        "venue": venue,
        "address": _address(venue),
        "place": _at(venue, language),
        "kind": row.kind,
        "reason": row.occurrence_reason or row.entry_reason if row.occurrence else row.entry_reason,
    }
    calendars = _calendars(session, row)
    words["advisers"] = [name for kind, name, _ in calendars if kind == "adviser"]
    words["room"] = next((name for kind, name, _ in calendars if kind == "room"), None)
    if to_beneficiary:
        words["name"] = row.beneficiary_name
        words["bring"] = _instructions(session, desk, row.purpose_pk, row.venue_pk)
        words["phone"] = _phone(session, desk, venue, [pk for kind, _, pk in calendars if kind == "adviser"])
        words["coming"] = _coming(session, row)
    else:
        words["name"] = row.account_name
        words["initials"] = _initials(row.beneficiary_name)
        words["actor"] = _account_name(session, desk, facts["actor"]) if facts.get("actor") else None
        words["change"] = facts.get("change")
        words["addressee"] = facts.get("addressee")
        words["undelivered"] = facts.get("undelivered")
        words["bad_address"] = (facts.get("code") or "").startswith(("smtp_5", "address"))
        words["link"] = desk.address_of(f"{row.entry_kind}s.show", id=row.entry_id)
        if row.entry_kind == "reservation":
            words |= _reservation_words(session, row, desk, language, [name for _, name, _ in calendars])
    return words


def _reservation_words(
    session: Session, row: Row[Any], desk: Desk, language: str, calendars: list[str]
) -> dict[str, Any]:
    """What the mails about reservations speak of besides."""
    facts = row.facts or {}
    booked_for = facts.get("booked_for")
    return {
        **_when("until_", facts.get("until"), row.zone, language),
        "dates": facts.get("dates", 0),
        "calendars": calendars,
        "booked_for": _account_name(session, desk, booked_for) if booked_for else None,
        "option": bool(facts.get("option")),
    }


def _when(prefix: str, minute: int | None, zone: str, language: str) -> dict[str, str | None]:
    """Day and hour for a sentence, and the day as a subject begins with it: capital letter, no year."""
    if minute is None:
        return {f"{prefix}day": None, f"{prefix}hour": None, f"{prefix}Day": None}
    short = spoken.day(minute, zone, language, year=False)
    return {
        f"{prefix}day": spoken.day(minute, zone, language),
        f"{prefix}hour": spoken.hour_in_a_sentence(minute, zone, language),
        f"{prefix}Day": short[:1].upper() + short[1:],
    }


def _calendars(session: Session, row: Row[Any]) -> Sequence[tuple[str, str, int]]:
    """Kind, name and key of what the entry stands on, or stood on when it was cancelled."""
    for held in (
        select(Claim.calendar_pk).where(Claim.entry_pk == row.entry_pk),
        select(ReleasedClaim.calendar_pk).where(
            ReleasedClaim.entry_pk == row.entry_pk, ReleasedClaim.sequence == row.sequence
        ),
    ):
        found = session.execute(
            select(Calendar.kind, Calendar.name, Calendar.pk)
            .where(Calendar.pk.in_(held))
            .order_by(Calendar.kind, Calendar.name)
        ).all()
        if found:
            return [(kind, name, pk) for kind, name, pk in found]
    return []


def _purpose_name(session: Session, desk: Desk, pk: int) -> str:
    return desk.once(("purpose", pk), lambda: session.get_one(Purpose, pk).name)


def _account_name(session: Session, desk: Desk, pk: int) -> str:
    return desk.once(("account", pk), lambda: session.get_one(Account, pk).name)


def _address(venue: Venue | None) -> str:
    """``3 place du Marché, 19260 Treignac``, as far as it is known."""
    if venue is None:
        return ""
    town = " ".join(part for part in (venue.postcode, venue.commune) if part)
    return ", ".join(part for part in (venue.address, town) if part)


def _at(venue: Venue | None, language: str) -> str:
    """``à Treignac``, ``au Verdon-sur-Mer``, ``aux Billanges``: the commune, or the venue's name without one."""
    if venue is None:
        return ""
    if not venue.commune:
        return f"({venue.name})"
    if language == "en":
        return f"in {venue.commune}"
    for article, contracted in (("Le ", "au "), ("Les ", "aux ")):
        if venue.commune.startswith(article):
            return contracted + venue.commune.removeprefix(article)
    return f"à {venue.commune}"


def _instructions(session: Session, desk: Desk, purpose_pk: int | None, venue_pk: int | None) -> list[str]:
    """What to bring: for the purpose, for the venue, for that purpose there; one line each, none twice."""

    def find() -> list[str]:
        found = session.scalars(
            select(Instruction.text)
            .where(
                or_(Instruction.purpose_pk.is_(None), Instruction.purpose_pk == purpose_pk),
                or_(Instruction.venue_pk.is_(None), Instruction.venue_pk == venue_pk),
            )
            .order_by(Instruction.venue_pk.is_not(None), Instruction.purpose_pk.is_(None), Instruction.pk)
        )
        lines = [line.strip().lstrip("-•* ") for text in found for line in text.splitlines()]
        return list(dict.fromkeys(line for line in lines if line))

    return desk.once(("instructions", purpose_pk, venue_pk), find)


def _phone(session: Session, desk: Desk, venue: Venue | None, adviser_pks: Sequence[int]) -> str | None:
    """Whom to call: the venue; else the adviser; else whoever answers the phone for the organisation."""
    if venue is not None and venue.phone:
        return venue.phone

    def find() -> str | None:
        numbers = select(Account.phone).where(Account.active, Account.phone.is_not(None))
        own = numbers.join(Calendar, Calendar.account_pk == Account.pk).where(Calendar.pk.in_(adviser_pks))
        desks = numbers.where(Account.organisation_pk == (venue.organisation_pk if venue else None))
        return session.scalar(own.order_by(Calendar.pk).limit(1)) or session.scalar(
            desks.order_by((Account.role != "secretary"), Account.pk).limit(1)
        )

    return desk.once(("phone", venue.pk if venue else None, *adviser_pks), find)


def _coming(session: Session, row: Row[Any]) -> list[str]:
    """The kinds of reminders that will still come, soonest first."""
    if row.kind not in ("confirmation", "moved", "restored"):
        return []
    return list(
        session.scalars(
            select(Reminder.kind)
            .where(
                Reminder.entry_pk == row.entry_pk,
                Reminder.sequence == row.sequence,
                Reminder.beneficiary_pk == row.beneficiary_pk,
                Reminder.kind.in_(OFFSETS),
                Reminder.status.in_(("pending", "sent")),
            )
            .order_by(Reminder.due_at)
        )
    )


def _initials(name: str | None) -> str | None:
    return " ".join(f"{part[0].upper()}." for part in name.split()) if name and name.strip() else None
