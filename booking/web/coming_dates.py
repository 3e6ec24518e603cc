"""The dates that come next, as their readers see them: when, and what is out of the ordinary."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from booking.actions.opening_views import CANCELLED, NextDate, OpeningView
from booking.timeline.interval import Minute, to_minute


@dataclass(frozen=True)
class Coming:
    """One date (UTC minutes). ``original`` is the local date that the rule gives, the name of the date.

    ``holiday`` is the public holiday that closes it, ``school_holiday`` the one it is in, ``venue`` where it is
    held when that is elsewhere than usual.
    """

    original: date
    starts: Minute
    ends: Minute
    zone: str
    is_cancelled: bool = False
    holiday: str | None = None
    school_holiday: str | None = None
    is_changed: bool = False
    venue: str | None = None

    @property
    def takes_place(self) -> bool:
        return not self.is_cancelled and self.holiday is None


def coming(found: Iterable[NextDate], zone: str, venues: dict[str, str] | None = None) -> list[Coming]:
    """The dates of an opening; ``venues`` names, by original start, the place of a date held elsewhere."""
    dates = []
    for each in found:
        starts = to_minute(datetime.fromisoformat(each.start), ZoneInfo(zone))
        is_cancelled = each.dropped == CANCELLED
        dates.append(
            Coming(
                date.fromisoformat(each.original[:10]),
                starts,
                starts + each.minutes,
                zone,
                is_cancelled,
                None if is_cancelled else each.dropped,
                each.school_holiday,
                each.changed and not is_cancelled,
                (venues or {}).get(each.original),
            )
        )
    return dates


def elsewhere(opening: OpeningView, names: dict[str, str]) -> dict[str, str]:
    """The names of the places where single dates of an opening are held instead."""
    return {each.original: names.get(each.venue, each.venue) for each in opening.changes if each.venue and each.start}
