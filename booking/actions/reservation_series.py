"""Which of its dates is meant: of a series, of chosen dates, of what left a series; and series taken apart."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from booking.actions import claims, entries
from booking.actions.reservation_requests import ReservationPlan, Wish, local_day_of
from booking.actions.reservation_rows import (
    ELSEWHERE,
    Left,
    Standing,
    columns_of,
    family,
    forget_dates,
    of_entry,
    zone_of,
)
from booking.actions.series import changed_dates, series_of, wall_text
from booking.database import rows
from booking.models import Entry
from booking.refusals import Fault, Invalid, NotFound
from booking.timeline.interval import Minute, Span, local_date, to_minute
from booking.timeline.recurrence import Series, is_occurrence, split


@dataclass(frozen=True)
class Addressed:
    """What a request is about: a reservation as a whole, or one date of its series (``original``)."""

    standing: Standing
    original: Minute | None = None


def addressed(session: Session, standing: Standing, day: str | None) -> Addressed:
    """The reservation, or that date of it: one of its rule, a chosen one, or one that left the series.

    ``day`` is a local day or local start. Raises ``NotFound`` when there is no such date, or none within reach yet.
    """
    if day is None:
        return Addressed(standing)
    wanted = local_day_of(day)
    if wanted is None:
        raise NotFound
    entry = standing.entry
    if entry.rrule is not None:
        minute = _original(session, entry, day, wanted)
        if minute is not None:
            return Addressed(standing, minute)
    for other in family(session, entry):
        if other.rrule is None and _starts_on(other, day, wanted):
            return Addressed(standing if other.pk == entry.pk else of_entry(session, other))
    raise NotFound


def _original(session: Session, entry: Entry, day: str, wanted: date) -> Minute | None:
    series = series_of_entry(entry)
    wall = datetime.combine(wanted, series.start.time())
    text = wall.strftime("%Y-%m-%dT%H:%M")
    if day not in (text, text[:10]) or not is_occurrence(series, wall):
        return None
    minute = to_minute(wall, series.zone)
    if reason_of(session, entry.pk, minute) == ELSEWHERE:
        return None
    claimed = any(claim.occurrence == minute for claim in claims.of_entry(session, entry.pk))
    return minute if claimed or minute in changed_dates(session, entry.pk) else None


def _starts_on(entry: Entry, day: str, wanted: date) -> bool:
    zone = zone_of(entry)
    return local_date(entry.starts, zone) == wanted and day in (wall_text(entry.starts, zone), day[:10])


def reason_of(session: Session, entry_pk: int, original: Minute) -> str | None:
    """Why a date of a series is no longer as its rule says, where that was noted."""
    found = rows(
        session,
        "SELECT reason FROM occurrence WHERE entry_pk = :entry AND original = :original",
        {"entry": entry_pk, "original": original},
    )
    return found[0][0] if found else None


def series_of_entry(entry: Entry) -> Series:
    if entry.rrule is None or entry.starts_wall is None:
        raise NotFound
    return series_of(entry.starts_wall, entry.ends - entry.starts, entry.rrule, entry.exdates or (), entry.zone)


def span_now(session: Session, entry: Entry, original: Minute) -> Span | None:
    """Where one date of a series stands now; ``None`` when it was cancelled."""
    changed = changed_dates(session, entry.pk)
    if original in changed:
        return changed[original]
    return original, original + entry.ends - entry.starts


_DATES = "SELECT original, starts, ends, reason, sequence FROM occurrence WHERE entry_pk = :entry ORDER BY original"


def kept_dates(
    session: Session, entry: Entry, plan: ReservationPlan, since: date | None = None
) -> tuple[ReservationPlan, dict[Minute, Left]]:
    """The plan with the dates that already differ from the series' rule as they are: cancelled, or moved.

    They are found again by their local day, so they outlast another hour or another rule that has that day too.
    Also: the dates that are not taken, and why.
    """
    zone = zone_of(entry)
    at = {local_date(wish.original, plan.zone): index for index, wish in enumerate(plan.wishes)}
    wishes: list[Wish] = list(plan.wishes)
    left: dict[Minute, Left] = {}
    for original, starts, ends, reason, sequence in rows(session, _DATES, {"entry": entry.pk}):
        day = local_date(original, zone)
        index = at.get(day)
        if index is None or (since is not None and day < since):
            continue
        wish = wishes[index]
        if starts is None:
            wishes[index] = replace(wish, skipped=True)
            left[wish.original] = Left(reason, sequence)
        else:
            wishes[index] = replace(wish, starts=starts, ends=ends, moved=True)
    if wishes and all(wish.skipped for wish in wishes):
        raise Invalid([Fault("/rrule", "empty", "no date would be left")])
    return replace(plan, wishes=tuple(wishes)), left


def cut(session: Session, standing: Standing, original: Minute) -> tuple[Series | None, Series | None, list[Minute]]:
    """The series before a date and from it on, with the original starts of the claimed dates from it on."""
    series = series_of_entry(standing.entry)
    head, tail = split(series, local_date(original, series.zone))
    later = {claim.occurrence for claim in standing.held if claim.occurrence >= original}
    later |= {minute for minute in changed_dates(session, standing.entry.pk) if minute >= original}
    return head, tail, sorted(later)


def end_before(session: Session, standing: Standing, head: Series, later: list[Minute], now: datetime) -> None:
    """Ends a series with ``head``: the dates that follow are given back, what was before stays as it was."""
    entry = standing.entry
    earlier = {claim.calendar_pk for claim in standing.held if claim.occurrence not in later}
    claims.release(session, entry.pk, sequence=entry.sequence + 1, now=now, occurrences=later, keeping=earlier)
    forget_dates(session, entry.pk, later)
    columns = columns_of(head)
    entries.change(session, entry, now, significant=True, rrule=columns["rrule"], exdates=columns["exdates"])
    end_if_empty(session, entry, now)


def end_if_empty(session: Session, entry: Entry, now: datetime) -> None:
    """A series without any date left is cancelled."""
    if not claims.of_entry(session, entry.pk) and entry.status in ("confirmed", "tentative"):
        entries.change(session, entry, now, significant=False, status="cancelled", lapses_at=None)
