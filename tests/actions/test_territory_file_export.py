"""An export, loaded into an empty database and exported again, is the same file; and nothing is lost on the way."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking import database
from booking.actions import absences, appointments, feeds
from booking.actions.appointment_requests import Also, Move
from booking.actions.beneficiaries import BeneficiaryDraft
from booking.data import read_text
from tests.actions.conftest import Desk, at
from tests.actions.territory_documents import NOW, Document, Store, appointment, fresh_store, reservation, small
from tests.plumbing.service import make_app


def exported(store: Store, **options: Any) -> Document:
    document: Document = json.loads(store.export(**options))
    return document


def test_an_export_loaded_elsewhere_exports_the_same_bytes(store: Store, another_store: Store) -> None:
    store.load(read_text("demonstration.json"))
    first = store.export()
    assert another_store.load(first, NOW + timedelta(days=9)).faults == []
    assert another_store.export() == first


def test_loading_an_export_where_it_comes_from_changes_no_row(store: Store) -> None:
    store.load(read_text("demonstration.json"))
    before = store.everything()
    store.load(store.export(), NOW + timedelta(days=9))
    assert store.everything() == before


def test_an_export_holds_every_row_and_member_of_what_was_loaded(store: Store) -> None:
    store.load(small())
    told = exported(store)
    for name, rows in small().items():
        if name != "format":
            for row, back in zip(rows, told[name], strict=True):
                kept = {member: back.get(member) for member in row if member not in ("beneficiary", "exdates")}
                assert kept == {member: row[member] for member in kept}


def test_an_empty_database_exports_an_empty_file(store: Store, another_store: Store) -> None:
    assert exported(store) == {"format": "booking-territory/1"}
    assert another_store.load(store.export()).faults == []


def test_a_time_that_the_clocks_show_twice_comes_back_as_the_one_it_was(store: Store, another_store: Store) -> None:
    later = reservation("van-2", "van", "2027-10-31T02:30", minutes=15, fold=True)
    store.load(small() | {"reservations": [reservation("van-1", "van", "2027-10-31T02:30", minutes=15), later]})
    another_store.load(store.export())
    starts = "SELECT starts FROM entry WHERE kind = 'reservation' ORDER BY starts"
    assert another_store.rows(starts) == store.rows(starts)
    assert len({start for (start,) in store.rows(starts)}) == 2


def test_secrets_stay_behind_unless_they_are_asked_for(store: Store, another_store: Store) -> None:
    store.load(small())
    store.do("UPDATE account SET password_hash = 'argon' WHERE id = 'alix'")
    store.do(
        "INSERT INTO feed (id, account_pk, scope, calendar_pk, detail, name, secret_hash, created) "
        "SELECT 'feed-1', a.pk, 'adviser', c.pk, 'full', 'Téléphone', 'cafe', 1 "
        "FROM account a JOIN calendar c ON c.id = a.id WHERE a.id = 'alix'"
    )
    assert "argon" not in store.export()
    assert "cafe" not in store.export()
    whole = store.export(with_secrets=True)
    another_store.load(whole)
    assert another_store.export(with_secrets=True) == whole
    assert another_store.rows("SELECT secret_hash FROM feed") == [("cafe",)]


def test_a_person_of_several_appointments_stays_one_person(store: Store, another_store: Store) -> None:
    store.load(small() | {"appointments": [appointment("a", "2027-01-19T09:00"), appointment("b", "2027-01-21T09:00")]})
    store.do("UPDATE appointment SET beneficiary_pk = (SELECT min(pk) FROM beneficiary)")
    another_store.load(store.export())
    assert len(another_store.rows("SELECT DISTINCT beneficiary_pk FROM appointment")) == 1
    assert another_store.export() == store.export()


def test_two_rows_that_mean_one_person_must_agree(store: Store) -> None:
    person = {"name": "Zohra", "phone": None, "person": 1}
    rows = [
        appointment("a", "2027-01-19T09:00", beneficiary=person),
        appointment("b", "2027-01-21T09:00", beneficiary=person | {"name": "Zora"}),
    ]
    (fault,) = store.examine(small() | {"appointments": rows}).faults
    assert (fault.pointer, fault.code) == ("/appointments/1/beneficiary", "person")


def test_enrolments_go_out_and_come_in(store: Store, another_store: Store) -> None:
    document = small()
    document["enrolments"] = [
        {
            "id": f"ins-{place}",
            "workshop": "atelier-1",
            "place": place,
            "state": state,
            "beneficiary": {"name": f"Personne {place}"},
        }
        for place, state in ((1, "enrolled"), (2, "waiting"), (3, "enrolled"))
    ]
    store.load(document)
    another_store.load(store.export())
    assert another_store.export() == store.export()
    assert another_store.rows("SELECT taken FROM workshop") == [(2,)]


def test_changed_dates_of_series_and_openings_go_out_and_come_in(store: Store, another_store: Store) -> None:
    series = reservation("r", "van", "2027-02-02T10:00", rrule="FREQ=WEEKLY;BYDAY=TU;COUNT=4")
    series["dates"] = [
        {"date": "2027-02-09T10:00", "start": "2027-02-10T11:00", "minutes": 45, "sequence": 1},
        {"date": "2027-02-16T10:00", "sequence": 2, "reason": "salle prise"},
    ]
    document = small() | {"reservations": [series]}
    document["openings"][0]["changes"] = [
        {"date": "2027-01-19T09:00"},
        {"date": "2027-01-21T09:00", "start": "2027-01-22T14:00", "minutes": 60},
    ]
    assert store.load(document).faults == []
    another_store.load(store.export())
    assert another_store.export() == store.export()
    claimed = "SELECT k.starts, k.ends FROM claim k JOIN entry e ON e.pk = k.entry_pk WHERE e.id = 'r' ORDER BY 1"
    assert len(store.rows(claimed)) == 3
    assert another_store.rows(claimed) == store.rows(claimed)


def test_the_opening_hours_of_a_room_go_out_and_come_in(store: Store, another_store: Store) -> None:
    document = small()
    hours = {name: value for name, value in document["openings"][0].items() if name not in ("id", "adviser")}
    document["openings"].append({"id": "heures-salle", "calendar": "salle", **hours})
    store.load(document)
    told = store.export()
    assert [each["calendar"] for each in json.loads(told)["openings"] if "calendar" in each] == ["salle"]
    another_store.load(json.loads(told))
    assert another_store.export() == told


def test_an_opening_is_of_one_calendar(store: Store) -> None:
    document = small()
    document["openings"][0]["calendar"] = "salle"
    assert [fault.pointer for fault in store.load(document).faults] == ["/openings/0/adviser"]


def test_a_series_without_any_date_stays_on_its_calendar(store: Store, another_store: Store) -> None:
    series = reservation("r", "van", "2027-02-02T10:00", rrule="FREQ=WEEKLY;COUNT=1", exdates=["2027-02-02"])
    store.load(small() | {"reservations": [series]})
    another_store.load(store.export())
    assert exported(another_store)["reservations"][0]["calendar"] == "van"
    assert store.load(small() | {"reservations": [series]}).counts["reservations"] == {"unchanged": 1}


@pytest.fixture
def lived_in(desk: Desk) -> Desk:
    """A planning that people have worked with: booked, moved, cancelled, proposed, absent, ended early."""
    caller = BeneficiaryDraft("Marcel Sage", "+33639981234", "Marcel@courriel.example", True)
    kept = desk.book("alix", "2027-01-19T10:00", beneficiary=caller, note="2e étage", urgency="felt")
    moved = desk.book("denise", "2027-01-21T09:00", beneficiary=caller)
    desk.do("chloe", appointments.move, moved.id, Move(starts=at("2027-01-21T11:00")))
    gone = desk.book("alix", "2027-01-26T09:00")
    desk.do("alix", appointments.cancel, gone.id, "empêchement")
    desk.book(
        "denise",
        "2027-01-28T10:00",
        room="bureau-brume",
        also=(Also("clio-brume", at("2027-01-28T09:30"), at("2027-01-28T12:00"), "Trajet"),),
    )
    desk.do("chloe", appointments.mark_attendance, kept.id, "attended")
    draft = absences.AbsenceDraft(
        "chloe", "2027-02-02T09:00", "2027-02-02T12:00", "FREQ=WEEKLY;BYDAY=TU", title="Stage"
    )
    absence = desk.do("chloe", absences.add, draft)
    desk.do("chloe", absences.change_date, absence.id, "2027-02-09", start="2027-02-10T09:00", end="2027-02-10T10:00")
    return desk


@pytest.fixture
def lived_in_store(lived_in: Desk, app: Flask, tmp_path: Path) -> Store:
    return Store(app, tmp_path)


def test_a_planning_people_have_worked_with_goes_out_and_comes_in(lived_in_store: Store, another_store: Store) -> None:
    first = lived_in_store.export()
    assert another_store.load(first, NOW + timedelta(days=1)).faults == []
    assert another_store.export() == first


def test_loading_it_where_it_comes_from_changes_no_row(lived_in_store: Store) -> None:
    before = lived_in_store.everything()
    lived_in_store.load(lived_in_store.export(), NOW + timedelta(days=1))
    assert lived_in_store.everything() == before


def test_subscriptions_read_the_same_bytes_in_the_other_database(
    lived_in: Desk, lived_in_store: Store, another_store: Store, tmp_path: Path
) -> None:
    drafts = [feeds.FeedDraft("adviser", "chloe", "full", 10), feeds.FeedDraft("vehicle", "clio-brume", "limited")]
    made = [lived_in.do(who, feeds.create, draft) for who, draft in zip(("chloe", "elise"), drafts, strict=True)]
    another_store.load(lived_in_store.export(with_secrets=True), NOW + timedelta(days=1))
    elsewhere = make_app(another_store.url, tmp_path / "elsewhere")
    for feed in made:
        here, there = (app.test_client().get(f"/ics/{feed.secret}.ics") for app in (lived_in_store.app, elsewhere))
        assert (here.status_code, there.status_code) == (200, 200)
        assert here.text == there.text
        assert "BEGIN:VEVENT" in here.text
    with elsewhere.app_context():
        database.db.engine.dispose()


def test_a_move_by_file_calls_off_what_was_to_be_said_of_the_old_time(lived_in_store: Store) -> None:
    document = exported(lived_in_store)
    for row in document["appointments"]:
        row["start"] = row["start"].replace("T1", "T0").replace("T09", "T08")
    assert lived_in_store.rows("SELECT 1 FROM reminder WHERE status = 'pending' AND kind = 'day_before'")
    assert lived_in_store.load(document, NOW).faults == []
    assert lived_in_store.rows("SELECT 1 FROM reminder WHERE status = 'pending' AND kind = 'day_before'") == []


KEYS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=30).filter(
    lambda text: not text.isspace()
)
DAYS = st.dates(min_value=NOW.date() - timedelta(days=30), max_value=NOW.date() + timedelta(days=400))
RULES = st.sampled_from(
    [None, "FREQ=WEEKLY", "FREQ=DAILY;INTERVAL=3;COUNT=4", "FREQ=MONTHLY;BYDAY=1TU,3TU;UNTIL=20280101"]
)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Small sound files: calendars are taken at hours of their own, so that nothing overlaps."""
    document = copy.deepcopy(small())
    document["territories"][0]["timezone"] = draw(
        st.sampled_from(["Europe/Paris", "Indian/Reunion", "America/Miquelon", "Pacific/Marquesas"])
    )
    document["rooms"][0] |= {"name": draw(TEXTS), "equipment": draw(st.lists(TEXTS, max_size=2))}
    document["openings"][0]["rrule"] = draw(RULES)
    document["openings"][0]["purposes"] = draw(st.sampled_from([None, [], ["aide"]]))
    document["workshops"][0]["state"] = draw(st.sampled_from(["draft", "published", "cancelled"]))
    document["absences"][0]["rrule"] = draw(st.sampled_from([None, "FREQ=MONTHLY;COUNT=3"]))
    keys = draw(st.lists(KEYS, unique=True, max_size=4))
    days = draw(st.lists(DAYS, unique=True, min_size=len(keys), max_size=len(keys)))
    document["appointments"] = [
        appointment(
            key,
            f"{day}T{draw(st.integers(6, 10)):02d}:{draw(st.integers(0, 59)):02d}",
            status=draw(st.sampled_from(["confirmed", "tentative", "cancelled"])),
            advisers=draw(st.sampled_from([["basile"], ["basile", "alix"], ["alix", "basile"]])),
            beneficiary=draw(
                st.one_of(st.none(), st.fixed_dictionaries({"name": TEXTS, "consent_reminders": st.booleans()}))
            ),
            note=draw(st.one_of(st.none(), TEXTS)),
        )
        for key, day in zip(keys, days, strict=True)
    ]
    document["busy"] = []
    document["reservations"] = [
        reservation(
            "res-1",
            "van",
            f"{draw(DAYS)}T{draw(st.integers(18, 23)):02d}:30",
            rrule=draw(RULES),
            status=draw(st.sampled_from(["pending", "confirmed", "rejected", "cancelled"])),
        )
    ]
    return document


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=documents())
def test_any_small_file_goes_out_and_comes_in_unchanged(
    document: Document, engine_name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    ask = request.getfixturevalue
    with fresh_store(engine_name, tmp_path, ask) as here, fresh_store(engine_name, tmp_path, ask) as there:
        assert here.load(document).faults == []
        first = here.export()
        assert there.load(first).faults == []
        assert there.export() == first
        before = here.everything()
        here.load(first)
        here.load(document)
        assert here.everything() == before
