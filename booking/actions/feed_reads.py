"""When each feed was last read, and by which program. Reading changes nothing: it is remembered in this process's
memory and written down once a minute (``take`` and ``store``), so that a fetch never waits for the one writer."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from booking.database import execute

NAME_LENGTH = 60

_PROGRAMS = (
    ("Google-Calendar-Importer", "Google Agenda"),
    ("Thunderbird", "Thunderbird"),
    ("Outlook", "Outlook"),
    ("Microsoft", "Outlook"),
    ("Exchange", "Outlook"),
    ("dataaccessd", "iPhone, iPad"),
    ("iOS", "iPhone, iPad"),
    ("macOS", "Calendrier (Mac)"),
    ("CalendarAgent", "Calendrier (Mac)"),
    ("Nextcloud", "Nextcloud"),
    ("Evolution", "Evolution"),
    ("ICSx5", "ICSx⁵"),
    ("DAVx5", "DAVx⁵"),
    ("khal", "khal"),
    ("vdirsyncer", "vdirsyncer"),
    ("Mozilla/", "navigateur"),
)


@dataclass(frozen=True)
class Read:
    """A fetch: when, and the program's name."""

    at: datetime
    by: str


_guard = threading.Lock()
_latest: dict[tuple[str, int], Read] = {}


def note(database: str, feed_pk: int, at: datetime, user_agent: str) -> None:
    """Remembers a fetch. ``database`` tells the databases of one process apart."""
    read = Read(at, program(user_agent))
    with _guard:
        _latest[database, feed_pk] = read


def remembered(database: str, feed_pk: int) -> Read | None:
    """The latest fetch that this process has not yet written down."""
    with _guard:
        return _latest.get((database, feed_pk))


def take(database: str) -> dict[int, Read]:
    """All that is to be written down; it is forgotten here."""
    with _guard:
        taken = {pk: read for (where, pk), read in _latest.items() if where == database}
        for pk in taken:
            del _latest[database, pk]
    return taken


def give_back(database: str, reads: Mapping[int, Read]) -> None:
    """What could not be written down stays remembered, unless something newer is."""
    with _guard:
        for pk, read in reads.items():
            _latest.setdefault((database, pk), read)


_STORE = """
UPDATE feed SET last_read_at = :at, last_read_by = :by
WHERE pk = :pk AND (last_read_at IS NULL OR last_read_at <= :at)
"""


def store(session: Session, reads: Mapping[int, Read]) -> None:
    """Writes the fetches down, in the caller's transaction."""
    for pk, read in sorted(reads.items()):
        arguments: dict[str, Any] = {"pk": pk, "at": int(read.at.timestamp()), "by": read.by}
        execute(session, _STORE, arguments)


@lru_cache(maxsize=1024)
def program(user_agent: str) -> str:
    """The program's name as people know it, or what it calls itself, without version or system."""
    for mark, name in _PROGRAMS:
        if mark.lower() in user_agent.lower():
            return name
    own = "".join(letter for letter in user_agent.split("/")[0] if letter.isprintable()).strip()
    return own[:NAME_LENGTH] or "?"
