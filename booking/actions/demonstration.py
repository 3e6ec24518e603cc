"""The demonstration: the territories of ``data/demonstration.json``, put into an empty database.

Its story plays in the first quarter of 2027. So that it is alive whenever it is loaded, all its dates are moved
by whole weeks: the Monday of its story becomes the Monday of the present week.
"""

import json
import re
import tempfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from booking.actions import people, territory_file
from booking.data import read_text
from booking.models import Account, Organisation, Territory
from booking.timeline.quarters import label, parse_quarter, quarter_of

PASSWORD = "tournesol et lavande"  # noqa: S105 - printed for everybody to see
"""Of every account of the demonstration."""

STORY_MONDAY = date(2027, 1, 18)
_UNTIL = re.compile(r"(UNTIL=)(\d{4})(\d{2})(\d{2})")
_TIMES = ("start", "end")
_ROUNDS = 12

Document = dict[str, Any]


def weeks_until(now: datetime) -> int:
    """By how many weeks the demonstration is moved so that its story plays in the week of ``now``."""
    monday = now.date() - timedelta(days=now.weekday())
    return (monday - STORY_MONDAY).days // 7


def load_if_empty(session: Session, now: datetime, weeks: int) -> bool:
    """Loads the demonstration, moved by so many weeks, unless there is anything at all; tells whether it did."""
    if session.scalar(select(Territory.pk).limit(1)) or session.scalar(select(Account.pk).limit(1)):
        return False
    document = shifted(json.loads(read_text("demonstration.json")), weeks)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "demonstration.json"
        _without_collisions(session, document, file, now)
        territory_file.load(session, file, now)
    # One hash for all: each would take a noticeable part of a second.
    session.execute(update(Account).values(password_hash=people.hashed(PASSWORD)))
    return True


def accounts(session: Session) -> list[tuple[str, str, str, str]]:
    """Role, address, name and organisation of the demonstration's accounts, the most powerful first.

    Empty when this is no demonstration: none of its administrators has its password.
    """
    known = {account["id"] for account in json.loads(read_text("demonstration.json"))["accounts"]}
    found = session.execute(
        select(Account.role, Account.email, Account.name, Organisation.name, Account.password_hash)
        .join(Organisation, Organisation.pk == Account.organisation_pk)
        .where(Account.id.in_(known), Account.active, Account.email.is_not(None))
        .order_by(Account.pk)
    ).all()
    hashes = {row.password_hash for row in found if row.password_hash}
    right = {each for each in hashes if people.matches(each, PASSWORD)} if len(hashes) <= len(known) else set()
    shown = [(row[0], str(row[1]), row[2], row[3]) for row in found if row.password_hash in right]
    ranks = ("administrator", "coordinator", "secretary", "adviser")
    return sorted(shown, key=lambda account: ranks.index(account[0]))


def shifted(document: Document, weeks: int) -> Document:
    """The same territory file with every date moved by whole weeks, its quarters too."""
    if not weeks:
        return document
    days = timedelta(weeks=weeks)
    for name, several in document.items():
        if isinstance(several, list):
            for row in several:
                _shift_row(name, row, days)
    return document


def _shift_row(name: str, row: dict[str, Any], days: timedelta) -> None:
    for member in _TIMES:
        if row.get(member):
            row[member] = (datetime.fromisoformat(row[member]) + days).isoformat(timespec="minutes")
    if row.get("exdates"):
        row["exdates"] = [_shift_text(text, days) for text in row["exdates"]]
    if row.get("rrule"):
        row["rrule"] = _UNTIL.sub(
            lambda found: f"{found[1]}{date(int(found[2]), int(found[3]), int(found[4])) + days:%Y%m%d}", row["rrule"]
        )
    if name == "programmes":
        old = parse_quarter(row["quarter"])
        middle = date(old.year, 3 * old.number - 1, 15) + days
        new = quarter_of(middle)
        row["quarter"] = str(new)
        row["title"] = row["title"].replace(label(old, "fr"), label(new, "fr"))


def _shift_text(text: str, days: timedelta) -> str:
    if len(text) == len("2027-01-18"):
        return (date.fromisoformat(text) + days).isoformat()
    return (datetime.fromisoformat(text) + days).isoformat(timespec="minutes")


def _without_collisions(session: Session, document: Document, file: Path, now: datetime) -> None:
    """Writes the file, with those dates taken out of its monthly series that now meet something else.

    What recurs on, say, the first Wednesday of a month does not move by whole weeks like the rest.
    """
    for _ in range(_ROUNDS):
        file.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        outcome = territory_file.examine(session, file, now)
        collisions = [finding for finding in outcome.faults if finding.code == "overlap"]
        if not collisions or not _take_out(document, collisions):
            return


def _take_out(document: Document, collisions: list[territory_file.Finding]) -> bool:
    taken_out = False
    for finding in collisions:
        day = str(finding.values["span"])[:10]
        for row in _monthly(document, finding.pointer, str(finding.values["other"])):
            exdates = row.setdefault("exdates", [])
            if day not in exdates:
                exdates.append(day)
                taken_out = True
            break
    return taken_out


def _monthly(document: Document, *pointers: str) -> Iterator[dict[str, Any]]:
    for pointer in pointers:
        _, name, index = pointer.split("/")
        row = document[name][int(index)]
        if "MONTHLY" in (row.get("rrule") or ""):
            yield row
