"""Callers: finding again the appointments of somebody on the phone, by a name or a number."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from booking.actions.appointment_views import AppointmentView, of_caller
from booking.actions.beneficiaries import BeneficiaryDraft, name_key
from booking.actions.phones import normalised
from booking.actions.rights import Actor

PAST_MINUTES = 92 * 1440
FEWEST_DIGITS = 6


@dataclass(frozen=True)
class Found:
    """What belongs to a caller: what is ahead, soonest first; what was in the last three months, latest first."""

    ahead: tuple[AppointmentView, ...]
    past: tuple[AppointmentView, ...]

    @property
    def is_empty(self) -> bool:
        return not self.ahead and not self.past


def found(session: Session, actor: Actor, text: str, now: datetime) -> Found:
    """The appointments of whoever has that number, or a name that begins with these words."""
    minute = int(now.timestamp()) // 60
    number = normalised(text) if sum(letter.isdigit() for letter in text) >= FEWEST_DIGITS else None
    name = None if number else name_key(text)
    every = of_caller(session, actor, since=minute - PAST_MINUTES, phone=number, name_key=name, most=200)
    ahead = [each for each in every if each.ends > minute and each.status != "cancelled"]
    past = [each for each in every if each not in ahead]
    return Found(tuple(ahead), tuple(reversed(past)))


def ahead_of(session: Session, actor: Actor, draft: BeneficiaryDraft | None, now: datetime) -> list[AppointmentView]:
    """What is ahead for somebody of that number, or, without a number, of exactly that whole name."""
    if draft is None:
        return []
    since = int(now.timestamp()) // 60
    number = normalised(draft.phone) if draft.phone else None
    name = name_key(draft.name)
    if number:
        same = of_caller(session, actor, since=since, phone=number)
    elif name and " " in name:
        same = [
            each
            for each in of_caller(session, actor, since=since, name_key=name)
            if each.beneficiary is not None and name_key(each.beneficiary.name) == name
        ]
    else:
        return []
    return [each for each in same if each.status in ("confirmed", "tentative")]
