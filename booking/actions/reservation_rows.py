"""A reservation's rows: reading them under rights, writing them from a plan, ending them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from booking.actions import audit, claims, entries, reservation_messages
from booking.actions.feasibility import CalendarFacts, calendars_of
from booking.actions.reservation_messages import Happening
from booking.actions.reservation_requests import Noted, ReservationPlan, Wish
from booking.actions.rights import Actor, Rights, rights_on
from booking.database import add_all
from booking.models import Entry, EntryEquipment, Occurrence, Reservation
from booking.refusals import Forbidden, NotFound, Stale
from booking.timeline.interval import to_minute
from booking.timeline.recurrence import Series, first_start, rule_text

ENDED = ("cancelled", "rejected")
ELSEWHERE, LEFT_OUT = "elsewhere", "skipped"
"""Why a series has a date no longer: it is a reservation of its own now; it was left out from the start."""


@dataclass(frozen=True)
class Standing:
    """A reservation as it stands: its rows, and the claims it holds (of one that ended: those it held to the end)."""

    entry: Entry
    reservation: Reservation
    held: list[claims.Standing]

    @property
    def calendar_pks(self) -> list[int]:
        return sorted({claim.calendar_pk for claim in self.held})

    @property
    def holders(self) -> tuple[int | None, int | None]:
        """Keys of who booked it and whom it is for."""
        return self.entry.booked_by_pk, self.reservation.booked_for_pk


def load(session: Session, actor: Actor, reservation_id: str, wanted: str, seen: int | None = None) -> Standing:
    """The reservation, if the actor has the right: ``read``, ``change`` (cancel too) or ``manage`` (confirm, reject).

    Who booked it and whom it is for may read and change it; else it takes the details of one of its calendars to
    read, managing one to change. ``NotFound`` where nothing may be seen, ``Forbidden`` where only that it is busy.
    """
    entry = session.scalar(select(Entry).where(Entry.kind == "reservation", Entry.id == reservation_id))
    if entry is None:
        raise NotFound
    standing = of_entry(session, entry)
    rights = rights_on(session, actor, standing.calendar_pks)
    if not may(actor, standing.holders, rights, wanted):
        if any(each.sees for each in rights.values()) or actor.pk in standing.holders:
            raise Forbidden
        raise NotFound
    if seen is not None and seen != entry.version:
        raise Stale
    return standing


def of_entry(session: Session, entry: Entry) -> Standing:
    held = claims.of_entry(session, entry.pk) or claims.released_at(session, entry.pk, entry.sequence)
    # What was taken beside an appointment, or imported, may have nothing of its own.
    reservation = session.get(Reservation, entry.pk) or Reservation(entry_pk=entry.pk, option=False)
    return Standing(entry, reservation, held)


def may(actor: Actor, holders: Iterable[int | None], rights: Mapping[int, Rights], wanted: str) -> bool:
    """Whether rights on the reservation's calendars, or being one of its holders, suffice."""
    if any(each.manages for each in rights.values()):
        return True
    if wanted == "manage":
        return False
    return actor.pk in holders or (wanted == "read" and any(each.sees_details for each in rights.values()))


def still(session: Session, entry: Entry) -> None:
    """After the locks: the row is still the one that was read."""
    seen = entry.version
    session.refresh(entry)
    if entry.version != seen:
        raise Stale


def family(session: Session, entry: Entry) -> list[Entry]:
    """What was reserved together as chosen dates, or left one series for other calendars; by start.

    Only what still stands, the entry itself always.
    """
    head_pk = entry.pk
    if entry.related_pk is not None:
        head = session.get_one(Entry, entry.related_pk)
        if head.kind != "reservation":
            return [entry]
        head_pk = head.pk
    found = session.scalars(
        select(Entry)
        .where(
            (Entry.pk == head_pk) | (Entry.related_pk == head_pk),
            Entry.kind == "reservation",
            Entry.status.in_(("confirmed", "tentative")) | (Entry.pk == entry.pk),
        )
        .order_by(Entry.starts, Entry.pk)
    )
    return list(found)


@dataclass(frozen=True)
class Identity:
    """What a new entry of a plan has besides its dates: who, in what state, joined to what."""

    booked_by_pk: int | None
    status: str
    lapses_at: int | None
    related_pk: int | None = None
    split_from_pk: int | None = None


def write(
    session: Session,
    plan: ReservationPlan,
    wishes: Sequence[Wish],
    identity: Identity,
    now: datetime,
    *,
    series: Series | None,
    dates: Mapping[int, "Left"] | None = None,
) -> Entry:
    """A new reservation that takes these wishes: one date, or the dates of the series.

    ``dates`` are those of the series that it does not take, and why.
    """
    first = wishes[0]
    calendar = first.calendars[0]
    entry_pk, _, _ = entries.new_entry(
        session,
        kind="reservation",
        now=now,
        status=identity.status,
        zone=plan.zone.key,
        title=plan.noted.title,
        territory_pk=calendar.territory_pk,
        venue_pk=calendar.venue_pk,
        booked_by_pk=identity.booked_by_pk,
        lapses_at=identity.lapses_at,
        related_pk=identity.related_pk,
        **(columns_of(series) if series else {"starts": first.starts, "ends": first.ends}),
    )
    write_detail(session, entry_pk, plan.noted, option=plan.option, split_from_pk=identity.split_from_pk)
    take(session, entry_pk, wishes, claims.strength_of(identity.status), is_series=series is not None)
    if series is not None:
        write_dates(session, entry_pk, wishes, dates or {}, 0, now)
    return session.get_one(Entry, entry_pk)


def columns_of(series: Series) -> dict[str, object]:
    """The columns of an entry that tell how it recurs, with its first date."""
    first = first_start(series) or series.start
    starts = to_minute(first, series.zone)
    return {
        "starts": starts,
        "ends": starts + series.minutes,
        "starts_wall": series.start.strftime("%Y-%m-%dT%H:%M"),
        "rrule": None if series.rule is None else rule_text(series.rule, series.start, series.zone),
        "exdates": [day.isoformat() for day in sorted(series.exdates)],
    }


NO_SERIES: dict[str, object] = {"starts_wall": None, "rrule": None, "exdates": None}


def write_detail(
    session: Session, entry_pk: int, noted: Noted, *, option: bool = False, split_from_pk: int | None = None
) -> None:
    add_all(
        session,
        "reservation",
        [
            {
                "entry_pk": entry_pk,
                "booked_for_pk": noted.booked_for_pk,
                "purpose": noted.purpose,
                "people": noted.people,
                "driver_pk": noted.driver_pk,
                "planned_km": noted.planned_km,
                "option": option,
                "split_from_pk": split_from_pk,
            }
        ],
    )
    write_equipment(session, entry_pk, noted.equipment)


def write_equipment(session: Session, entry_pk: int, equipment: Iterable[tuple[int, int]]) -> None:
    add_all(
        session,
        "entry_equipment",
        [{"entry_pk": entry_pk, "equipment_pk": pk, "quantity": quantity} for pk, quantity in equipment],
    )


def forget_equipment(session: Session, entry_pk: int) -> None:
    session.execute(delete(EntryEquipment).where(EntryEquipment.entry_pk == entry_pk))


def equipment_of(session: Session, entry_pk: int) -> tuple[tuple[int, int], ...]:
    found = session.execute(
        select(EntryEquipment.equipment_pk, EntryEquipment.quantity)
        .where(EntryEquipment.entry_pk == entry_pk)
        .order_by(EntryEquipment.equipment_pk)
    )
    return tuple((pk, quantity) for pk, quantity in found)


def take(session: Session, entry_pk: int, wishes: Iterable[Wish], strength: str, *, is_series: bool) -> None:
    claims.take(
        session,
        entry_pk,
        [
            claims.Wanted(pk, *span, strength, occurrence=wish.original if is_series else 0)
            for wish in wishes
            for pk, span in wish.spans().items()
        ],
    )


@dataclass(frozen=True)
class Left:
    """A date that its series does not take: why, and since which sequence."""

    reason: str | None
    sequence: int


def write_dates(
    session: Session,
    entry_pk: int,
    wishes: Iterable[Wish],
    left: Mapping[int, Left],
    sequence: int,
    now: datetime,
) -> None:
    """The dates of a series that differ from its rule: moved ones among the wishes, and those it does not take."""
    changed = [
        {
            "entry_pk": entry_pk,
            "original": original,
            "starts": None,
            "ends": None,
            "sequence": each.sequence,
            "reason": each.reason,
            "last_modified": now,
        }
        for original, each in left.items()
    ]
    changed += [
        {
            "entry_pk": entry_pk,
            "original": wish.original,
            "starts": wish.starts,
            "ends": wish.ends,
            "sequence": sequence,
            "reason": None,
            "last_modified": now,
        }
        for wish in wishes
        if wish.moved
    ]
    if changed:
        session.execute(insert(Occurrence), changed)


def forget_dates(session: Session, entry_pk: int, originals: Iterable[int] | None = None) -> None:
    statement = delete(Occurrence).where(Occurrence.entry_pk == entry_pk)
    if originals is not None:
        statement = statement.where(Occurrence.original.in_(sorted(originals)))
    session.execute(statement)


def drop(
    session: Session,
    standing: Standing,
    actor: Actor | None,
    now: datetime,
    *,
    kind: str,
    reason: str | None,
) -> list[reservation_messages.Planned]:
    """Ends a reservation whatever the way (cancelled, rejected, lapsed). The caller holds its calendars' locks."""
    entry = standing.entry
    held = claims.release(session, entry.pk, sequence=entry.sequence + 1, now=now)
    entries.change(
        session,
        entry,
        now,
        significant=True,
        status="rejected" if kind == "rejected" else "cancelled",
        reason=reason,
        lapses_at=None,
    )
    note(
        session,
        actor,
        {"cancelled": "cancel", "rejected": "reject", "lapsed": "lapse"}[kind],
        entry,
        now,
        {"sequence": entry.sequence},
    )
    return announce(session, kind, Standing(entry, standing.reservation, held), actor, now)


def announce(
    session: Session,
    kind: str,
    standing: Standing,
    actor: Actor | None,
    now: datetime,
    *,
    previous_starts: int | None = None,
    occurrence: int = 0,
    span: tuple[int, int] | None = None,
) -> list[reservation_messages.Planned]:
    """Hands what happened to the ledger: to a whole reservation, or to one date of it (``span``)."""
    entry, held = standing.entry, standing.held
    dates = sorted({claim.occurrence for claim in held}) if entry.rrule else []
    starts, ends = span or (entry.starts, entry.ends)
    return reservation_messages.record(
        session,
        Happening(
            kind=kind,
            entry_pk=entry.pk,
            uid=entry.uid,
            sequence=entry.sequence,
            territory_pk=entry.territory_pk,
            zone=entry.zone,
            starts=starts,
            ends=ends,
            previous_starts=previous_starts,
            booked_by_pk=entry.booked_by_pk,
            booked_for_pk=standing.reservation.booked_for_pk,
            actor_pk=None if actor is None else actor.pk,
            lapses_at=entry.lapses_at,
            now=now,
            occurrence=occurrence,
            dates=0 if span else len(dates),
            until=ends if span or not held else max(ends, max(claim.ends for claim in held)),
            is_option=bool(standing.reservation.option),
            calendar_pks=tuple(standing.calendar_pks),
        ),
    )


def note(
    session: Session, actor: Actor | None, action: str, entry: Entry, now: datetime, detail: dict[str, object]
) -> None:
    audit.note(
        session,
        at=now,
        account_pk=None if actor is None else actor.pk,
        action=action,
        object_kind="reservation",
        object_id=entry.id,
        detail=detail,
    )


def facts_of(session: Session, standing: Standing) -> tuple[CalendarFacts, ...]:
    return tuple(calendars_of(session, standing.calendar_pks))


def zone_of(entry: Entry) -> ZoneInfo:
    return ZoneInfo(entry.zone)
