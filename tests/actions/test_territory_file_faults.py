"""What is wrong with a territory file is told, all of it, each with its JSON pointer; and nothing is loaded."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.actions.territory_documents import Document, Store, account, appointment, opened, reservation, small

Change = Callable[[Document], Any]


@pytest.fixture(scope="module")
def empty_world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """An empty database that is only read, so that all faults may share it."""
    folder = tmp_path_factory.mktemp("faults")
    shutil.copyfile(sqlite_template, folder / "empty.sqlite3")
    with opened(f"sqlite:///{folder / 'empty.sqlite3'}", folder) as store:
        yield store


def found(store: Store, document: Document | str) -> list[tuple[str, str]]:
    return [(finding.pointer, finding.code) for finding in store.examine(document).faults]


def member(path: str, value: Any) -> Change:
    """A change of the small territory: ``member("rooms/0/capacity", -1)``."""

    def change(document: Document) -> None:
        *steps, last = path.split("/")
        place: Any = document
        for step in steps:
            place = place[int(step)] if isinstance(place, list) else place[step]
        place[int(last) if isinstance(place, list) else last] = value

    return change


def row(name: str, value: Any) -> Change:
    return lambda document: document.setdefault(name, []).append(value)


FAULTS: list[tuple[Change, str, str]] = [
    (member("format", "booking-territory/2"), "/format", "format"),
    (member("format", None), "/format", "required"),
    (member("people", []), "/people", "unknown_member"),
    (member("rooms", {}), "/rooms", "list"),
    (member("rooms/0", "salle"), "/rooms/0", "object"),
    (member("rooms/0/colour", "bleu"), "/rooms/0/colour", "unknown_member"),
    (lambda document: document["rooms"][0].update({"a~b/c": 1}), "/rooms/0/a~0b~1c", "unknown_member"),
    (member("rooms/0/id", None), "/rooms/0/id", "required"),
    (member("rooms/0/id", "salle bleue"), "/rooms/0/id", "id"),
    (member("rooms/0/id", "-salle"), "/rooms/0/id", "id"),
    (member("rooms/0/id", "s" * 65), "/rooms/0/id", "id"),
    (member("rooms/0/id", 12), "/rooms/0/id", "text"),
    (member("rooms/0/name", 12), "/rooms/0/name", "text"),
    (member("rooms/0/name", "  "), "/rooms/0/name", "empty"),
    (member("rooms/0/name", "a\x00b"), "/rooms/0/name", "characters"),
    (member("rooms/0/name", "x" * 1001), "/rooms/0/name", "length"),
    (member("rooms/0/venue", "nulle-part"), "/rooms/0/venue", "unknown_id"),
    (member("rooms/0/venue", None), "/rooms/0/venue", "required"),
    (member("rooms/0/capacity", "huit"), "/rooms/0/capacity", "integer"),
    (member("rooms/0/capacity", 8.5), "/rooms/0/capacity", "integer"),
    (member("rooms/0/capacity", True), "/rooms/0/capacity", "integer"),
    (member("rooms/0/capacity", -1), "/rooms/0/capacity", "range"),
    (member("rooms/0/setup_minutes", -5), "/rooms/0/setup_minutes", "range"),
    (member("rooms/0/moderated", "non"), "/rooms/0/moderated", "boolean"),
    (member("rooms/0/equipment", "écran"), "/rooms/0/equipment", "list"),
    (member("rooms/0/equipment", ["écran", 3]), "/rooms/0/equipment/1", "text"),
    (member("vehicles/0/id", "salle"), "/vehicles/0/id", "duplicate_id"),
    (member("vehicles/0/id", "alix"), "/accounts/0/id", "duplicate_id"),
    (row("venues", {"id": "maison", "name": "Autre", "organisation": "mairie"}), "/venues/1/id", "duplicate_id"),
    (member("territories/0/timezone", "Europe/Brume"), "/territories/0/timezone", "timezone"),
    (member("territories/0/timezone", None), "/territories/0/timezone", "required"),
    (member("territories/0/public_holidays", "brume"), "/territories/0/public_holidays", "holidays"),
    (member("organisations/0/territory", "ailleurs"), "/organisations/0/territory", "unknown_id"),
    (member("venues/0/latitude", 91), "/venues/0/latitude", "range"),
    (member("venues/0/longitude", -180.5), "/venues/0/longitude", "range"),
    (member("venues/0/latitude", "45"), "/venues/0/latitude", "number"),
    (member("accounts/0/role", "chef"), "/accounts/0/role", "choice"),
    (member("accounts/0/role", None), "/accounts/0/role", "required"),
    (member("accounts/0/profession", "plombier"), "/accounts/0/profession", "choice"),
    (member("accounts/0/email", "alix chez brume"), "/accounts/0/email", "email"),
    (member("accounts/1/email", "ALIX@brume.example"), "/accounts/1/email", "duplicate_email"),
    (member("accounts/0/home_venue", "nulle-part"), "/accounts/0/home_venue", "unknown_id"),
    (member("purposes/0/minutes", 0), "/purposes/0/minutes", "range"),
    (member("purposes/0/professions", ["plombier"]), "/purposes/0/professions/0", "choice"),
    (member("openings/0/adviser", "salle"), "/openings/0/adviser", "wrong_kind"),
    (member("openings/0/adviser", "denise"), "/openings/0/adviser", "unknown_id"),
    (member("openings/0/start", "2027-01-05 09:00"), "/openings/0/start", "local_time"),
    (member("openings/0/start", "2027-01-05T09:00Z"), "/openings/0/start", "local_time"),
    (member("openings/0/start", "2027-02-30T09:00"), "/openings/0/start", "local_time"),
    (member("openings/0/start", "2027-01-05T24:00"), "/openings/0/start", "local_time"),
    (member("openings/0/minutes", 0), "/openings/0/minutes", "range"),
    (member("openings/0/rrule", "FREQ=HOURLY"), "/openings/0/rrule", "rrule"),
    (member("openings/0/rrule", "FREQ=WEEKLY;BYDAY=0TU"), "/openings/0/rrule", "rrule"),
    (member("openings/0/exdates", ["10/02/2027"]), "/openings/0/exdates", "exdates"),
    (member("openings/0/exdates", ["2027-02-09T11:00"]), "/openings/0/exdates", "exdates"),
    (member("openings/0/admission", "closed"), "/openings/0/admission", "choice"),
    (member("openings/0/holidays", "maybe"), "/openings/0/holidays", "choice"),
    (member("openings/0/purposes", ["pêche"]), "/openings/0/purposes/0", "unknown_id"),
    (member("openings/0/purposes", ["aide", "aide"]), "/openings/0/purposes/1", "duplicate"),
    (member("absences/0/end", "2027-02-15T00:00"), "/absences/0/end", "order"),
    (member("absences/0/end", None), "/absences/0/end", "required"),
    (member("busy/0/end", "2027-01-28T09:00"), "/busy/0/end", "order"),
    (member("busy/0/adviser", None), "/busy/0/adviser", "required"),
    (member("appointments/0/purpose", "pêche"), "/appointments/0/purpose", "unknown_id"),
    (member("appointments/0/advisers", []), "/appointments/0/advisers", "required"),
    (member("appointments/0/advisers", None), "/appointments/0/advisers", "required"),
    (member("appointments/0/advisers", ["alix", "zoé"]), "/appointments/0/advisers/1", "unknown_id"),
    (member("appointments/0/advisers", ["alix", "alix"]), "/appointments/0/advisers/1", "duplicate"),
    (member("appointments/0/advisers", ["van"]), "/appointments/0/advisers/0", "wrong_kind"),
    (member("appointments/0/room", "van"), "/appointments/0/room", "wrong_kind"),
    (member("appointments/0/vehicle", "salle"), "/appointments/0/vehicle", "wrong_kind"),
    (member("appointments/0/minutes", -30), "/appointments/0/minutes", "range"),
    (member("appointments/0/before", -1), "/appointments/0/before", "range"),
    (member("appointments/0/status", "pending"), "/appointments/0/status", "choice"),
    (member("appointments/0/booked_by", "zoé"), "/appointments/0/booked_by", "unknown_id"),
    (member("appointments/0/beneficiary", "Marcel"), "/appointments/0/beneficiary", "object"),
    (member("appointments/0/beneficiary/age", 80), "/appointments/0/beneficiary/age", "unknown_member"),
    (member("appointments/0/beneficiary/email", "marcel"), "/appointments/0/beneficiary/email", "email"),
    (member("appointments/0/note", "x" * 301), "/appointments/0/note", "length"),
    (member("appointments/0/uid", "rdv-1@brume"), "/appointments/0/uid", "uid"),
    (member("appointments/0/created", "hier"), "/appointments/0/created", "instant"),
    (row("appointments", appointment("rdv-1", "2027-01-21T10:00")), "/appointments/1/id", "duplicate_id"),
    (member("reservations/0/calendar", "maison"), "/reservations/0/calendar", "unknown_id"),
    (member("reservations/0/status", "tentative"), "/reservations/0/status", "choice"),
    (member("reservations/0/minutes", None), "/reservations/0/minutes", "required"),
    (member("programmes/0/quarter", "2027-Q1"), "/programmes/0/quarter", "quarter"),
    (member("programmes/0/state", "cancelled"), "/programmes/0/state", "choice"),
    (member("workshops/0/state", "full"), "/workshops/0/state", "choice"),
    (member("workshops/0/capacity", None), "/workshops/0/capacity", "required"),
    (member("workshops/0/programme", "t9"), "/workshops/0/programme", "unknown_id"),
    (row("shares", {"calendar": "alix", "level": "book"}), "/shares/0", "choice"),
    (row("shares", {"calendar": "alix", "account": "denise", "level": "all"}), "/shares/0/level", "choice"),
]


@pytest.mark.parametrize(("change", "pointer", "code"), FAULTS, ids=[f"{f[1]} {f[2]}" for f in FAULTS])
def test_a_fault_is_told_with_its_pointer(empty_world: Store, change: Change, pointer: str, code: str) -> None:
    document = small()
    change(document)
    assert (pointer, code) in found(empty_world, document)


def test_every_fault_of_a_file_is_told_not_only_the_first(store: Store) -> None:
    document = small()
    for change, _, _ in FAULTS[5:6]:
        change(document)
    document["rooms"][0]["capacity"] = -1
    document["appointments"][0]["minutes"] = "une heure"
    document["workshops"][0]["state"] = "full"
    assert found(store, document) == [
        ("/rooms/0/colour", "unknown_member"),
        ("/rooms/0/capacity", "range"),
        ("/appointments/0/minutes", "integer"),
        ("/workshops/0/state", "choice"),
    ]


def test_a_faulty_row_makes_no_faults_of_those_that_point_to_it(store: Store) -> None:
    document = small()
    document["territories"][0]["timezone"] = "Europe/Brume"
    document["venues"][0]["latitude"] = 91
    assert [pointer for pointer, _ in found(store, document)] == ["/territories/0/timezone", "/venues/0/latitude"]


def test_a_file_full_of_faults_lists_a_thousand_and_counts_all(store: Store) -> None:
    document = small() | {"appointments": [appointment(f"rdv-{n}", "demain") for n in range(1200)]}
    outcome = store.examine(document)
    lines = list(outcome.lines())
    assert (len(outcome.faults), outcome.fault_count) == (1000, 1200)
    assert "200" in lines[-1]


@pytest.mark.parametrize(
    ("text", "pointer", "code"),
    [
        ("", "", "outline"),
        ("[]", "", "outline"),
        ('{"format": "booking-territory/1"', "", "json"),
        ('{"format": "booking-territory/1", "rooms": [{"id": }]}', "", "json"),
        ('{"format": "booking-territory/1"} encore', "", "json"),
        ('{"format": "booking-territory/1", "venues": [{"latitude": NaN}]}', "", "json"),
        ('{"format": "booking-territory/1", "rooms": [], "rooms": []}', "/rooms", "repeated_list"),
        ("[" * 200_000, "", "outline"),
        ('{"rooms": ' + "[" * 200_000, "", "json"),
    ],
)
def test_what_is_no_territory_file_is_told_as_such(store: Store, text: str, pointer: str, code: str) -> None:
    assert (pointer, code) in found(store, text)


def test_a_syntax_error_is_told_with_its_line(store: Store) -> None:
    text = json.dumps(small(), indent=1).replace('"minutes": 120,', '"minutes": 120 120,', 1)
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "120 120" in each)
    assert str(line) in next(iter(store.examine(text).lines()))


def test_overlapping_rows_are_a_fault_with_both_pointers(store: Store) -> None:
    document = small() | {
        "appointments": [appointment("a", "2027-01-21T09:00"), appointment("b", "2027-01-21T10:00")],
    }
    (fault,) = store.examine(document).faults
    assert (fault.pointer, fault.code, fault.values["other"]) == ("/appointments/1", "overlap", "/appointments/0")
    assert fault.values["calendar"] == "alix"


def test_buffers_count_for_an_overlap_and_touching_does_not(store: Store) -> None:
    def pair(start: str) -> Document:
        return small() | {"appointments": [appointment("a", "2027-01-21T09:00"), appointment("b", start)]}

    assert found(store, pair("2027-01-21T10:19")) == [("/appointments/1", "overlap")]
    assert found(store, pair("2027-01-21T10:20")) == []


def test_an_overlap_between_lists_is_told_on_each_calendar_concerned(store: Store) -> None:
    document = small() | {
        "appointments": [appointment("a", "2027-01-26T15:00", room="salle")],
        "reservations": [reservation("r", "salle", "2027-01-26T16:15")],
    }
    faults = store.examine(document).faults
    told = {(fault.pointer, fault.values["other"], fault.values["calendar"]) for fault in faults}
    assert told == {
        ("/workshops/0", "/appointments/0", "alix"),
        ("/workshops/0", "/appointments/0", "salle"),
        ("/workshops/0", "/reservations/0", "salle"),
        ("/reservations/0", "/appointments/0", "salle"),
    }


def test_an_overlap_with_a_date_of_a_series_is_found(store: Store) -> None:
    series = reservation("r", "van", "2027-01-12T14:30", rrule="FREQ=WEEKLY;BYDAY=TU")
    assert found(store, small() | {"reservations": [series]}) == [("/workshops/0", "overlap")]


def test_a_series_that_overlaps_itself_is_found(store: Store) -> None:
    series = reservation("r", "van", "2027-03-01T08:00", minutes=1500, rrule="FREQ=DAILY;COUNT=2")
    assert found(store, small() | {"reservations": [series]}) == [("/reservations/0", "overlap")]


def test_cancelled_and_rejected_rows_are_in_nobodys_way(store: Store) -> None:
    document = small() | {
        "appointments": [
            appointment("a", "2027-01-21T09:00", status="cancelled"),
            appointment("b", "2027-01-21T09:00"),
        ],
        "reservations": [
            reservation("r", "van", "2027-01-21T09:00", status="rejected"),
            reservation("s", "van", "2027-01-21T09:00"),
        ],
    }
    assert found(store, document) == []


def test_an_overlap_with_what_is_stored_names_it(store: Store) -> None:
    store.load(small())
    document = {"format": "booking-territory/1", "appointments": [appointment("b", "2027-01-19T10:30")]}
    (fault,) = store.load(document).faults
    assert (fault.pointer, fault.values["other"]) == ("/appointments/0", "appointment rdv-1")


def test_what_the_file_moves_away_is_in_nobodys_way(store: Store) -> None:
    store.load(small())
    document = {
        "format": "booking-territory/1",
        "appointments": [appointment("b", "2027-01-19T10:30"), appointment("rdv-1", "2027-01-21T10:00")],
    }
    assert store.load(document).faults == []


def test_an_id_of_another_kind_is_not_taken_over(store: Store) -> None:
    store.load(small())
    document = {
        "format": "booking-territory/1",
        "accounts": [account("salle", email=None, profession="conseiller_numerique")],
    }
    assert ("/accounts/0/id", "kind_changes") in [(f.pointer, f.code) for f in store.load(document).faults]


def test_an_address_that_somebody_stored_has_is_not_given_again(store: Store) -> None:
    store.load(small())
    document = {"format": "booking-territory/1", "accounts": [account("zoe", email="Alix@brume.example")]}
    assert [(f.pointer, f.code) for f in store.load(document).faults] == [("/accounts/0/email", "duplicate_email")]


def test_a_uid_never_changes(store: Store) -> None:
    store.load(small())
    row = appointment("rdv-1", "2027-01-19T10:00", uid="2dab78a6-ed41-46ba-b5a1-d90177300356")
    told = store.load({"format": "booking-territory/1", "appointments": [row]}).faults
    assert [(f.pointer, f.code) for f in told] == [("/appointments/0/uid", "uid_differs")]


def test_fewer_seats_than_are_taken_is_a_fault(store: Store) -> None:
    document = small()
    document["enrolments"] = [
        {"id": f"ins-{place}", "workshop": "atelier-1", "place": place, "state": "enrolled"} for place in (1, 2)
    ]
    assert store.load(document).faults == []
    document["workshops"][0]["capacity"] = 1
    assert ("/workshops/0/capacity", "seats") in [(f.pointer, f.code) for f in store.load(document).faults]
