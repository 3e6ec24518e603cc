"""Beneficiaries: taking down who an appointment is for, as little as possible, and finding a caller again."""

import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import update
from sqlalchemy.orm import Session

from booking.actions.phones import normalised
from booking.database import add
from booking.models import Beneficiary
from booking.refusals import Fault

NAME_LENGTH = 120


@dataclass(frozen=True)
class BeneficiaryDraft:
    """What somebody typed about the person; nothing is required."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    consent_reminders: bool = False
    language: str = "fr"


def name_key(name: str | None) -> str | None:
    """The name as it is searched: without accents, in lower case, single spaces."""
    if not name:
        return None
    plain = unicodedata.normalize("NFKD", name)
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(
        letters.casefold().replace("-", " ").replace("'", " ").replace("\N{RIGHT SINGLE QUOTATION MARK}", " ").split()
    )


def mail_address(typed: str | None) -> str | None:
    """The address as it is written to; ``ValueError`` when it is none."""
    if not typed or not typed.strip():
        return None
    try:
        return validate_email(typed.strip(), check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise ValueError(str(error)) from error


def checked(draft: BeneficiaryDraft, pointer: str = "/beneficiary") -> tuple[BeneficiaryDraft, list[Fault]]:
    """The draft in its stored form, and what is wrong with it."""
    faults = []
    phone = email = None
    name = " ".join(draft.name.split()) if draft.name else None
    if name and len(name) > NAME_LENGTH:
        faults.append(Fault(f"{pointer}/name", "too_long", f"at most {NAME_LENGTH} characters"))
    if draft.phone and draft.phone.strip():
        phone = normalised(draft.phone)
        if phone is None:
            faults.append(Fault(f"{pointer}/phone", "phone", "this is no telephone number"))
    try:
        email = mail_address(draft.email)
    except ValueError:
        faults.append(Fault(f"{pointer}/email", "email", "this is no e-mail address"))
    return BeneficiaryDraft(name, phone, email, draft.consent_reminders, draft.language), faults


def write(session: Session, draft: BeneficiaryDraft, territory_pk: int) -> int:
    """Writes the person down and returns the key."""
    return add(
        session,
        "beneficiary",
        {
            "territory_pk": territory_pk,
            "name": draft.name,
            "name_key": name_key(draft.name),
            "phone": draft.phone,
            "email": draft.email,
            "language": draft.language,
            "consent_reminders": draft.consent_reminders,
        },
    )


def rewrite(session: Session, beneficiary_pk: int, draft: BeneficiaryDraft) -> None:
    """Corrects what was taken down of a person; messages that wait for them stay theirs."""
    session.execute(
        update(Beneficiary)
        .where(Beneficiary.pk == beneficiary_pk)
        .values(
            name=draft.name,
            name_key=name_key(draft.name),
            phone=draft.phone,
            email=draft.email,
            language=draft.language,
            consent_reminders=draft.consent_reminders,
        )
        .execution_options(synchronize_session=False)
    )
