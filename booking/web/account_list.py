"""A list of advisers pasted from a spreadsheet: one person a line, columns by tabs, semicolons or commas.

A first line with the names of the columns puts them in any order; without one they are name, address, phone,
profession, venue, organisation. What is left out is filled in by what is likeliest.
"""

import csv
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext
from sqlalchemy.orm import Session

from booking.actions import accounts, phones
from booking.actions.accounts import Draft
from booking.actions.rights import Actor

COLUMNS = ("name", "email", "phone", "profession", "home_venue", "organisation")
_HEADS = {
    "nom": "name",
    "prenom et nom": "name",
    "nom et prenom": "name",
    "name": "name",
    "mail": "email",
    "e-mail": "email",
    "email": "email",
    "courriel": "email",
    "adresse mail": "email",
    "telephone": "phone",
    "tel": "phone",
    "phone": "phone",
    "profession": "profession",
    "metier": "profession",
    "lieu": "home_venue",
    "lieu habituel": "home_venue",
    "venue": "home_venue",
    "structure": "organisation",
    "organisation": "organisation",
}
MOST_LINES = 500


@dataclass
class Line:
    """One person of the list: what was written, what is made of it, what is wrong (field -> code)."""

    number: int
    written: dict[str, str]
    draft: Draft
    faults: dict[str, str] = field(default_factory=dict)


def wording() -> dict[str, str]:
    return {
        "required": gettext("il manque"),
        "taken": gettext("un compte existe déjà à cette adresse"),
        "twice": gettext("deux fois dans la liste"),
        "unknown": gettext("inconnu ici"),
        "malformed": gettext("mal écrit"),
        "too_many": gettext("au-delà de %(count)s lignes", count=MOST_LINES),
    }


def is_faultless(lines: Sequence[Line]) -> bool:
    return bool(lines) and not any(line.faults for line in lines)


def read(session: Session, actor: Actor, text: str) -> list[Line]:
    """The lines of the list with their faults, nothing written yet."""
    rows = [[cell.strip() for cell in row] for row in _rows(text)]
    rows_with_numbers = [(number, row) for number, row in enumerate(rows, 1) if any(row)]
    columns: Sequence[str | None] = COLUMNS
    if rows_with_numbers:
        heads = [_HEADS.get(_plain(cell)) for cell in rows_with_numbers[0][1]]
        if "name" in heads or "email" in heads:
            columns = heads
            rows_with_numbers = rows_with_numbers[1:]
    organisations = {
        _plain(word): each.id for each in accounts.organisations_of(session, actor) for word in (each.id, each.name)
    }
    venues = {_plain(word): each.id for each in accounts.venues_of(session, actor) for word in (each.id, each.name)}
    own = next((each.id for each in accounts.organisations_of(session, actor) if each.pk == actor.organisation_pk), "")
    lines = []
    for number, row in rows_with_numbers:
        written = {name: cell for name, cell in zip(columns, row, strict=False) if name}
        lines.append(_line(number, written, organisations, venues, own))
    if len(lines) > MOST_LINES:
        lines[MOST_LINES].faults["name"] = "too_many"
        return lines[: MOST_LINES + 1]
    for fault in accounts.faults_of_several(session, actor, [line.draft for line in lines]):
        place, _, name = fault.pointer.strip("/").partition("/")
        lines[int(place)].faults.setdefault(name, fault.code)
    return lines


def _line(
    number: int, written: dict[str, str], organisations: dict[str, str], venues: dict[str, str], own: str
) -> Line:
    faults = {}
    email: str | None = None
    if not written.get("email"):
        faults["email"] = "required"
    else:
        try:
            email = validate_email(written["email"], check_deliverability=False, test_environment=True).normalized
        except EmailNotValidError:
            faults["email"] = "malformed"
    phone = None
    if written.get("phone"):
        phone = phones.normalised(written["phone"])
        if phone is None:
            faults["phone"] = "malformed"
    profession = _profession(written.get("profession", ""))
    if profession is None:
        faults["profession"] = "unknown"
    organisation = organisations.get(_plain(written["organisation"])) if written.get("organisation") else own
    if organisation is None:
        faults["organisation"] = "unknown"
    venue = venues.get(_plain(written["home_venue"])) if written.get("home_venue") else None
    if written.get("home_venue") and venue is None:
        faults["home_venue"] = "unknown"
    draft = Draft(
        name=written.get("name", ""),
        email=email,
        role="adviser",
        organisation=organisation or own,
        profession=profession or "conseiller_numerique",
        home_venue=venue,
        phone=phone,
    )
    return Line(number, written, draft, faults)


def _profession(text: str) -> str | None:
    """What people write for the two professions; nothing written means the more frequent one."""
    plain = _plain(text)
    if not plain or "num" in plain or plain in ("cn", "cnfs"):
        return "conseiller_numerique"
    if "france" in plain or "service" in plain or plain in ("cfs", "fs"):
        return "conseiller_france_services"
    return None


def _rows(text: str) -> list[list[str]]:
    first = text.strip().partition("\n")[0]
    separator = max("\t;,", key=first.count) if any(c in first for c in "\t;,") else ";"
    return list(csv.reader(text.splitlines(), delimiter=separator))


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.strip().lower().replace("’", "'"))
    return "".join(c for c in decomposed if not unicodedata.combining(c))
