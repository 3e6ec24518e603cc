"""Random territories to search in, as plain values and as rows: hard days, odd rules, shared calendars.

One seed, one world. Worlds live side by side in one database, each a stranger to the others.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import insert
from sqlalchemy.orm import Session

from booking import models

ZONES = {
    "Europe/Paris": "metropole",
    "America/Miquelon": "975",
    "Indian/Reunion": "974",
    "Pacific/Marquesas": "987",
}
HARD_DAYS = (date(2026, 10, 25), date(2027, 3, 28), date(2027, 3, 14), date(2027, 5, 6), date(2028, 2, 29))
PROFESSIONS = ("conseiller_numerique", "conseiller_france_services")
EQUIPMENT = ("écran", "imprimante", "boucle")
CREATED = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Territory:
    id: str
    zone: str
    holidays: str | None


@dataclass
class Organisation:
    id: str
    territory: Territory


@dataclass
class Venue:
    id: str
    organisation: Organisation
    place: tuple[float, float] | None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.organisation.territory.zone)


@dataclass
class Taken:
    """What stands on a calendar. ``claims`` is off for what was cancelled, rejected or is transparent."""

    starts: int
    ends: int
    kind: str
    claims: bool = True


@dataclass
class Calendar:
    id: str
    kind: str
    organisation: Organisation
    venue: Venue | None
    active: bool = True
    profession: str | None = None
    capacity: int | None = None
    equipment: tuple[str, ...] = ()
    setup: int = 0
    cleanup: int = 0
    taken: list[Taken] = field(default_factory=list)
    shares: list[tuple[str, str]] = field(default_factory=list)  # (audience: person, organisation or territory; level)
    owner: str | None = None
    closed_on_holidays: bool = False


@dataclass
class Purpose:
    id: str
    minutes: int
    before: int
    after: int
    professions: tuple[str, ...]
    room_capacity: int
    needs_vehicle: bool
    notice: int
    horizon_days: int | None


@dataclass
class Opening:
    id: str
    adviser: Calendar
    venue: Venue
    start: datetime
    minutes: int
    rrule: str | None
    exdates: tuple[str, ...]
    admission: str
    purposes: tuple[str, ...] | None
    holidays: str
    changes: dict[datetime, tuple[datetime, int | None, Venue | None] | None] = field(default_factory=dict)


@dataclass
class World:
    """A territory with a neighbour that shares some calendars, and somebody who searches."""

    now: datetime
    day: date
    account: str
    role: str
    organisation: Organisation
    territories: list[Territory]
    organisations: list[Organisation]
    venues: list[Venue]
    calendars: list[Calendar]
    purposes: list[Purpose]
    openings: list[Opening]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.organisation.territory.zone)

    def of_kind(self, kind: str) -> list[Calendar]:
        return [each for each in self.calendars if each.kind == kind]


def minute_of(wall: datetime, zone: ZoneInfo) -> int:
    """A wall-clock time as a UTC minute: a skipped one falls later, of a doubled one the first is meant."""
    return int(wall.replace(tzinfo=zone, fold=0).timestamp()) // 60


class Maker:
    """Draws a world from a seed. ``days`` is how long it lasts, ``advisers`` between how many there are.

    ``hours``: most of its rooms and vehicles are not always open.
    """

    def __init__(
        self, seed: int, *, advisers: tuple[int, int] = (2, 4), days: int = 4, busy: int = 5, hours: bool = False
    ) -> None:
        self.draw = random.Random(seed)
        self.hours = hours
        self.name = f"w{seed}"
        self.advisers, self.days, self.busy = advisers, days, busy

    def world(self) -> World:
        draw = self.draw
        day = draw.choice(HARD_DAYS) + timedelta(days=draw.randint(-2, 0))
        territories = []
        for number in range(2):
            zone = draw.choice(sorted(ZONES))
            holidays = draw.choice([ZONES[zone], ZONES[zone], "alsace-moselle", None])
            territories.append(Territory(f"{self.name}-t{number}", zone, holidays))
        here, there = territories
        organisations = [Organisation(f"{self.name}-o{number}", here) for number in range(2)]
        organisations.append(Organisation(f"{self.name}-o2", there))
        venues = [self._venue(number, draw.choice(organisations[:2])) for number in range(draw.randint(1, 3))]
        venues.append(self._venue(9, organisations[2]))
        purposes = [self._purpose(number) for number in range(3)]
        calendars = [self._adviser(number, organisations, venues) for number in range(draw.randint(*self.advisers))]
        account = f"{self.name}-me"
        if draw.random() < 0.3:
            calendars[0].owner, calendars[0].organisation = account, organisations[0]
        for number in range(draw.randint(0, 6)):
            calendars.append(self._room(number, draw.choice([*venues, *[venues[0]] * 3])))
        for number in range(draw.randint(0, 4)):
            calendars.append(self._vehicle(number, draw.choice([*venues, *[venues[0]] * 5])))
        noon = datetime.combine(day, datetime.min.time()) + timedelta(hours=draw.randint(0, 20))
        world = World(
            now=datetime.fromtimestamp(minute_of(noon, ZoneInfo(here.zone)) * 60 + draw.choice([0, 0, 25]), UTC),
            day=day,
            account=account,
            role=draw.choice(["adviser", "secretary", "coordinator", "administrator"]),
            organisation=organisations[0],
            territories=territories,
            organisations=organisations,
            venues=venues,
            calendars=calendars,
            purposes=purposes,
            openings=[],
        )
        for calendar in calendars:
            self._share(calendar)
            self._take(calendar, world)
        for adviser in world.of_kind("adviser"):
            for number in range(draw.randint(2, 5)):
                world.openings.append(self._opening(number, adviser, world))
        for opening in list(world.openings):
            if draw.random() < 0.4:
                other = draw.choice(world.of_kind("adviser"))
                world.openings.append(replace(opening, id=f"{opening.id}-{other.id}", adviser=other))
        if self.hours:
            for calendar in (*world.of_kind("room"), *world.of_kind("vehicle")):
                calendar.closed_on_holidays = draw.random() < 0.4
                for number in range(draw.randint(0, 2)):
                    drawn = self._opening(number, calendar, world)
                    here = {wall: change and (*change[:2], calendar.venue) for wall, change in drawn.changes.items()}
                    world.openings.append(replace(drawn, venue=calendar.venue, changes=here))
        return world

    def _venue(self, number: int, organisation: Organisation) -> Venue:
        place = (45 + self.draw.random() / 2, 1.5 + self.draw.random() / 2) if self.draw.random() < 0.9 else None
        return Venue(f"{self.name}-v{number}", organisation, place)

    def _purpose(self, number: int) -> Purpose:
        draw = self.draw
        return Purpose(
            f"{self.name}-p{number}",
            minutes=draw.choice([15, 20, 30, 45, 60, 90, 7]),
            before=draw.choice([0, 0, 10, 35]),
            after=draw.choice([0, 0, 15, 61]),
            professions=tuple(draw.sample(PROFESSIONS, draw.choice([0, 1, 2, 2, 2, 2]))),
            room_capacity=draw.choice([0, 0, 0, 4]),
            needs_vehicle=draw.random() < 0.15,
            notice=draw.choice([0, 0, 0, 45, 700]),
            horizon_days=draw.choice([None, None, 2, 90]),
        )

    def _adviser(self, number: int, organisations: list[Organisation], venues: list[Venue]) -> Calendar:
        draw = self.draw
        return Calendar(
            f"{self.name}-a{number}",
            "adviser",
            draw.choice([*organisations, organisations[0], organisations[1]]),
            draw.choice([*venues, *[venues[0]] * 5, None]),
            active=draw.random() < 0.95,
            profession=draw.choice(PROFESSIONS),
        )

    def _room(self, number: int, venue: Venue) -> Calendar:
        draw = self.draw
        return Calendar(
            f"{self.name}-r{number}",
            "room",
            venue.organisation,
            venue,
            active=draw.random() < 0.95,
            capacity=draw.choice([None, 2, 4, 12, 12]),
            equipment=tuple(draw.sample(EQUIPMENT, draw.randint(0, 2))),
            setup=draw.choice([0, 0, 10, 25]),
            cleanup=draw.choice([0, 0, 5, 40]),
        )

    def _vehicle(self, number: int, venue: Venue) -> Calendar:
        return Calendar(f"{self.name}-c{number}", "vehicle", venue.organisation, venue)

    def _share(self, calendar: Calendar) -> None:
        levels = ["none", "free_busy", "book_offered", "details", "propose", "book", "book", "manage"]
        for audience in ("person", "organisation", "territory"):
            if self.draw.random() < (0.15 if calendar.kind == "adviser" else 0.3):
                calendar.shares.append((audience, self.draw.choice(levels)))

    def _take(self, calendar: Calendar, world: World) -> None:
        draw = self.draw
        first = minute_of(datetime.combine(world.day, datetime.min.time()), world.zone) - 1500
        last = first + (self.days + 2) * 1440
        lively = ("appointment", "reservation", "workshop", "meeting")
        for _ in range(draw.randint(0, self.busy)):
            starts = draw.randint(first, last)
            starts -= draw.choice([0, starts % 15, starts % 60])
            kind = draw.choice([*lively, *lively, "absence", "busy", "absence-long"])
            length = draw.randint(1600, 3000) if kind == "absence-long" else draw.choice([20, 45, 60, 125, 300])
            kind = kind.removesuffix("-long")
            taken = Taken(starts, starts + length, kind, claims=draw.random() < 0.85)
            held = [each for each in calendar.taken if each.claims and each.kind in lively]
            if taken.claims and kind in lively and any(o.starts < taken.ends and taken.starts < o.ends for o in held):
                continue
            calendar.taken.append(taken)

    def _opening(self, number: int, adviser: Calendar, world: World) -> Opening:
        draw = self.draw
        venue = draw.choice([*world.venues, *[world.venues[0]] * 3, *([adviser.venue] * 3 if adviser.venue else [])])
        before = draw.choice([0, 1, 7, 21])
        day = world.day + timedelta(days=draw.randint(-before, self.days))
        start = datetime.combine(day, datetime.min.time()) + timedelta(
            minutes=draw.choice([0, 120, 480, 510, 817, 1320])
        )
        rrule = draw.choice(
            [
                None,
                "FREQ=DAILY",
                "FREQ=DAILY",
                "FREQ=DAILY;INTERVAL=2;COUNT=9",
                "FREQ=WEEKLY;BYDAY=MO,WE,TH,FR,SA,SU",
                "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO,TU",
                f"FREQ=DAILY;UNTIL={world.day + timedelta(days=2):%Y%m%d}",
                "FREQ=MONTHLY;BYDAY=-1SU,2SU,1TH",
            ]
        )
        opening = Opening(
            f"{adviser.id}-{number}",
            adviser,
            venue,
            start,
            draw.choice([60, 180, 420, 600, 1440]),
            rrule,
            tuple(f"{world.day + timedelta(days=n)}" for n in range(self.days) if rrule and draw.random() < 0.1),
            draw.choice(["by_appointment", "both", "both", "drop_in"]),
            None if draw.random() < 0.6 else tuple(each.id for each in draw.sample(world.purposes, draw.randint(0, 3))),
            draw.choice(["closed", "closed", "open"]),
        )
        for shift in range(self.days):
            if draw.random() < 0.15:
                original = datetime.combine(world.day + timedelta(days=shift), start.time())
                moved = original + timedelta(minutes=draw.choice([-600, 60, 95, 1440, 2900]))
                same_zone = [each for each in world.venues if each.zone == venue.zone]
                opening.changes[original] = draw.choice(
                    [None, (moved, None, None), (moved, 200, draw.choice(same_zone))]
                )
        return opening


def store(session: Session, world: World) -> int:
    """Writes the world as rows and returns the key of whoever searches."""

    def add(model: type[models.Base], **values: object) -> int:
        made = session.execute(insert(model).returning(next(iter(model.__table__.primary_key))), values)
        return int(made.scalar_one())

    territories = {
        each.id: add(models.Territory, id=each.id, name=each.id, timezone=each.zone, public_holidays=each.holidays)
        for each in world.territories
    }
    organisations = {
        each.id: add(models.Organisation, id=each.id, name=each.id, territory_pk=territories[each.territory.id])
        for each in world.organisations
    }
    venues = {
        each.id: add(
            models.Venue,
            id=each.id,
            name=each.id,
            organisation_pk=organisations[each.organisation.id],
            latitude=each.place[0] if each.place else None,
            longitude=each.place[1] if each.place else None,
        )
        for each in world.venues
    }
    account = add(
        models.Account,
        id=world.account,
        name=world.account,
        role=world.role,
        organisation_pk=organisations[world.organisation.id],
    )
    purposes = {each.id: _store_purpose(add, each) for each in world.purposes}
    audiences = {
        "person": {"account_pk": account},
        "organisation": {"organisation_pk": organisations[world.organisation.id]},
        "territory": {"territory_pk": territories[world.organisation.territory.id]},
    }
    calendars = {}
    for each in world.calendars:
        calendars[each.id] = add(
            models.Calendar,
            id=each.id,
            kind=each.kind,
            name=each.id,
            organisation_pk=organisations[each.organisation.id],
            venue_pk=venues[each.venue.id] if each.venue else None,
            active=each.active,
            account_pk=account if each.owner else None,
            profession=each.profession,
            capacity=each.capacity,
            equipment=list(each.equipment),
            setup_minutes=each.setup,
            cleanup_minutes=each.cleanup,
            closed_on=["public_holidays"] if each.closed_on_holidays else [],
        )
        for audience, level in each.shares:
            add(models.Share, calendar_pk=calendars[each.id], level=level, **audiences[audience])
        for number, taken in enumerate(each.taken):
            _store_taken(add, each, calendars[each.id], number, taken, territories[each.organisation.territory.id])
    for opening in world.openings:
        _store_opening(add, opening, calendars, venues, purposes)
    return account


def _store_purpose(add: object, purpose: Purpose) -> int:
    return add(  # type: ignore[operator, no-any-return]
        models.Purpose,
        id=purpose.id,
        name=purpose.id,
        minutes=purpose.minutes,
        before=purpose.before,
        after=purpose.after,
        professions=list(purpose.professions),
        room_capacity=purpose.room_capacity,
        needs_vehicle=purpose.needs_vehicle,
        notice_minutes=purpose.notice,
        horizon_days=purpose.horizon_days,
    )


def _store_taken(
    add: object, calendar: Calendar, calendar_pk: int, number: int, taken: Taken, territory_pk: int
) -> None:
    entry = add(  # type: ignore[operator]
        models.Entry,
        id=f"{calendar.id}-{number}",
        kind=taken.kind,
        uid=f"{calendar.id}-{number}",
        status="confirmed" if taken.claims else "cancelled",
        zone="UTC",
        starts=taken.starts,
        ends=taken.ends,
        territory_pk=territory_pk,
        created=CREATED,
        last_modified=CREATED,
    )
    if taken.claims:
        add(  # type: ignore[operator]
            models.Claim,
            calendar_pk=calendar_pk,
            entry_pk=entry,
            starts=taken.starts,
            ends=taken.ends,
            strength={"absence": "busy-unavailable", "meeting": "busy-tentative"}.get(taken.kind, "busy"),
            exclusive=taken.kind not in ("absence", "busy"),
        )


def _store_opening(
    add: object, opening: Opening, calendars: dict[str, int], venues: dict[str, int], purposes: dict[str, int]
) -> None:
    pk = add(  # type: ignore[operator]
        models.Opening,
        id=opening.id,
        calendar_pk=calendars[opening.adviser.id],
        venue_pk=venues[opening.venue.id],
        starts_wall=f"{opening.start:%Y-%m-%dT%H:%M}",
        minutes=opening.minutes,
        rrule=opening.rrule,
        exdates=list(opening.exdates),
        admission=opening.admission,
        limited=opening.purposes is not None,
        holidays=opening.holidays,
    )
    for purpose in opening.purposes or ():
        add(models.OpeningPurpose, opening_pk=pk, purpose_pk=purposes[purpose])  # type: ignore[operator]
    for original, change in opening.changes.items():
        wall, minutes, venue = change or (None, None, None)
        add(  # type: ignore[operator]
            models.OpeningChange,
            opening_pk=pk,
            original=f"{original:%Y-%m-%dT%H:%M}",
            starts_wall=f"{wall:%Y-%m-%dT%H:%M}" if wall else None,
            minutes=minutes,
            venue_pk=venues[venue.id] if venue else None,
        )
