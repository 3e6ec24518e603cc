"""Where an appointment is and what the beneficiary needs to know: address, access, what to bring, whom to call."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from booking.actions.appointment_views import AppointmentView
from booking.models import Account, Calendar, Instruction, Purpose, Venue


@dataclass(frozen=True)
class Place:
    """A venue as one tells it to somebody who has to find it; ``bring`` is one line a thing."""

    name: str
    address: str | None
    town: str | None
    access: str | None
    phone: str | None
    bring: tuple[str, ...]

    @property
    def whole_address(self) -> str:
        return ", ".join(part for part in (self.address, self.town) if part)


def place_of(session: Session, appointment: AppointmentView) -> Place | None:
    """Where that appointment is; ``None`` when it has no venue."""
    venue = session.get(Venue, appointment.venue_pk) if appointment.venue_pk is not None else None
    if venue is None:
        return None
    return Place(
        name=venue.name,
        address=venue.address,
        town=" ".join(part for part in (venue.postcode, venue.commune) if part) or None,
        access=venue.access,
        phone=venue.phone or _phone(session, venue, [each.pk for each in appointment.advisers]),
        bring=_bring(session, appointment.purpose, venue.pk),
    )


def _bring(session: Session, purpose: str, venue_pk: int) -> tuple[str, ...]:
    """What is said for the purpose, for the venue, and for that purpose there; no line twice."""
    purpose_pk = select(Purpose.pk).where(Purpose.id == purpose).scalar_subquery()
    found = session.scalars(
        select(Instruction.text)
        .where(
            or_(Instruction.purpose_pk.is_(None), Instruction.purpose_pk == purpose_pk),
            or_(Instruction.venue_pk.is_(None), Instruction.venue_pk == venue_pk),
        )
        .order_by(Instruction.venue_pk.is_not(None), Instruction.purpose_pk.is_(None), Instruction.pk)
    )
    lines = (line.strip().lstrip("-•* ") for text in found for line in text.splitlines())
    return tuple(dict.fromkeys(line for line in lines if line))


def _phone(session: Session, venue: Venue, adviser_pks: Sequence[int]) -> str | None:
    """Whom to call where the venue has no number: the adviser, else whoever answers for the organisation."""
    numbers = select(Account.phone).where(Account.active, Account.phone.is_not(None))
    own = numbers.join(Calendar, Calendar.account_pk == Account.pk).where(Calendar.pk.in_(adviser_pks))
    desks = numbers.where(Account.organisation_pk == venue.organisation_pk)
    return session.scalar(own.order_by(Calendar.pk).limit(1)) or session.scalar(
        desks.order_by(Account.role != "secretary", Account.pk).limit(1)
    )
