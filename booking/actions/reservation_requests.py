"""What somebody wants to reserve: a draft in local times, and the plan it comes to once its ids and dates are known."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking.actions.feasibility import CalendarFacts, calendars_named
from booking.actions.local_spans import A_DAY, FARTHEST, LAST_YEAR, as_time, span_of
from booking.actions.openings_editing import LONGEST_RULE, is_local
from booking.actions.rights import NO_RIGHTS, Actor, Rights, rights_on
from booking.actions.series import dates as dates_of
from booking.actions.series import horizon, series_of, wall_text
from booking.database import rows
from booking.refusals import Fault, Forbidden, Invalid
from booking.timeline.interval import Minute, Span, local_date, to_minute, to_wall
from booking.timeline.recurrence import RuleError, Series, first_start, last_end

MOST_CALENDARS = 20
MOST_DATES = 2_000
"""Dates of one series; a daily one has as many in five years."""
MOST_CHOSEN = 366
LONGEST_DAYS = 366
LONGEST_TITLE = 200
LONGEST_PURPOSE = 300
MOST_PEOPLE = 100_000
MOST_KM = 100_000
MOST_EQUIPMENT = 50


@dataclass(frozen=True)
class DateChange:
    """What is to become of one date: ``date`` names it by its local day or its local start.

    Left out (``skip``), on other calendars, or at another local time; the two last may come together.
    """

    date: str
    skip: bool = False
    calendars: tuple[str, ...] | None = None
    start: str | None = None
    end: str | None = None


@dataclass(frozen=True)
class ReservationDraft:
    """A reservation as somebody wants it, in the local time of the first calendar's place.

    ``start`` and ``end`` are local times (``2027-01-19T09:00``) or whole days (the last is inside); with a rule
    they are those of the first date. ``dates`` are further local starts (or days, at the same hour) without a
    rule. ``booked_for`` and ``driver`` are ids of accounts, ``equipment`` pairs of id and quantity. ``option``
    holds the time until it lapses, if nobody confirms it before. ``override`` is for whoever manages every
    calendar: hindrances then do not hinder; another reservation always does.
    """

    calendars: tuple[str, ...]
    title: str | None
    start: str
    end: str
    rrule: str | None = None
    exdates: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    booked_for: str | None = None
    purpose: str | None = None
    people: int | None = None
    driver: str | None = None
    planned_km: int | None = None
    option: bool = False
    equipment: tuple[tuple[str, int], ...] = ()
    changes: tuple[DateChange, ...] = ()
    override: bool = False


KEEP: Any = object()
"""Stands for what a change leaves as it was."""


@dataclass(frozen=True)
class ReservationChange:
    """What a change changes; ``KEEP`` leaves a thing as it was, ``None`` empties it.

    For one date of a series ``start`` and ``end`` are that date's; for a series they are those of its first date
    (or, of "this and the following", of the first that follows). A new start alone keeps the length.
    """

    calendars: Any = KEEP
    title: Any = KEEP
    start: Any = KEEP
    end: Any = KEEP
    rrule: Any = KEEP
    exdates: Any = KEEP
    booked_for: Any = KEEP
    purpose: Any = KEEP
    people: Any = KEEP
    driver: Any = KEEP
    planned_km: Any = KEEP
    equipment: Any = KEEP
    override: bool = False

    @property
    def moves(self) -> bool:
        """Whether it touches when or where, and not only what is noted."""
        return any(each is not KEEP for each in (self.calendars, self.start, self.end, self.rrule, self.exdates))

    @property
    def renames(self) -> bool:
        """Whether it touches what is noted."""
        noted = (self.title, self.booked_for, self.purpose, self.people, self.driver, self.planned_km, self.equipment)
        return any(each is not KEEP for each in noted)


@dataclass(frozen=True)
class Wish:
    """One date as it is wanted. ``original`` is the start (UTC minute) that the rule or the list gives.

    ``elsewhere``: on other calendars than the rest, so that it becomes a reservation of its own. ``moved``: at
    another time than ``original``, or of another length.
    """

    original: Minute
    starts: Minute
    ends: Minute
    calendars: tuple[CalendarFacts, ...]
    skipped: bool = False
    elsewhere: bool = False
    moved: bool = False

    def spans(self) -> dict[int, Span]:
        """What it takes of each calendar, by key: set-up and clean-up inside."""
        return {each.pk: each.widened(self.starts, self.ends, 0, 0) for each in self.calendars}


@dataclass(frozen=True)
class Noted:
    """What a reservation notes besides when and where, ids resolved."""

    title: str | None
    booked_for_pk: int | None = None
    purpose: str | None = None
    people: int | None = None
    driver_pk: int | None = None
    planned_km: int | None = None
    equipment: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class ReservationPlan:
    """A draft that makes sense, its ids and dates resolved. ``series`` is absent for single and chosen dates."""

    calendars: tuple[CalendarFacts, ...]
    zone: ZoneInfo
    series: Series | None
    wishes: tuple[Wish, ...]
    noted: Noted
    rights: Mapping[int, Rights]
    option: bool = False
    override: bool = False

    @property
    def every_calendar(self) -> list[CalendarFacts]:
        """Those of all dates, each once, in the order of their keys."""
        found = {each.pk: each for wish in self.wishes for each in wish.calendars} | {c.pk: c for c in self.calendars}
        return [found[pk] for pk in sorted(found)]

    @property
    def insists(self) -> bool:
        """Whether hindrances do not hinder: it was asked for, and every calendar is managed."""
        return self.override and all(self.rights.get(each.pk, NO_RIGHTS).manages for each in self.every_calendar)

    @property
    def wall_start(self) -> str | None:
        return None if self.series is None else self.series.start.strftime("%Y-%m-%dT%H:%M")


def may_take(rights: Rights) -> bool:
    """Whether a calendar may be reserved at all; slots that openings offer are for appointments only."""
    return rights.level in ("propose", "book", "manage")


def takes_outright(rights: Rights) -> bool:
    """Whether it is reserved without asking."""
    return rights.level in ("book", "manage")


def resolve(
    session: Session,
    actor: Actor,
    draft: ReservationDraft,
    now: datetime,
    *,
    keeping: Iterable[int] = (),
    zone: ZoneInfo | None = None,
) -> ReservationPlan:
    """The plan of a draft. Unknown ids and those of other territories are the same.

    ``keeping`` are keys of calendars held already: they need no right to be kept, and may be closed by now.
    Raises ``Invalid``, every fault at its member, or ``Forbidden``.
    """
    faults: list[Fault] = []
    named = [*draft.calendars, *(each for change in draft.changes for each in change.calendars or ())]
    found = calendars_named(session, named)
    rights = rights_on(session, actor, [each.pk for each in found.values()])
    kept = set(keeping)
    reach = _Reach(found, rights, kept, faults)
    calendars = reach.all_of(draft.calendars, "/calendars")
    noted = resolve_noted(session, actor, draft, faults)
    if draft.rrule and draft.dates:
        faults.append(Fault("/dates", "with_rule", "either a rule or chosen dates"))
    if len(draft.dates) > MOST_CHOSEN:
        faults.append(Fault("/dates", "too_many_dates", f"at most {MOST_CHOSEN} dates"))
    if faults:
        raise Invalid(faults)
    zone = zone or zone_of_calendar(session, calendars[0].pk)
    starts, ends = span_of(draft.start, draft.end, zone, LONGEST_DAYS)
    series = series_from(draft, ends - starts, zone) if draft.rrule else None
    dates = _of_series(series, now) if series else _chosen(draft, (starts, ends), zone, faults)
    if faults:
        raise Invalid(faults)
    wishes = [Wish(original, span[0], span[1], calendars) for original, span in dates]
    wishes = _changed(draft, wishes, zone, reach, calendars)
    if faults:
        raise Invalid(faults)
    reach.require()
    return ReservationPlan(calendars, zone, series, tuple(wishes), noted, rights, draft.option, draft.override)


@dataclass
class _Reach:
    """The calendars that ids may name, as far as the actor knows of them and may take them."""

    found: Mapping[str, CalendarFacts]
    rights: Mapping[int, Rights]
    kept: set[int]
    faults: list[Fault]
    forbidden: bool = False

    def all_of(self, ids: Sequence[str], pointer: str) -> tuple[CalendarFacts, ...]:
        if not ids:
            self.faults.append(Fault(pointer, "required", "at least one calendar"))
        if len(ids) > MOST_CALENDARS:
            self.faults.append(Fault(pointer, "too_many", f"at most {MOST_CALENDARS} calendars"))
        named = []
        for index, each in enumerate(ids):
            calendar = self.found.get(each)
            held = NO_RIGHTS if calendar is None else self.rights.get(calendar.pk, NO_RIGHTS)
            if calendar is None or not (held.sees or calendar.pk in self.kept):
                self.faults.append(Fault(f"{pointer}/{index}", "unknown_id", "there is nothing with this id"))
            elif calendar in named:
                self.faults.append(Fault(f"{pointer}/{index}", "duplicate", "each calendar once"))
            else:
                self.forbidden = self.forbidden or not (may_take(held) or calendar.pk in self.kept)
                named.append(calendar)
        return tuple(named)

    def require(self) -> None:
        if self.forbidden:
            raise Forbidden


def series_from(draft: ReservationDraft, minutes: int, zone: ZoneInfo) -> Series:
    """The rule of a draft as a value; raises ``Invalid`` when it makes no sense or gives no date."""
    if len(draft.rrule or "") > LONGEST_RULE:
        raise Invalid([Fault("/rrule", "too_long", f"at most {LONGEST_RULE} characters")])
    try:
        series = series_of(as_time(draft.start), minutes, draft.rrule, draft.exdates, zone.key)
    except RuleError as error:
        member = "exdates" if error.part == "exdates" else "rrule"
        raise Invalid([Fault(f"/{member}", member, str(error))]) from error
    if first_start(series) is None:
        raise Invalid([Fault("/rrule", "empty", "there is no such date at all")])
    return series


def _of_series(series: Series, now: datetime) -> list[tuple[Minute, Span]]:
    found = dates_of(series, {}, horizon(series, now), most=MOST_DATES)
    if len(found) > MOST_DATES:
        raise Invalid([Fault("/rrule", "too_many_dates", f"at most {MOST_DATES} dates")])
    if (last_end(series) or 0) > FARTHEST:
        raise Invalid([Fault("/rrule", "too_far", f"no date after the year {LAST_YEAR}")])
    return [(one.original, (one.starts, one.ends)) for one in found]


def _chosen(draft: ReservationDraft, first: Span, zone: ZoneInfo, faults: list[Fault]) -> list[tuple[Minute, Span]]:
    """The first date and those chosen besides, each once, by start."""
    minutes = first[1] - first[0]
    hour = as_time(draft.start)[10:]
    starts = {first[0]}
    for index, text in enumerate(draft.dates):
        wall = text + hour if len(text) == len("2027-01-19") else text
        if not is_local(wall):
            faults.append(Fault(f"/dates/{index}", "date", "a day such as 2027-01-19, or its local time"))
            continue
        start = to_minute(datetime.fromisoformat(wall), zone)
        if start in starts:
            faults.append(Fault(f"/dates/{index}", "duplicate", "each date once"))
        elif abs(start - first[0]) > 3 * LONGEST_DAYS * A_DAY:
            faults.append(Fault(f"/dates/{index}", "too_far", "within three years of the first"))
        starts.add(start)
    return [(start, (start, start + minutes)) for start in sorted(starts)]


def _changed(
    draft: ReservationDraft,
    wishes: list[Wish],
    zone: ZoneInfo,
    reach: _Reach,
    calendars: tuple[CalendarFacts, ...],
) -> list[Wish]:
    """The dates with what the draft wants otherwise of some of them."""
    by_name: dict[str, int] = {}
    for index, wish in enumerate(wishes):
        by_name.setdefault(local_date(wish.original, zone).isoformat(), index)
        by_name[wall_text(wish.original, zone)] = index
    done: set[int] = set()
    changed = list(wishes)
    for index, change in enumerate(draft.changes):
        at = by_name.get(change.date)
        if at is None or at in done:
            code, detail = ("date", "no date of this reservation") if at is None else ("duplicate", "each date once")
            reach.faults.append(Fault(f"/changes/{index}/date", code, detail))
            continue
        done.add(at)
        changed[at] = _one_changed(wishes[at], change, f"/changes/{index}", zone, reach, calendars)
    if changed and all(wish.skipped for wish in changed) and not reach.faults:
        reach.faults.append(Fault("/changes", "empty", "every date is left out"))
    return changed


def _one_changed(
    wish: Wish,
    change: DateChange,
    pointer: str,
    zone: ZoneInfo,
    reach: _Reach,
    calendars: tuple[CalendarFacts, ...],
) -> Wish:
    if change.skip:
        if change.calendars or change.start or change.end:
            reach.faults.append(Fault(f"{pointer}/skip", "contradiction", "what is left out is nowhere else"))
        return replace(wish, skipped=True)
    if change.start is not None or change.end is not None:
        start = change.start or wall_text(wish.starts, zone)
        end = change.end or _end_after(start, wish.ends - wish.starts, zone)
        try:
            starts, ends = span_of(start, end, zone, LONGEST_DAYS)
        except Invalid as invalid:
            reach.faults += [replace(fault, pointer=pointer + fault.pointer) for fault in invalid.faults]
            return wish
        wish = replace(wish, starts=starts, ends=ends, moved=(starts, ends) != (wish.starts, wish.ends))
    if change.calendars is not None:
        others = reach.all_of(change.calendars, f"{pointer}/calendars")
        wish = replace(wish, calendars=others, elsewhere=set(others) != set(calendars))
    return wish


def _end_after(start: str, minutes: int, zone: ZoneInfo) -> str:
    """The local end that makes a new local start last as long as before."""
    if not is_local(as_time(start)):
        return start
    return wall_text(to_minute(datetime.fromisoformat(as_time(start)), zone) + minutes, zone)


def resolve_noted(
    session: Session, actor: Actor, draft: ReservationDraft, faults: list[Fault], territory_pk: int | None = None
) -> Noted:
    """What is noted besides, with the rows behind its ids; what is wrong goes to the faults."""
    for name, longest in (("title", LONGEST_TITLE), ("purpose", LONGEST_PURPOSE)):
        if len(getattr(draft, name) or "") > longest:
            faults.append(Fault(f"/{name}", "too_long", f"at most {longest} characters"))
    for name, least, most in (("people", 1, MOST_PEOPLE), ("planned_km", 0, MOST_KM)):
        value = getattr(draft, name)
        if value is not None and not least <= value <= most:
            faults.append(Fault(f"/{name}", "range", f"from {least} to {most}"))
    people = _accounts(session, actor, [each for each in (draft.booked_for, draft.driver) if each])
    for name in ("booked_for", "driver"):
        if getattr(draft, name) and getattr(draft, name) not in people:
            faults.append(Fault(f"/{name}", "unknown_id", "there is nothing with this id"))
    return Noted(
        title=draft.title or None,
        booked_for_pk=people.get(draft.booked_for or ""),
        purpose=draft.purpose or None,
        people=draft.people,
        driver_pk=people.get(draft.driver or ""),
        planned_km=draft.planned_km,
        equipment=_equipment(session, actor, draft, faults),
    )


_ACCOUNTS = """
SELECT a.id, a.pk FROM account a JOIN organisation o ON o.pk = a.organisation_pk
WHERE a.id IN_ARRAY(:ids) AND a.active AND o.territory_pk = :territory
"""


def _accounts(session: Session, actor: Actor, ids: list[str]) -> dict[str, int]:
    if not ids:
        return {}
    return {row[0]: row[1] for row in rows(session, _ACCOUNTS, {"ids": ids, "territory": actor.territory_pk})}


_EQUIPMENT = """
SELECT e.id, e.pk FROM equipment e JOIN organisation o ON o.pk = e.organisation_pk
WHERE e.id IN_ARRAY(:ids) AND e.active AND o.territory_pk = :territory
"""


def _equipment(
    session: Session, actor: Actor, draft: ReservationDraft, faults: list[Fault]
) -> tuple[tuple[int, int], ...]:
    if not draft.equipment:
        return ()
    if len(draft.equipment) > MOST_EQUIPMENT:
        faults.append(Fault("/equipment", "too_many", f"at most {MOST_EQUIPMENT} kinds of things"))
        return ()
    ids = [each for each, _ in draft.equipment]
    known = {row[0]: row[1] for row in rows(session, _EQUIPMENT, {"ids": ids, "territory": actor.territory_pk})}
    wanted: dict[int, int] = {}
    for index, (equipment_id, quantity) in enumerate(draft.equipment):
        pk = known.get(equipment_id)
        if pk is None:
            faults.append(Fault(f"/equipment/{index}/id", "unknown_id", "there is nothing with this id"))
        elif pk in wanted:
            faults.append(Fault(f"/equipment/{index}/id", "duplicate", "each kind of thing once"))
        elif quantity < 1:
            faults.append(Fault(f"/equipment/{index}/quantity", "range", "at least one"))
        else:
            wanted[pk] = quantity
    return tuple(sorted(wanted.items()))


_ZONE = """
SELECT t.timezone
FROM calendar c
JOIN organisation o ON o.pk = c.organisation_pk
LEFT JOIN venue v ON v.pk = c.venue_pk
LEFT JOIN organisation vo ON vo.pk = v.organisation_pk
JOIN territory t ON t.pk = COALESCE(vo.territory_pk, o.territory_pk)
WHERE c.pk = :calendar
"""


def zone_of_calendar(session: Session, calendar_pk: int) -> ZoneInfo:
    """The zone that a calendar's times are told in: its place's."""
    return ZoneInfo(rows(session, _ZONE, {"calendar": calendar_pk})[0][0])


def local_day_of(text: str) -> date | None:
    """The day that names a date of a reservation: ``2027-01-19``, or its local start."""
    try:
        return date.fromisoformat(text[:10]) if len(text) == len("2027-01-19") or is_local(text) else None
    except ValueError:
        return None


def shifted(text: str, by: timedelta, zone: ZoneInfo) -> str:
    """A local time so much later on the wall clock."""
    return (to_wall(to_minute(datetime.fromisoformat(as_time(text)), zone), zone) + by).strftime("%Y-%m-%dT%H:%M")
