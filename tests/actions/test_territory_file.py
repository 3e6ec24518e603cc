"""Loading a territory file: what is stored, what stays, what changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from booking.data import read_text
from tests.actions.territory_documents import NOW, Store, account, appointment, reservation, small

CLAIMS = """
SELECT e.id, c.id, k.starts, k.ends, k.strength, k.exclusive, k.occurrence
FROM claim k JOIN entry e ON e.pk = k.entry_pk JOIN calendar c ON c.pk = k.calendar_pk
WHERE e.id = :entry ORDER BY c.id, k.starts
"""
TUESDAY_TEN = int(datetime(2027, 1, 19, 9, tzinfo=UTC).timestamp()) // 60


def claims(store: Store, entry: str) -> list[tuple[Any, ...]]:
    """(calendar, minutes from Tuesday ten o'clock to its start, to its end, strength, exclusive)."""
    return [
        (calendar, starts - TUESDAY_TEN, ends - TUESDAY_TEN, strength, bool(exclusive))
        for _, calendar, starts, ends, strength, exclusive, _ in store.rows(CLAIMS, entry=entry)
    ]


def entry(store: Store, entry_id: str) -> dict[str, Any]:
    names = ("uid", "sequence", "version", "status", "starts", "last_modified", "title")
    ((*values,),) = store.rows(
        "SELECT uid, sequence, version, status, starts, last_modified, title FROM entry WHERE id = :id", id=entry_id
    )
    return dict(zip(names, values, strict=True))


def one(entry_list: str, key: str, document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in document[entry_list] if row["id"] == key)
    return found


def test_the_small_territory_loads_whole(store: Store) -> None:
    outcome = store.load(small())
    new = {name: count["new"] for name, count in outcome.counts.items()}
    assert new == {name: len(rows) for name, rows in small().items() if name != "format"}


def test_the_demonstration_loads_without_a_fault_or_a_warning(store: Store) -> None:
    outcome = store.load(read_text("demonstration.json"))
    warnings = {name: count for name, count in outcome.warnings.items() if name != "past"}
    assert (outcome.faults, warnings) == ([], {})


def test_an_adviser_and_a_vehicle_are_held_with_the_purposes_buffers_a_room_with_its_own(store: Store) -> None:
    store.load(small() | {"appointments": [appointment("rdv-1", "2027-01-19T10:00", room="salle", vehicle="van")]})
    assert claims(store, "rdv-1") == [
        ("alix", -5, 75, "busy", True),
        ("salle", -10, 80, "busy", True),
        ("van", -5, 75, "busy", True),
    ]


def test_minutes_and_buffers_of_the_row_replace_those_of_the_purpose(store: Store) -> None:
    row = appointment("rdv-1", "2027-01-19T10:00", minutes=30, before=0, after=0)
    store.load(small() | {"appointments": [row]})
    assert claims(store, "rdv-1") == [("alix", 0, 30, "busy", True)]


@pytest.mark.parametrize(
    ("status", "held", "noted"),
    [
        ("confirmed", [("alix", -5, 75, "busy", True)], 0),
        ("tentative", [("alix", -5, 75, "busy-tentative", True)], 0),
        ("cancelled", [], 1),
    ],
)
def test_what_an_appointment_holds_follows_its_status(
    store: Store, status: str, held: list[tuple[Any, ...]], noted: int
) -> None:
    store.load(small() | {"appointments": [appointment("rdv-1", "2027-01-19T10:00", status=status)]})
    assert (claims(store, "rdv-1"), len(store.rows("SELECT 1 FROM released_claim"))) == (held, noted)


@pytest.mark.parametrize(
    ("status", "stored", "strengths"),
    [
        ("pending", "tentative", {"busy-tentative"}),
        ("confirmed", "confirmed", {"busy"}),
        ("rejected", "rejected", set()),
        ("cancelled", "cancelled", set()),
    ],
)
def test_what_a_reservation_holds_follows_its_status(
    store: Store, status: str, stored: str, strengths: set[str]
) -> None:
    store.load(small() | {"reservations": [reservation("res-1", "salle", "2027-01-19T10:00", status=status)]})
    assert entry(store, "res-1")["status"] == stored
    assert {claim[3] for claim in claims(store, "res-1")} == strengths


def test_a_draft_workshop_holds_its_adviser_room_and_vehicle_a_cancelled_one_nothing(store: Store) -> None:
    document = small()
    document["workshops"].append({**document["workshops"][0], "id": "atelier-2", "start": "2027-01-26T14:00"})
    document["workshops"][0]["state"], document["workshops"][1]["state"] = "draft", "cancelled"
    store.load(document)
    assert [claim[0] for claim in claims(store, "atelier-1")] == ["alix", "salle", "van"]
    assert claims(store, "atelier-2") == []


def test_an_absence_is_unavailable_and_not_exclusive(store: Store) -> None:
    store.load(small())
    assert [claim[3:] for claim in claims(store, "conges")] == [("busy-unavailable", False)]


def test_absences_may_lie_on_appointments_and_on_each_other(store: Store) -> None:
    document = small()
    document["absences"] += [
        {"id": "stage", "adviser": "alix", "start": "2027-01-19T09:00", "end": "2027-01-19T18:00"},
        {"id": "grippe", "adviser": "alix", "start": "2027-01-19T08:00", "end": "2027-01-19T12:00"},
    ]
    outcome = store.load(document)
    assert (outcome.faults, outcome.warnings) == ([], {"on_absence": 1})


def test_transparent_and_cancelled_busy_times_hold_nothing(store: Store) -> None:
    hours = {"adviser": "alix", "start": "2027-01-21T10:00", "end": "2027-01-21T11:00"}
    store.load(small() | {"busy": [hours, {**hours, "transparent": True}, {**hours, "cancelled": True}]})
    assert len(store.rows("SELECT 1 FROM imported_busy")) == 3
    assert len(store.rows("SELECT 1 FROM entry WHERE kind = 'busy'")) == 1


def test_every_date_of_a_series_holds_its_own_claim(store: Store) -> None:
    row = reservation("res-1", "van", "2027-01-19T10:00", rrule="FREQ=WEEKLY;BYDAY=TU;UNTIL=20270330")
    store.load(small() | {"reservations": [row], "workshops": []})
    found = store.rows(CLAIMS, entry="res-1")
    assert len(found) == 11
    assert all(starts == occurrence for _, _, starts, _, _, _, occurrence in found)
    # The last one is after the clocks went forward: 10:00 is 08:00Z, not 09:00Z.
    assert found[-1][2] - found[0][2] == 10 * 7 * 1440 - 60


def test_exceptions_of_a_series_hold_nothing(store: Store) -> None:
    row = reservation("res-1", "van", "2027-01-19T10:00", rrule="FREQ=DAILY;COUNT=5", exdates=["2027-01-21"])
    store.load(small() | {"reservations": [row], "workshops": []})
    assert len(claims(store, "res-1")) == 4


def test_a_series_without_end_is_held_for_three_years(store: Store) -> None:
    row = reservation("res-1", "van", "2027-02-02T10:00", rrule="FREQ=WEEKLY;BYDAY=TU")
    store.load(small() | {"reservations": [row], "workshops": []})
    weeks = 3 * 366 // 7
    assert weeks <= len(claims(store, "res-1")) <= weeks + 1


def test_an_entry_without_uid_gets_the_same_one_wherever_it_is_loaded(store: Store, another_store: Store) -> None:
    store.load(small())
    another_store.load(small())
    assert entry(store, "rdv-1")["uid"] == entry(another_store, "rdv-1")["uid"]


def test_a_second_import_changes_no_row(store: Store) -> None:
    store.load(small())
    before = store.everything()
    outcome = store.load(small(), NOW + timedelta(days=3))
    assert store.everything() == before
    assert all(set(count) == {"unchanged"} for count in outcome.counts.values())


def test_a_second_import_of_the_demonstration_changes_no_row(store: Store) -> None:
    store.load(read_text("demonstration.json"))
    before = store.everything()
    store.load(read_text("demonstration.json"), NOW + timedelta(days=400))
    assert store.everything() == before


def test_another_time_keeps_the_uid_and_raises_the_sequence(store: Store) -> None:
    store.load(small())
    before = entry(store, "rdv-1")
    store.load(small() | {"appointments": [appointment("rdv-1", "2027-01-19T10:15")]}, NOW + timedelta(hours=1))
    after = entry(store, "rdv-1")
    assert (after["uid"], after["sequence"], after["version"]) == (before["uid"], 1, 2)
    assert after["last_modified"] == before["last_modified"] + 3600
    assert claims(store, "rdv-1") == [("alix", 10, 90, "busy", True)]


def test_a_move_on_the_same_calendar_leaves_no_note_a_change_of_adviser_does(store: Store) -> None:
    store.load(small())
    store.load(small() | {"appointments": [appointment("rdv-1", "2027-01-19T10:15")]})
    assert store.rows("SELECT 1 FROM released_claim") == []
    store.load(small() | {"appointments": [appointment("rdv-1", "2027-01-19T10:15", advisers=["basile"])]})
    noted = store.rows("SELECT c.id, r.sequence FROM released_claim r JOIN calendar c ON c.pk = r.calendar_pk")
    assert noted == [("alix", 2)]


def test_another_title_raises_the_version_and_not_the_sequence(store: Store) -> None:
    document = small()
    store.load(document)
    document["reservations"][0]["title"] = "Livraison de bois"
    store.load(document)
    found = entry(store, "res-1")
    assert (found["title"], found["sequence"], found["version"]) == ("Livraison de bois", 0, 2)


def test_a_cancelled_row_gives_its_time_back(store: Store) -> None:
    store.load(small())
    store.load(small() | {"appointments": [appointment("rdv-1", "2027-01-19T10:00", status="cancelled")]})
    assert claims(store, "rdv-1") == []
    assert entry(store, "rdv-1")["sequence"] == 1
    assert store.rows("SELECT sequence FROM released_claim") == [(1,)]


def test_a_row_that_stands_again_takes_its_time_again(store: Store) -> None:
    store.load(small() | {"appointments": [appointment("rdv-1", "2027-01-19T10:00", status="cancelled")]})
    store.load(small())
    assert [claim[0] for claim in claims(store, "rdv-1")] == ["alix"]
    assert store.rows("SELECT 1 FROM released_claim") == []


def test_two_appointments_may_change_places(store: Store) -> None:
    store.load(small() | {"appointments": [appointment("a", "2027-01-19T09:00"), appointment("b", "2027-01-21T09:00")]})
    outcome = store.load(
        small() | {"appointments": [appointment("a", "2027-01-21T09:00"), appointment("b", "2027-01-19T09:00")]}
    )
    assert (outcome.faults, outcome.counts["appointments"]["changed"]) == ([], 2)


def test_two_accounts_may_exchange_their_addresses(store: Store) -> None:
    document = small()
    store.load(document)
    first, second = document["accounts"][:2]
    first["email"], second["email"] = second["email"], first["email"]
    assert store.load(document).faults == []
    assert store.rows("SELECT email FROM account WHERE id = 'alix'") == [("basile@brume.example",)]


def test_rows_may_point_to_what_is_stored_already(store: Store) -> None:
    store.load(small())
    outcome = store.load({"format": "booking-territory/1", "appointments": [appointment("rdv-2", "2027-01-21T10:00")]})
    assert (outcome.faults, outcome.counts["appointments"]["new"]) == ([], 1)


def test_lists_may_stand_in_any_order(store: Store) -> None:
    assert store.load(dict(reversed(small().items()))).faults == []
    assert [claim[0] for claim in claims(store, "atelier-1")] == ["alix", "salle", "van"]


def test_null_and_absent_are_the_same(store: Store) -> None:
    without_nulls = json.loads(
        json.dumps(small()), object_hook=lambda row: {name: value for name, value in row.items() if value is not None}
    )
    store.load(small())
    before = store.everything()
    store.load(without_nulls)
    assert store.everything() == before


def test_busy_times_are_replaced_whole_for_each_adviser_that_is_named(store: Store) -> None:
    hours = [
        {"adviser": adviser, "start": f"2027-01-{day}T10:00", "end": f"2027-01-{day}T11:00"}
        for adviser, day in (("alix", 25), ("alix", 26), ("basile", 25))
    ]
    store.load(small() | {"busy": hours})
    store.load(small() | {"busy": [hours[1]]})
    found = store.rows(
        "SELECT c.id, count(*) FROM claim k JOIN calendar c ON c.pk = k.calendar_pk "
        "JOIN entry e ON e.pk = k.entry_pk WHERE e.kind = 'busy' GROUP BY c.id ORDER BY c.id"
    )
    assert found == [("alix", 1), ("basile", 1)]


def test_what_only_an_export_tells_stays_when_a_file_does_not(store: Store) -> None:
    store.load(small() | {"appointments": [appointment("rdv-1", "2027-01-19T10:00", note="étage", urgency="felt")]})
    store.load(small() | {"appointments": [appointment("rdv-1", "2027-01-19T10:30")]})
    assert store.rows("SELECT note, urgency FROM appointment") == [("étage", "felt")]


def test_an_anonymised_person_stays_so(store: Store) -> None:
    store.load(small())
    store.do("UPDATE beneficiary SET name = NULL, phone = NULL, anonymised_at = 1")
    outcome = store.load(small())
    assert (outcome.warnings["anonymised"], store.rows("SELECT name FROM beneficiary")) == (1, [(None,)])


def test_a_phone_is_kept_in_its_international_form(store: Store) -> None:
    store.load(small())
    assert store.rows("SELECT phone FROM beneficiary") == [("+33639981234",)]


def test_an_unusual_phone_is_kept_and_warned_of(store: Store) -> None:
    row = appointment("rdv-1", "2027-01-19T10:00", beneficiary={"name": "Zohra", "phone": "poste 12, demander Luc"})
    outcome = store.load(small() | {"appointments": [row]})
    assert (outcome.faults, outcome.warnings["phone"]) == ([], 1)
    assert store.rows("SELECT phone FROM beneficiary") == [("poste 12, demander Luc",)]


def test_an_import_plans_no_message(store: Store) -> None:
    person = {"name": "Zohra", "phone": None, "email": "zohra@courriel.example", "consent_reminders": True}
    store.load(small() | {"appointments": [appointment("rdv-1", "2027-01-26T10:00", beneficiary=person)]})
    assert store.rows("SELECT 1 FROM reminder") == []


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"start": "2027-01-19T14:00"}, "outside_opening"),
        ({"start": "2027-02-16T10:00"}, "on_absence"),
        ({"start": "2027-01-28T10:00"}, "on_busy"),
        ({"start": "2027-05-06T10:00"}, "on_holiday"),
        ({"start": "2027-01-14T10:00"}, "past"),
        ({"start": "2027-02-09T10:00"}, "outside_opening"),
    ],
)
def test_what_is_only_unwise_is_loaded_and_counted(store: Store, changes: dict[str, Any], warning: str) -> None:
    outcome = store.load(small() | {"appointments": [appointment("rdv-1", **changes)]})
    assert (outcome.faults, outcome.warnings) == ([], {warning: 1})


def test_trying_it_out_writes_nothing(store: Store) -> None:
    before = store.everything()
    outcome = store.examine(small())
    assert outcome.counts["appointments"]["new"] == 1
    assert store.everything() == before


def test_one_fault_and_nothing_is_loaded(store: Store) -> None:
    before = store.everything()
    document = small()
    document["workshops"][0]["capacity"] = -1
    assert store.load(document).fault_count == 1
    assert store.everything() == before


def test_a_profession_taken_away_closes_the_calendar_and_keeps_its_history(store: Store) -> None:
    store.load(small())
    store.load(
        {
            "format": "booking-territory/1",
            "accounts": [account("basile", profession=None), account("alix", profession="conseiller_numerique")],
        }
    )
    assert store.rows("SELECT id, active FROM calendar WHERE kind = 'adviser' ORDER BY id") in (
        [("alix", 1), ("basile", 0)],
        [("alix", True), ("basile", False)],
    )


def test_a_change_raises_the_version_of_the_calendars_concerned_alone(store: Store) -> None:
    store.load(small())
    before = dict(store.rows("SELECT id, version FROM calendar"))
    store.load(small() | {"appointments": [appointment("rdv-1", "2027-01-19T10:15")]})
    after = dict(store.rows("SELECT id, version FROM calendar"))
    assert {key for key in after if after[key] > before[key]} == {"alix"}


def test_another_name_of_a_venue_concerns_every_calendar(store: Store) -> None:
    document = small()
    store.load(document)
    before = dict(store.rows("SELECT id, version FROM calendar"))
    document["venues"][0]["name"] = "Maison des services"
    store.load(document)
    after = dict(store.rows("SELECT id, version FROM calendar"))
    assert all(after[key] > before[key] for key in before)
