"""Changing what was reserved: one date, this and the following, or all of it.

One date that moves stays with its series; one that goes to other calendars, or is noted otherwise, leaves it and
becomes a reservation of its own, joined to it. "This and the following" ends the series before that date and goes
on as another one; what was before stays as it was. Chosen dates are reservations of their own, changed together.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlalchemy.orm import Session

from booking.actions import claims, entries
from booking.actions.local_spans import as_time, span_of
from booking.actions.openings_editing import is_local
from booking.actions.reservation_outcomes import Reserved, joined, next_start, no_such_scope, reserved, settled, told
from booking.actions.reservation_proposals import status_of
from booking.actions.reservation_requests import (
    KEEP,
    LONGEST_DAYS,
    Noted,
    ReservationChange,
    ReservationDraft,
    ReservationPlan,
    Wish,
    resolve,
    resolve_noted,
)
from booking.actions.reservation_rows import (
    ELSEWHERE,
    ENDED,
    NO_SERIES,
    Identity,
    Left,
    Standing,
    announce,
    columns_of,
    equipment_of,
    facts_of,
    family,
    forget_dates,
    forget_equipment,
    load,
    note,
    of_entry,
    still,
    take,
    write,
    write_dates,
    write_detail,
    write_equipment,
    zone_of,
)
from booking.actions.reservation_series import (
    addressed,
    cut,
    end_before,
    end_if_empty,
    kept_dates,
    span_now,
)
from booking.actions.rights import Actor, rights_on
from booking.actions.series import wall_text
from booking.database import lock_calendars
from booking.models import Entry, Reservation
from booking.refusals import Fault, Invalid, NotFound, WrongState
from booking.timeline.interval import Minute, local_date, to_minute, to_wall
from booking.timeline.recurrence import Series, rule_text

Scope = Literal["one", "following", "all"]


def change(
    session: Session,
    actor: Actor,
    reservation_id: str,
    change: ReservationChange,
    now: datetime,
    scope: Scope = "all",
    date: str | None = None,
    seen: int | None = None,
) -> Reserved:
    """Changes a reservation: the whole of it, one ``date`` (a local day or start), or that date and the following.

    Raises as ``reserve`` does, ``NotFound``, ``Stale``, ``WrongState`` when it no longer stands.
    """
    standing = load(session, actor, reservation_id, "change", seen)
    about = addressed(session, standing, date)
    if about.standing.entry.status in ENDED:
        raise WrongState(about.standing.entry.status)
    if about.original is not None and scope == "one":
        return _change_date(session, actor, about.standing, about.original, change, now)
    if about.original is not None and scope == "following":
        return _change_following(session, actor, about.standing, about.original, change, now)
    entry = about.standing.entry
    if entry.rrule is not None:
        if about.original is None and scope != "all":
            raise no_such_scope()
        return _change_whole(session, actor, about.standing, change, now)
    several = [each for each in family(session, entry) if each.rrule is None] if scope != "one" else [entry]
    if any(each.rrule is not None for each in family(session, entry)):
        several = [entry]
    if scope == "following":
        several = [each for each in several if each.starts >= entry.starts]
    return _change_several(session, actor, about.standing, several, change, now)


def _change_several(
    session: Session, actor: Actor, first: Standing, several: list[Entry], change: ReservationChange, now: datetime
) -> Reserved:
    """Chosen dates: what is new of one is new of all, another hour as so much earlier or later on the wall clock."""
    if len(several) == 1:
        return _change_whole(session, actor, first, change, now)
    held = {each.pk: of_entry(session, each) for each in several}
    lock_calendars(session, {pk for each in held.values() for pk in each.calendar_pks})
    later = _shift(first.entry, change)
    minutes = _minutes(first.entry, change)
    done = None
    forwards = later <= timedelta(0)
    for each in sorted(several, key=lambda entry: entry.starts, reverse=not forwards):
        its = change
        if change.start is not KEEP or change.end is not KEEP:
            zone = zone_of(each)
            wall = to_wall(each.starts, zone) + later
            start = wall.strftime("%Y-%m-%dT%H:%M")
            its = replace(change, start=start, end=wall_text(to_minute(wall, zone) + minutes, zone))
        step = _change_whole(session, actor, held[each.pk], its, now)
        done = step if done is None else joined(done, step)
    if done is None:
        raise NotFound
    return replace(done, entry_pk=first.entry.pk, id=first.entry.id, version=first.entry.version)


def _shift(entry: Entry, change: ReservationChange) -> timedelta:
    if change.start is KEEP or not is_local(as_time(change.start)):
        return timedelta(0)
    return datetime.fromisoformat(as_time(change.start)) - to_wall(entry.starts, zone_of(entry)).replace(fold=0)


def _minutes(entry: Entry, change: ReservationChange) -> int:
    if change.end is KEEP:
        return entry.ends - entry.starts
    start = wall_text(entry.starts, zone_of(entry)) if change.start is KEEP else change.start
    starts, ends = span_of(start, change.end, zone_of(entry), LONGEST_DAYS)
    return ends - starts


def _change_whole(
    session: Session, actor: Actor, standing: Standing, change: ReservationChange, now: datetime
) -> Reserved:
    entry = standing.entry
    noted = _noted(session, actor, standing, change)
    if not change.moves:
        lock_calendars(session, standing.calendar_pks)
        still(session, entry)
        entries.change(session, entry, now, significant=False, title=noted.title)
        _rewrite(session, standing, noted)
        note(session, actor, "amend", entry, now, {})
        return reserved(of_entry(session, entry))
    plan = _planned(session, actor, standing, _present(session, standing), change, noted, now)
    plan, left = kept_dates(session, entry, plan) if plan.series and entry.rrule else (plan, {})
    lock_calendars(session, {*standing.calendar_pks, *(each.pk for each in plan.every_calendar)})
    still(session, entry)
    examined = settled(session, actor, plan, now, "refuse", ignoring=(entry.pk,), held=_spans_of(standing.held))
    going = [wish for wish in plan.wishes if not wish.skipped]
    status, lapses_at = _status(session, plan, plan.calendars, going, standing, now)
    previous_starts, keeping = entry.starts, {each.pk for each in plan.calendars}
    claims.release(session, entry.pk, sequence=entry.sequence + 1, now=now, keeping=keeping)
    claims.forget_released(session, entry.pk, keeping)
    forget_dates(session, entry.pk)
    when = columns_of(plan.series) if plan.series else {"starts": going[0].starts, "ends": going[0].ends, **NO_SERIES}
    entries.change(
        session,
        entry,
        now,
        significant=True,
        title=noted.title,
        venue_pk=plan.calendars[0].venue_pk,
        zone=plan.zone.key,
        status=status,
        lapses_at=lapses_at,
        **when,
    )
    take(session, entry.pk, going, claims.strength_of(status), is_series=plan.series is not None)
    if plan.series:
        write_dates(session, entry.pk, going, left, entry.sequence, now)
    _rewrite(session, standing, noted)
    note(session, actor, "change", entry, now, {"from": previous_starts, "starts": entry.starts, "dates": len(going)})
    after = of_entry(session, entry)
    messages = announce(session, "moved", after, actor, now, previous_starts=previous_starts)
    outcomes = told(session, actor, plan, examined, {wish.original: entry.id for wish in going})
    return reserved(after, outcomes, messages)


def _change_date(
    session: Session,
    actor: Actor,
    standing: Standing,
    original: Minute,
    change: ReservationChange,
    now: datetime,
) -> Reserved:
    entry, zone = standing.entry, zone_of(standing.entry)
    span = span_now(session, entry, original)
    if span is None:
        raise WrongState("cancelled")
    if change.rrule is not KEEP or change.exdates is not KEEP:
        raise Invalid([Fault("/rrule", "one_date", "one date has no rule: change all, or this and the following")])
    noted = _noted(session, actor, standing, change)
    present = replace(
        _present(session, standing),
        start=wall_text(span[0], zone),
        end=wall_text(span[1], zone),
        rrule=None,
        exdates=(),
    )
    plan = _planned(session, actor, standing, present, change, noted, now)
    (asked,) = plan.wishes
    wish = replace(asked, original=original)
    plan = replace(plan, wishes=(wish,), option=bool(standing.reservation.option))
    lock_calendars(session, {*standing.calendar_pks, *(each.pk for each in wish.calendars)})
    still(session, entry)
    own = [claim for claim in standing.held if claim.occurrence == original]
    examined = settled(session, actor, plan, now, "refuse", ignoring=((entry.pk, original),), held=_spans_of(own))
    status, lapses_at = _status(session, plan, wish.calendars, [wish], standing, now)
    leaves = {each.pk for each in wish.calendars} != set(standing.calendar_pks) or change.renames
    leaves = leaves or status != entry.status
    rest = {claim.calendar_pk for claim in standing.held if claim.occurrence != original}
    keeping = rest if leaves else set(standing.calendar_pks)
    claims.release(session, entry.pk, sequence=entry.sequence + 1, now=now, occurrences=[original], keeping=keeping)
    forget_dates(session, entry.pk, [original])
    entries.change(session, entry, now, significant=True)
    note(session, actor, "change_date", entry, now, {"date": original, "starts": wish.starts, "leaves": leaves})
    if not leaves:
        moved = replace(wish, moved=(wish.starts, wish.ends) != (original, original + entry.ends - entry.starts))
        write_dates(session, entry.pk, [moved], {}, entry.sequence, now)
        take(session, entry.pk, [moved], claims.strength_of(status), is_series=True)
        after, occurrence, own_span = of_entry(session, entry), original, (wish.starts, wish.ends)
    else:
        write_dates(session, entry.pk, [], {original: Left(ELSEWHERE, entry.sequence)}, entry.sequence, now)
        end_if_empty(session, entry, now)
        identity = Identity(entry.booked_by_pk, status, lapses_at, related_pk=entry.pk)
        alone = write(session, plan, [wish], identity, now, series=None)
        note(session, actor, "leave", alone, now, {"starts": alone.starts})
        after, occurrence, own_span = of_entry(session, alone), 0, (wish.starts, wish.ends)
    messages = announce(
        session, "moved", after, actor, now, previous_starts=span[0], occurrence=occurrence, span=own_span
    )
    outcomes = told(session, actor, plan, examined, {original: after.entry.id})
    return reserved(after, outcomes, messages)


def _change_following(
    session: Session,
    actor: Actor,
    standing: Standing,
    original: Minute,
    change: ReservationChange,
    now: datetime,
) -> Reserved:
    entry = standing.entry
    head, tail, later = cut(session, standing, original)
    if tail is None:
        raise NotFound
    if head is None:
        return _change_whole(session, actor, standing, change, now)
    noted = _noted(session, actor, standing, change)
    plan = _planned(session, actor, standing, _of_tail(session, standing, tail), change, noted, now)
    plan, left = kept_dates(session, entry, plan, since=local_date(original, tail.zone)) if plan.series else (plan, {})
    lock_calendars(session, {*standing.calendar_pks, *(each.pk for each in plan.every_calendar)})
    still(session, entry)
    own = [claim for claim in standing.held if claim.occurrence in later]
    ignoring = [(entry.pk, minute) for minute in later]
    examined = settled(session, actor, plan, now, "refuse", ignoring=ignoring, held=_spans_of(own))
    going = [wish for wish in plan.wishes if not wish.skipped]
    status, lapses_at = _status(session, plan, plan.calendars, going, standing, now)
    left = {minute: replace(each, sequence=0) for minute, each in left.items()}
    end_before(session, standing, head, later, now)
    identity = Identity(entry.booked_by_pk, status, lapses_at, split_from_pk=entry.pk)
    plan = replace(plan, option=bool(standing.reservation.option))
    follows = write(session, plan, going, identity, now, series=plan.series, dates=left)
    session.execute(
        update(Entry)
        .where(Entry.related_pk == entry.pk, Entry.kind == "reservation", Entry.starts >= original)
        .values(related_pk=follows.pk)
        .execution_options(synchronize_session=False)
    )
    note(session, actor, "split", entry, now, {"date": original, "into": follows.id})
    note(session, actor, "go_on", follows, now, {"from": entry.id, "dates": len(going)})
    after = of_entry(session, follows)
    messages = announce(session, "moved", after, actor, now, previous_starts=original)
    outcomes = told(session, actor, plan, examined, {wish.original: follows.id for wish in going})
    return reserved(after, outcomes, messages)


def _status(
    session: Session,
    plan: ReservationPlan,
    calendars: Iterable[Any],
    going: list[Wish],
    standing: Standing,
    now: datetime,
) -> tuple[str, int | None]:
    entry = standing.entry
    asked = replace(plan, option=bool(standing.reservation.option) and entry.status == "tentative")
    return status_of(
        session,
        asked,
        tuple(calendars),
        next_start(going, now),
        now,
        was=entry.status,
        held=frozenset(standing.calendar_pks),
    )


def _spans_of(held: Iterable[claims.Standing]) -> frozenset[tuple[int, Minute, Minute]]:
    return frozenset((claim.calendar_pk, claim.starts, claim.ends) for claim in held)


def _present(session: Session, standing: Standing) -> ReservationDraft:
    """What the reservation is, as a draft; what is noted with it is taken over apart."""
    entry, zone = standing.entry, zone_of(standing.entry)
    start = entry.starts_wall or wall_text(entry.starts, zone)
    return ReservationDraft(
        calendars=tuple(each.id for each in facts_of(session, standing)),
        title=entry.title,
        start=start,
        end=_end(start, entry.ends - entry.starts, zone),
        rrule=entry.rrule,
        exdates=tuple(entry.exdates or ()),
    )


def _of_tail(session: Session, standing: Standing, tail: Series) -> ReservationDraft:
    start = tail.start.strftime("%Y-%m-%dT%H:%M")
    return replace(
        _present(session, standing),
        start=start,
        end=_end(start, tail.minutes, tail.zone),
        rrule=None if tail.rule is None else rule_text(tail.rule, tail.start, tail.zone),
        exdates=tuple(day.isoformat() for day in sorted(tail.exdates)),
    )


def _end(start: str, minutes: int, zone: ZoneInfo) -> str:
    return wall_text(to_minute(datetime.fromisoformat(start), zone) + minutes, zone)


def _planned(
    session: Session,
    actor: Actor,
    standing: Standing,
    present: ReservationDraft,
    change: ReservationChange,
    noted: Noted,
    now: datetime,
) -> ReservationPlan:
    """The plan of what it is with what changes; what it holds already needs no right to be kept."""
    zone = zone_of(standing.entry)
    given: dict[str, Any] = {
        name: getattr(change, name) if getattr(change, name) is not None else empty
        for name, empty in (("calendars", ()), ("start", ""), ("end", ""), ("rrule", None), ("exdates", ()))
        if getattr(change, name) is not KEEP
    }
    if "start" in given and "end" not in given and is_local(as_time(given["start"])):
        minutes = to_minute(datetime.fromisoformat(present.end), zone) - to_minute(
            datetime.fromisoformat(present.start), zone
        )
        given["end"] = _end(as_time(given["start"]), minutes, zone)
    draft = replace(present, **given, override=change.override)
    same_place = draft.calendars[:1] == present.calendars[:1]
    plan = resolve(session, actor, draft, now, keeping=standing.calendar_pks, zone=zone if same_place else None)
    rights = dict(plan.rights) | rights_on(session, actor, standing.calendar_pks)
    return replace(plan, noted=noted, rights=rights)


def _noted(session: Session, actor: Actor, standing: Standing, change: ReservationChange) -> Noted:
    """What is noted with it once it is changed; only what changes is looked at."""
    reservation, equipment = standing.reservation, equipment_of(session, standing.entry.pk)
    present = Noted(
        standing.entry.title,
        reservation.booked_for_pk,
        reservation.purpose,
        reservation.people,
        reservation.driver_pk,
        reservation.planned_km,
        equipment,
    )
    names = ("title", "booked_for", "purpose", "people", "driver", "planned_km", "equipment")
    given: dict[str, Any] = {name: getattr(change, name) for name in names if getattr(change, name) is not KEEP}
    if not given:
        return present
    if given.get("equipment", ()) is None:
        given["equipment"] = ()
    faults: list[Fault] = []
    draft = replace(ReservationDraft((), None, "", ""), **given)
    asked = resolve_noted(session, actor, draft, faults)
    if faults:
        raise Invalid(faults)
    columns = {"booked_for": "booked_for_pk", "driver": "driver_pk"}
    changed: dict[str, Any] = {columns.get(name, name): getattr(asked, columns.get(name, name)) for name in given}
    return replace(present, **changed)


def _rewrite(session: Session, standing: Standing, noted: Noted) -> None:
    entry_pk = standing.entry.pk
    forget_equipment(session, entry_pk)
    if session.get(Reservation, entry_pk) is None:
        write_detail(session, entry_pk, noted)
        return
    session.execute(
        update(Reservation)
        .where(Reservation.entry_pk == entry_pk)
        .values(
            booked_for_pk=noted.booked_for_pk,
            purpose=noted.purpose,
            people=noted.people,
            driver_pk=noted.driver_pk,
            planned_km=noted.planned_km,
        )
    )
    session.refresh(standing.reservation)
    write_equipment(session, entry_pk, noted.equipment)
