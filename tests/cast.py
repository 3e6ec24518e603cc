"""The small invented territory every test speaks of, as plain rows.

Val-de-Brume (Europe/Paris): the France services of Brume, where Alix and Basile (conseillers France services)
and Chloé (conseillère numérique) receive, Denise answers the phone and Élise coordinates; the town hall of Orme,
where Farid (conseiller numérique) receives and Gaston answers the phone; Hélène administers the territory.
Rooms, a van and a car. Far away: the territory of Lointaine, of which nobody here may know a thing.
"""

from dataclasses import dataclass, field, fields

from sqlalchemy.orm import Session

from booking.models import Account, Calendar, Organisation, Purpose, Territory, Venue

PASSWORD = "colline verte 12"
"""Everybody's password, once ``give_passwords`` was called."""

ZONE = "Europe/Paris"


@dataclass
class Cast:
    """Everybody and everything, by their names."""

    territory: Territory
    foreign_territory: Territory
    brume: Organisation
    orme: Organisation
    lointaine: Organisation
    maison: Venue
    mairie: Venue
    far_venue: Venue
    alix: Account
    basile: Account
    chloe: Account
    denise: Account
    elise: Account
    farid: Account
    gaston: Account
    helene: Account
    zoe: Account
    alix_calendar: Calendar
    basile_calendar: Calendar
    chloe_calendar: Calendar
    farid_calendar: Calendar
    zoe_calendar: Calendar
    desk: Calendar
    hall: Calendar
    council_room: Calendar
    car: Calendar
    van: Calendar
    far_room: Calendar
    individual: Purpose
    papers: Purpose
    urgent: Purpose
    workshop: Purpose
    accounts: dict[str, Account] = field(default_factory=dict)

    def of_role(self, role: str) -> Account:
        """One account of each role: ``adviser``, ``secretary``, ``coordinator``, ``administrator``, ``foreign``."""
        return {
            "adviser": self.alix,
            "secretary": self.denise,
            "coordinator": self.elise,
            "administrator": self.helene,
            "foreign": self.zoe,
        }[role]


def build(session: Session) -> Cast:
    """Adds the cast to the session and gives everyone a key; the caller commits."""
    territory = Territory(
        id="val-de-brume",
        name="Val-de-Brume",
        timezone=ZONE,
        school_zone="A",
        public_holidays="metropole",
    )
    foreign = Territory(
        id="lointaine", name="Lointaine", timezone="Indian/Reunion", school_zone=None, public_holidays="974"
    )
    brume = Organisation(id="fs-brume", name="France services de Brume", kind="france_services", territory=territory)
    orme = Organisation(id="mairie-orme", name="Mairie d’Orme", kind="town_hall", territory=territory)
    lointaine = Organisation(id="mairie-lointaine", name="Mairie de Lointaine", kind="town_hall", territory=foreign)
    maison = _venue("maison-brume", "Maison de Brume", brume, "3 place du Marché", "19260", "Brume", 45.5372, 1.7953)
    mairie = _venue("mairie-d-orme", "Mairie d’Orme", orme, "1 place de la Mairie", "19370", "Orme", 45.5140, 1.6800)
    far_venue = _venue("salle-lointaine", "Salle de Lointaine", lointaine, "2 rue Longue", "97400", "Loin", -20.9, 55.4)
    people = {
        "alix": _account("alix", "Alix Aubert", "adviser", brume),
        "basile": _account("basile", "Basile Blanc", "adviser", brume),
        "chloe": _account("chloe", "Chloé Caron", "adviser", brume),
        "denise": _account("denise", "Denise Dumas", "secretary", brume),
        "elise": _account("elise", "Élise Esnault", "coordinator", brume),
        "farid": _account("farid", "Farid Faure", "adviser", orme),
        "gaston": _account("gaston", "Gaston Gil", "secretary", orme),
        "helene": _account("helene", "Hélène Huet", "administrator", brume),
        "zoe": _account("zoe", "Zoé Zoreil", "adviser", lointaine),
    }
    session.add_all([territory, foreign, brume, orme, lointaine, maison, mairie, far_venue, *people.values()])
    session.flush()
    services, digital = "conseiller_france_services", "conseiller_numerique"
    calendars = {
        "alix_calendar": _adviser(people["alix"], brume, maison, services),
        "basile_calendar": _adviser(people["basile"], brume, maison, services),
        "chloe_calendar": _adviser(people["chloe"], brume, maison, digital),
        "farid_calendar": _adviser(people["farid"], orme, mairie, digital),
        "zoe_calendar": _adviser(people["zoe"], lointaine, far_venue, digital),
        "desk": _room("bureau-brume", "Bureau 1", brume, maison, capacity=2, equipment=["imprimante"]),
        "hall": _room(
            "salle-brume",
            "Salle numérique",
            brume,
            maison,
            10,
            ["ordinateurs", "vidéoprojecteur"],
            setup=15,
            cleanup=15,
        ),
        "council_room": _room("salle-orme", "Salle du conseil", orme, mairie, 20, ["vidéoprojecteur"], moderated=True),
        "car": _vehicle("clio-brume", "Clio de Brume", brume, maison),
        "van": _vehicle("bus-orme", "Bus numérique", orme, mairie, needs_approval=True),
        "far_room": _room("salle-loin", "Salle", lointaine, far_venue, 5, []),
    }
    purposes = {
        "individual": _purpose("accompagnement", "Accompagnement individuel", 60, [digital], notice_minutes=30),
        "papers": _purpose("demarches", "Démarches en ligne", 30, [services, digital]),
        "urgent": _purpose("urgence", "Urgence administrative", 20, [services], urgent=True),
        "workshop": _purpose(
            "atelier", "Atelier collectif", 120, [digital], before=30, after=30, room_capacity=6, needs_vehicle=True
        ),
    }
    session.add_all([*calendars.values(), *purposes.values()])
    session.flush()
    return Cast(
        territory,
        foreign,
        brume,
        orme,
        lointaine,
        maison,
        mairie,
        far_venue,
        **people,
        **calendars,
        **purposes,
        accounts=people,
    )


def refreshed(session: Session, cast: Cast) -> Cast:
    """The same cast, its rows read anew into ``session``."""
    again = {
        each.name: session.get(type(row), row.pk)
        for each in fields(cast)
        if hasattr(row := getattr(cast, each.name), "pk")
    }
    return Cast(**again, accounts={name: again[name] for name in cast.accounts})  # type: ignore[arg-type]


def give_passwords(session: Session, cast: Cast) -> None:
    """Lets everybody sign in with ``PASSWORD`` (one hash for all: hashing is slow on purpose)."""
    from booking.actions.people import hashed

    text = hashed(PASSWORD)
    for account in cast.accounts.values():
        account.password_hash = text


def _venue(
    id: str, name: str, organisation: Organisation, address: str, postcode: str, commune: str, lat: float, lon: float
) -> Venue:
    return Venue(
        id=id,
        name=name,
        organisation=organisation,
        address=address,
        postcode=postcode,
        commune=commune,
        latitude=lat,
        longitude=lon,
    )


def _account(id: str, name: str, role: str, organisation: Organisation) -> Account:
    return Account(id=id, name=name, email=f"{id}@brume.example", role=role, organisation=organisation)


def _adviser(account: Account, organisation: Organisation, home: Venue, profession: str) -> Calendar:
    account.home_venue_pk = home.pk
    return Calendar(
        id=account.id,
        kind="adviser",
        name=account.name,
        organisation=organisation,
        venue=home,
        account_pk=account.pk,
        profession=profession,
        equipment=[],
    )


def _room(
    id: str,
    name: str,
    organisation: Organisation,
    venue: Venue,
    capacity: int,
    equipment: list[str],
    *,
    setup: int = 0,
    cleanup: int = 0,
    moderated: bool = False,
) -> Calendar:
    return Calendar(
        id=id,
        kind="room",
        name=name,
        organisation=organisation,
        venue=venue,
        capacity=capacity,
        equipment=equipment,
        setup_minutes=setup,
        cleanup_minutes=cleanup,
        moderated=moderated,
    )


def _vehicle(id: str, name: str, organisation: Organisation, venue: Venue, *, needs_approval: bool = False) -> Calendar:
    return Calendar(
        id=id,
        kind="vehicle",
        name=name,
        organisation=organisation,
        venue=venue,
        seats=5,
        equipment=[],
        registration="ZZ-123-ZZ",
        energy="diesel",
        needs_approval=needs_approval,
    )


def _purpose(
    id: str,
    name: str,
    minutes: int,
    professions: list[str],
    *,
    before: int = 0,
    after: int = 0,
    room_capacity: int = 0,
    needs_vehicle: bool = False,
    notice_minutes: int = 0,
    urgent: bool = False,
) -> Purpose:
    return Purpose(
        id=id,
        name=name,
        minutes=minutes,
        before=before,
        after=after,
        professions=professions,
        room_capacity=room_capacity,
        needs_vehicle=needs_vehicle,
        notice_minutes=notice_minutes,
        horizon_days=92,
        urgent=urgent,
    )
