"""The lists of a territory file, in the order in which they point to each other, and how each is read and shown."""

from booking.actions.territory_file import calendars, catalogue, openings, programmes, subscriptions
from booking.actions.territory_file.catalogue import Listed

FORMAT = "booking-territory/1"


def _members(words: str) -> frozenset[str]:
    return frozenset(words.split())


CATALOGUE = (
    Listed(
        "territories",
        "territory",
        _members("id name timezone school_zone public_holidays"),
        catalogue.read_territory,
        catalogue.show_territory,
    ),
    Listed(
        "organisations",
        "organisation",
        _members("id name kind territory"),
        catalogue.read_organisation,
        catalogue.show_organisation,
    ),
    Listed(
        "venues",
        "venue",
        _members("id name organisation address postcode commune insee latitude longitude phone access"),
        catalogue.read_venue,
        catalogue.show_venue,
    ),
    Listed(
        "rooms",
        "calendar",
        _members("id name venue capacity equipment setup_minutes cleanup_minutes moderated active"),
        calendars.read_room,
        calendars.show_room,
        lambda record: record["kind"] == "room",
    ),
    Listed(
        "vehicles",
        "calendar",
        _members("id name venue registration seats energy odometer_km needs_approval active"),
        calendars.read_vehicle,
        calendars.show_vehicle,
        lambda record: record["kind"] == "vehicle",
    ),
    Listed(
        "accounts",
        "account",
        _members("id name email role organisation profession home_venue phone language active receives password_hash"),
        calendars.read_account,
        calendars.show_account,
    ),
    Listed(
        "purposes",
        "purpose",
        _members(
            "id name minutes before after professions room_capacity needs_vehicle notice_minutes horizon_days urgent"
        ),
        catalogue.read_purpose,
        catalogue.show_purpose,
    ),
    Listed(
        "instructions",
        "instruction",
        _members("purpose venue text"),
        catalogue.read_instruction,
        catalogue.show_instruction,
    ),
    Listed(
        "shares",
        "share",
        _members("calendar account organisation territory level"),
        calendars.read_share,
        calendars.show_share,
    ),
    Listed(
        "openings",
        "opening",
        _members("id adviser calendar venue start minutes rrule exdates admission purposes holidays changes"),
        openings.read_opening,
        openings.show_opening,
    ),
    Listed(
        "programmes",
        "programme",
        _members("id territory quarter title state version"),
        programmes.read_programme,
        programmes.show_programme,
    ),
    Listed(
        "programme_versions",
        "programme_version",
        _members("programme number published_at published_by content"),
        programmes.read_version,
        programmes.show_version,
    ),
    Listed(
        "feeds",
        "feed",
        _members(
            "id account scope calendar venue organisation territory programme detail alarm_minutes name secret_hash "
            "created revoked_at"
        ),
        subscriptions.read_feed,
        subscriptions.show_feed,
        secret=True,
    ),
    Listed(
        "tokens",
        "api_token",
        _members("account name scope token_hash created revoked_at"),
        subscriptions.read_token,
        subscriptions.show_token,
        secret=True,
    ),
)
BY_NAME = {each.name: each for each in CATALOGUE}

ORDER = (
    *("territories", "organisations", "venues", "rooms", "vehicles", "accounts", "purposes", "instructions"),
    *("shares", "openings", "absences", "busy", "appointments", "reservations", "programmes", "programme_versions"),
    *("workshops", "enrolments", "feeds", "tokens"),
)
"""Each list points only to lists before it. A file in this order is read once; one in another order, several times."""
