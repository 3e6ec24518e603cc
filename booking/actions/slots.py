"""Slots: the times at which an appointment can be had. Computed from openings and claims, never stored.

What a search shows may be gone a moment later: the truth is the booking's transaction.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from booking.actions.feasibility import ANY
from booking.actions.rights import Actor
from booking.actions.slot_masks import Survey, windows
from booking.actions.slot_search import DEFAULT_LIMIT, MOST, MOST_DAYS, Question, Search, resolve
from booking.refusals import Fault, Invalid
from booking.timeline import slots as timeline
from booking.timeline.slots import Position

__all__ = ["ANY", "DEFAULT_LIMIT", "MOST", "MOST_DAYS", "Page", "Search", "Slot", "find", "whole"]


@dataclass(frozen=True)
class Slot:
    """A time that is offered, in UTC minutes; ``rooms`` and ``vehicles`` are those that would do, if asked for.

    ``zone`` is the venue's.
    """

    starts: int
    ends: int
    advisers: tuple[str, ...]
    venue: str
    rooms: tuple[str, ...]
    vehicles: tuple[str, ...]
    zone: str


@dataclass(frozen=True)
class Page:
    """Some slots in order, and the cursor of the page behind them."""

    items: list[Slot]
    next: str | None


def find(session: Session, actor: Actor, search: Search, now: datetime) -> Page:
    """The slots of a search, ordered by start, adviser and venue, in at most ten statements whatever its size.

    The first days are looked at first, and the rest only if they do not fill the page. Raises ``Invalid``,
    ``NotFound``, ``Forbidden``.
    """
    after = _position(search.cursor)
    question = resolve(session, actor, search, now)
    found = _found(session, question, search.limit + 1, after)
    if len(found) <= search.limit:
        return Page(found, None)
    return Page(found[: search.limit], _cursor(found[search.limit - 1]))


def whole(session: Session, actor: Actor, search: Search, now: datetime) -> int:
    """How many slots the whole search has, with none of them written out."""
    question = resolve(session, actor, search, now)
    survey, looks = _survey(session, question, None, None)
    return sum(timeline.how_many(survey.lines(window)) for window in looks)


def _found(session: Session, question: Question, limit: int, after: Position | None) -> list[Slot]:
    survey, looks = _survey(session, question, after, limit)
    zones = {venue.id: venue.zone for venue in survey.venues.values()}
    found: list[Slot] = []
    for window in looks:
        lines = survey.lines(window)
        for slot in timeline.slots(lines, question.need.minutes, limit - len(found), after):
            found.append(Slot(*slot, zones[slot.venue]))
        if len(found) == limit:
            break
    return found


def _survey(
    session: Session, question: Question, after: Position | None, limit: int | None
) -> tuple[Survey, list[tuple[int, int]]]:
    """The search made ready, and the windows of starts to look at; those before the cursor are past."""
    looks = windows(question, after[0] if after is not None else question.earliest, limit)
    within = (looks[0][0], looks[-1][1] + question.need.minutes) if looks else (question.earliest, question.earliest)
    return Survey(session, question, within), looks


def _cursor(last: Slot) -> str:
    text = json.dumps([last.starts, last.advisers, last.venue], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _position(cursor: str | None) -> Position | None:
    if cursor is None:
        return None
    try:
        starts, advisers, venue = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
        if type(starts) is int and isinstance(venue, str) and all(isinstance(each, str) for each in advisers):
            return starts, tuple(advisers), venue
    except (binascii.Error, TypeError, ValueError):
        pass
    raise Invalid([Fault("/cursor", "cursor", "not one of ours")])
