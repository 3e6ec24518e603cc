"""What stands in a feed, as other programs read it: levels, tombstones, series, scopes (W and P)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
import recurring_ical_events
from flask import Flask
from sqlalchemy import insert, select, update

from booking import clock, database
from booking.actions import absences, appointments, claims, entries, proposals, sharing
from booking.actions.absences import AbsenceDraft
from booking.actions.appointment_requests import Move, Request
from booking.actions.beneficiaries import BeneficiaryDraft
from booking.models import (
    Account,
    Appointment,
    Beneficiary,
    Calendar,
    Claim,
    Entry,
    Instruction,
    Occurrence,
    Opening,
    OpeningChange,
    Organisation,
    Programme,
    Territory,
    Venue,
    Workshop,
)
from tests.cast import Cast
from tests.web.desk import open_doors
from tests.web.subscriptions import NOW, PARIS, Subscriptions, at

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def subscriptions(app: Flask, cast: Cast) -> Subscriptions:
    open_doors(app, cast)
    return Subscriptions(app, cast)


def book(subscriptions: Subscriptions, who: str = "alix", **changes: object) -> appointments.Booked:
    wanted = {"purpose": "accompagnement", "advisers": ("chloe",), "venue": "maison-brume"}
    return subscriptions.do(who, appointments.book, Request(**{**wanted, "starts": at("2027-01-19T10:00"), **changes}))


# --- one entry, its identity and its life


def test_a_booking_stands_in_the_feed_with_its_zone(subscriptions: Subscriptions) -> None:
    secret = subscriptions.subscribe("chloe", "adviser", "chloe", "limited")
    booked = book(subscriptions)

    text = subscriptions.text(secret)

    with subscriptions.app.app_context(), database.reading() as session:
        entry = session.get_one(Entry, booked.entry_pk)
    assert f"UID:{entry.uid}\r\n" in text
    assert "DTSTART;TZID=Europe/Paris:20270119T100000\r\n" in text
    assert "DTEND;TZID=Europe/Paris:20270119T110000\r\n" in text
    assert "SUMMARY:Accompagnement individuel\r\n" in text
    assert "METHOD" not in text
    assert "ORGANIZER" not in text
    assert "ATTENDEE" not in text


def test_a_move_keeps_the_uid_and_raises_the_sequence(subscriptions: Subscriptions) -> None:
    secret = subscriptions.subscribe("chloe", "adviser", "chloe")
    booked = book(subscriptions)
    before, tag = subscriptions.only(secret), subscriptions.fetch(secret).headers["ETag"]

    subscriptions.do("chloe", appointments.move, booked.id, Move(starts=at("2027-01-21T11:00")), now=LATER)

    after = subscriptions.only(secret)
    assert after["UID"] == before["UID"]
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 1)
    assert after["DTSTART"].dt == datetime(2027, 1, 21, 11, 0, tzinfo=PARIS)
    assert after["DTSTAMP"].dt == after["LAST-MODIFIED"].dt == LATER
    assert after["CREATED"].dt == NOW
    new = subscriptions.fetch(secret).headers["ETag"]
    assert new != tag
    assert subscriptions.fetch(secret, If_None_Match=new).status_code == 304


def test_marking_attendance_leaves_sequence_and_gives_another_tag(subscriptions: Subscriptions) -> None:
    secret = subscriptions.subscribe("chloe", "adviser", "chloe")
    booked = book(subscriptions)
    tag = subscriptions.fetch(secret).headers["ETag"]

    subscriptions.do("chloe", appointments.mark_attendance, booked.id, "attended", now=LATER)

    assert subscriptions.fetch(secret).headers["ETag"] != tag
    assert subscriptions.only(secret)["SEQUENCE"] == 0


def test_a_cancelled_entry_leaves_a_tombstone(subscriptions: Subscriptions) -> None:
    secret = subscriptions.subscribe("chloe", "adviser", "chloe", "limited", alarm_minutes=15)
    booked = book(subscriptions)
    uid = subscriptions.only(secret)["UID"]

    subscriptions.do("chloe", appointments.cancel, booked.id, "malade", now=LATER)

    text = subscriptions.text(secret)
    stone = subscriptions.only(secret)
    assert (stone["UID"], stone["STATUS"], stone["SEQUENCE"], stone["TRANSP"]) == (uid, "CANCELLED", 1, "TRANSPARENT")
    assert stone["SUMMARY"] == "Annulé : Accompagnement individuel"
    assert stone["DTSTART"].dt == datetime(2027, 1, 19, 10, 0, tzinfo=PARIS)
    assert "VALARM" not in text
    assert "malade" not in text


def test_an_entry_that_goes_to_another_adviser_leaves_a_tombstone_here(subscriptions: Subscriptions) -> None:
    hers = subscriptions.subscribe("chloe", "adviser", "chloe", "full")
    his = subscriptions.subscribe("farid", "adviser", "farid", "full")
    subscriptions.do("farid", sharing.share, "farid", "person", "elise", "manage")
    booked = book(subscriptions, "elise")
    uid = subscriptions.only(hers)["UID"]

    subscriptions.do(
        "elise",
        appointments.move,
        booked.id,
        Move(advisers=("farid",), venue="mairie-d-orme", starts=at("2027-01-22T14:00")),
        now=LATER,
    )

    gone, stands = subscriptions.only(hers), subscriptions.only(his)
    assert (gone["UID"], gone["STATUS"], gone["SEQUENCE"]) == (uid, "CANCELLED", 1)
    assert gone["DTSTART"].dt == datetime(2027, 1, 19, 10, 0, tzinfo=PARIS), "not where it went to"
    assert "LOCATION" not in gone
    assert "Orme" not in subscriptions.text(hers)
    assert (stands["UID"], stands["STATUS"]) == (uid, "CONFIRMED")


def test_what_becomes_of_it_elsewhere_is_not_told_here(subscriptions: Subscriptions) -> None:
    hers = subscriptions.subscribe("chloe", "adviser", "chloe", "full")
    subscriptions.do("farid", sharing.share, "farid", "person", "elise", "manage")
    booked = book(subscriptions, "elise")
    elsewhere = Move(advisers=("farid",), venue="mairie-d-orme", starts=at("2027-01-22T14:00"))
    subscriptions.do("elise", appointments.move, booked.id, elsewhere, now=LATER)
    before = subscriptions.fetch(hers)

    subscriptions.do("elise", appointments.cancel, booked.id, None, now=LATER + timedelta(hours=1))

    assert subscriptions.fetch(hers, If_None_Match=before.headers["ETag"]).status_code == 304
    subscriptions.memory.shelf._bodies.clear()
    assert subscriptions.fetch(hers).data == before.data


def test_a_tombstone_stands_for_thirty_days_after_its_end_and_more(subscriptions: Subscriptions) -> None:
    secret = subscriptions.subscribe("chloe", "adviser", "chloe")
    booked = book(subscriptions)
    subscriptions.do("chloe", appointments.cancel, booked.id, None)

    clock.freeze("2027-02-19T10:00:00+01:00")
    assert subscriptions.only(secret)["STATUS"] == "CANCELLED"
    clock.freeze("2027-06-19T10:00:00+02:00")
    assert subscriptions.events(secret) == []


def test_an_undone_cancellation_stands_again_with_a_higher_sequence(subscriptions: Subscriptions) -> None:
    secret = subscriptions.subscribe("chloe", "adviser", "chloe")
    booked = book(subscriptions)
    subscriptions.do("chloe", appointments.cancel, booked.id, None)
    subscriptions.do("chloe", appointments.restore, booked.id)

    event = subscriptions.only(secret)

    assert (event["STATUS"], event["SEQUENCE"]) == ("CONFIRMED", 2)


def test_a_proposal_is_tentative_until_the_yes(subscriptions: Subscriptions) -> None:
    secret = subscriptions.subscribe("chloe", "adviser", "chloe")
    subscriptions.do("elise", sharing.share, "chloe", "organisation", "fs-brume", "propose")
    subscriptions.do("elise", sharing.share, "chloe", "territory", "val-de-brume", "free_busy")
    booked = book(subscriptions, "basile")

    assert subscriptions.only(secret)["STATUS"] == "TENTATIVE"
    subscriptions.do("chloe", proposals.confirm, booked.id, now=LATER)

    event = subscriptions.only(secret)
    assert (event["STATUS"], event["SEQUENCE"]) == ("CONFIRMED", 1)


def test_only_a_feed_that_asks_for_alarms_has_them(subscriptions: Subscriptions) -> None:
    subscriptions.put(subscriptions.cast.chloe_calendar)
    silent = subscriptions.subscribe("chloe", "adviser", "chloe")
    ringing = subscriptions.subscribe("chloe", "adviser", "chloe", alarm_minutes=90)

    assert "VALARM" not in subscriptions.text(silent)
    assert "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Occupé\r\nTRIGGER:-PT1H30M\r\n" in subscriptions.text(ringing)


def test_the_window_reaches_from_ninety_days_back_to_four_hundred_ahead(subscriptions: Subscriptions) -> None:
    chloe = subscriptions.cast.chloe_calendar
    for day in ("2026-10-19", "2026-10-20", "2028-02-22", "2028-02-23"):
        subscriptions.put(chloe, start=f"{day}T10:00", end=f"{day}T11:00")
    subscriptions.put(chloe, start="2026-09-01T00:00", end="2026-10-21T00:00", kind="absence")
    secret = subscriptions.subscribe("chloe", "adviser", "chloe")

    starts = {event["DTSTART"].dt for event in subscriptions.events(secret)}

    assert starts == {
        date(2026, 9, 1),
        datetime(2026, 10, 20, 10, tzinfo=PARIS),
        datetime(2028, 2, 22, 10, tzinfo=PARIS),
    }


def test_whole_days_are_dates(subscriptions: Subscriptions) -> None:
    subscriptions.do("chloe", absences.add, AbsenceDraft("chloe", "2027-02-01", "2027-02-03", title="Congés"))
    secret = subscriptions.subscribe("chloe", "adviser", "chloe", "full")

    event = subscriptions.only(secret)

    assert (event["DTSTART"].dt, event["DTEND"].dt) == (date(2027, 2, 1), date(2027, 2, 4))
    assert event["SUMMARY"] == "Indisponible"
    assert event["DESCRIPTION"].startswith("Congés\n")


def test_the_other_zones_of_france_stand_with_their_own_block(subscriptions: Subscriptions) -> None:
    subscriptions.put(subscriptions.cast.chloe_calendar, zone="Indian/Reunion")
    secret = subscriptions.subscribe("chloe", "adviser", "chloe")

    assert "BEGIN:VTIMEZONE\r\nTZID:Indian/Reunion\r\n" in subscriptions.text(secret)
    assert subscriptions.only(secret)["DTSTART"].dt == datetime(2027, 1, 19, 10, tzinfo=PARIS)


def test_the_readers_language_is_the_feeds(subscriptions: Subscriptions) -> None:
    subscriptions.put(subscriptions.cast.chloe_calendar)
    secret = subscriptions.subscribe("chloe", "adviser", "chloe")
    french = subscriptions.fetch(secret).headers["ETag"]

    def switch(session) -> None:
        session.get_one(Account, subscriptions.cast.chloe.pk).language = "en"

    subscriptions.write(switch)

    assert subscriptions.only(secret)["SUMMARY"] == "Busy"
    assert subscriptions.fetch(secret).headers["ETag"] != french


def test_events_are_ordered_by_start_and_uid_whatever_the_order_of_rows(subscriptions: Subscriptions) -> None:
    for hour in (15, 9, 12):
        subscriptions.put(
            subscriptions.cast.chloe_calendar, start=f"2027-01-19T{hour:02}:00", end=f"2027-01-19T{hour:02}:30"
        )
    secret = subscriptions.subscribe("chloe", "adviser", "chloe")

    assert [event["DTSTART"].dt.hour for event in subscriptions.events(secret)] == [9, 12, 15]


# --- levels


PLANTED = {
    "title": "PLANTED-TITLE",
    "reason": "PLANTED-REASON",
    "note": "PLANTED-NOTE",
    "beneficiary": "PLANTED-NAME",
    "email": "planted-mail@planted.example",
    "phone": "+33612345678",
    "venue": "PLANTED-VENUE",
    "address": "PLANTED-ADDRESS",
    "commune": "PLANTED-COMMUNE",
    "access": "PLANTED-ACCESS",
    "room": "PLANTED-ROOM",
    "vehicle": "PLANTED-VEHICLE",
    "registration": "PLANTED-PLATE",
    "booked_by": "PLANTED-BOOKER",
    "booker_email": "planted-booker@planted.example",
    "entry_id": "rdv-PLANTED",
    "other_adviser": "PLANTED-COLLEAGUE",
    "absence": "PLANTED-ABSENCE",
    "busy": "PLANTED-IMPORTED",
    "reservation": "PLANTED-RESERVATION",
    "related_title": "PLANTED-RELATED",
    "needs": "PLANTED-NEED",
    "booker_phone": "+33698765432",
    "venue_phone": "+33536499999",
    "equipment": "PLANTED-EQUIPMENT",
    "organisation": "PLANTED-ORGANISATION",
    "territory": "PLANTED-TERRITORY",
    "instruction": "PLANTED-INSTRUCTION",
    "absence_reason": "PLANTED-WHY",
    "other_title": "PLANTED-ELSEWHERE",
}
ALWAYS_SECRET = {
    "related_title",
    "needs",
    "booker_phone",
    "venue_phone",
    "equipment",
    "organisation",
    "territory",
    "instruction",
    "absence_reason",
    "other_title",
    "reason",
    "note",
    "beneficiary",
    "email",
    "phone",
    "access",
    "registration",
    "booker_email",
    "other_adviser",
    "busy",
}
SHOWN = {
    "free_busy": set(),
    "limited": {"title", "venue", "address", "commune", "reservation"},
    "full": {
        *("title", "venue", "address", "commune", "reservation", "room", "vehicle", "booked_by", "entry_id", "absence"),
    },
}


@pytest.fixture
def planted(subscriptions: Subscriptions) -> Subscriptions:
    """A calendar with a string of its own in every property that could get out."""
    cast = subscriptions.cast

    def plant(session) -> None:
        venue = session.get_one(Venue, cast.maison.pk)
        venue.name, venue.address, venue.commune = PLANTED["venue"], PLANTED["address"], PLANTED["commune"]
        venue.access, venue.phone = PLANTED["access"], PLANTED["venue_phone"]
        room = session.get_one(Calendar, cast.desk.pk)
        room.name, room.equipment = PLANTED["room"], [PLANTED["equipment"]]
        session.get_one(Organisation, cast.brume.pk).name = PLANTED["organisation"]
        session.get_one(Territory, cast.territory.pk).name = PLANTED["territory"]
        session.add(Instruction(purpose_pk=None, venue_pk=cast.maison.pk, text=PLANTED["instruction"]))
        car = session.get_one(Calendar, cast.car.pk)
        car.name, car.registration = PLANTED["vehicle"], PLANTED["registration"]
        booker = session.get_one(Account, cast.denise.pk)
        booker.name, booker.email = PLANTED["booked_by"], PLANTED["booker_email"]
        booker.phone = PLANTED["booker_phone"]
        session.get_one(Calendar, cast.basile_calendar.pk).name = PLANTED["other_adviser"]

    subscriptions.write(plant)
    related = subscriptions.put(cast.van, kind="reservation", title=PLANTED["related_title"])
    subscriptions.put(cast.farid_calendar, title=PLANTED["other_title"])
    pk = subscriptions.put(
        *(cast.chloe_calendar, cast.basile_calendar, cast.desk, cast.car),
        title=PLANTED["title"],
        id=PLANTED["entry_id"],
        reason=PLANTED["reason"],
        related_pk=related,
    )
    subscriptions.put(
        cast.chloe_calendar,
        kind="absence",
        title=PLANTED["absence"],
        reason=PLANTED["absence_reason"],
        start="2027-01-20T10:00",
        end="2027-01-20T12:00",
        strength="busy-unavailable",
    )
    subscriptions.put(
        cast.chloe_calendar, kind="busy", title=PLANTED["busy"], start="2027-01-20T13:00", end="2027-01-20T14:00"
    )
    subscriptions.put(
        cast.chloe_calendar,
        kind="reservation",
        title=PLANTED["reservation"],
        start="2027-01-20T15:00",
        end="2027-01-20T16:00",
    )

    def person(session) -> None:
        someone = Beneficiary(
            territory_pk=cast.territory.pk,
            name=PLANTED["beneficiary"],
            email=PLANTED["email"],
            phone=PLANTED["phone"],
            needs=[PLANTED["needs"]],
        )
        session.add(someone)
        session.flush()
        session.add(
            Appointment(entry_pk=pk, purpose_pk=cast.individual.pk, beneficiary_pk=someone.pk, note=PLANTED["note"])
        )

    subscriptions.write(person)
    return subscriptions


@pytest.mark.parametrize("level", ["free_busy", "limited", "full"])
@pytest.mark.parametrize("ending", ["ics", "ifb"])
def test_a_level_shows_its_properties_and_no_other(planted: Subscriptions, level: str, ending: str) -> None:
    secret = planted.subscribe("chloe", "adviser", "chloe", level)

    text = planted.text(secret, ending)

    shown = {name for name, string in PLANTED.items() if string in text}
    assert shown == (SHOWN[level] if ending == "ics" else set())
    assert not shown & ALWAYS_SECRET


@pytest.mark.parametrize("level", ["free_busy", "limited", "full"])
@pytest.mark.parametrize("how", ["cancelled", "gone"])
def test_tombstones_show_no_more_than_the_level(planted: Subscriptions, level: str, how: str) -> None:
    cast = planted.cast
    secret = planted.subscribe("chloe", "adviser", "chloe", level)

    def end(session) -> None:
        hers = select(Claim.entry_pk).where(Claim.calendar_pk == cast.chloe_calendar.pk)
        for entry in session.scalars(select(Entry).where(Entry.pk.in_(hers))).all():
            keeping = () if how == "cancelled" else [cast.basile_calendar.pk]
            claims.release(session, entry.pk, sequence=1, now=LATER, keeping=keeping)
            entries.change(
                session, entry, LATER, significant=True, **({"status": "cancelled"} if how == "cancelled" else {})
            )
        database.lock_calendars(session, [cast.chloe_calendar.pk])

    planted.write(end)
    text = planted.text(secret)

    allowed = SHOWN[level] if how == "cancelled" else SHOWN[level] & {"title", "reservation"}
    assert text.count("STATUS:CANCELLED") == 4
    assert {name for name, string in PLANTED.items() if string in text} <= allowed


@pytest.mark.parametrize("level", ["none", "free_busy", "book_offered", "details", "propose", "book", "manage"])
@pytest.mark.parametrize("detail", ["limited", "full"])
def test_a_feed_shows_no_more_than_its_owner_may_see_now(planted: Subscriptions, level: str, detail: str) -> None:
    planted.do("chloe", sharing.share, "chloe", "person", "farid", "details")
    secret = planted.subscribe("farid", "adviser", "chloe", detail)
    planted.do("chloe", sharing.share, "chloe", "territory", "val-de-brume", "none")

    planted.do("chloe", sharing.share, "chloe", "person", "farid", level)
    answer = planted.fetch(secret)

    if level == "none":
        assert answer.status_code == 410
        return
    allowed = SHOWN[detail] if level not in ("free_busy", "book_offered") else set()
    text = answer.text.replace("\r\n ", "")
    assert {name for name, string in PLANTED.items() if string in text} == allowed


def test_free_busy_says_busy_whatever_it_is(planted: Subscriptions) -> None:
    secret = planted.subscribe("chloe", "adviser", "chloe", "free_busy")

    events = planted.events(secret)

    assert {str(event["SUMMARY"]) for event in events} == {"Occupé"}
    for event in events:
        assert not {"LOCATION", "DESCRIPTION", "URL", "CATEGORIES", "RELATED-TO", "COLOR"} & set(event)


def test_full_links_to_pages_that_ask_to_sign_in(planted: Subscriptions) -> None:
    secret = planted.subscribe("chloe", "adviser", "chloe", "full")

    links = [str(event["URL"]) for event in planted.events(secret)]

    assert f"http://127.0.0.1:8000/rendez-vous/{PLANTED['entry_id']}" in links
    for link in links:
        answer = planted.app.test_client().get(link.removeprefix("http://127.0.0.1:8000"))
        assert answer.status_code in (302, 404)


def test_a_caller_of_the_desk_is_named_nowhere(subscriptions: Subscriptions) -> None:
    book(
        subscriptions,
        beneficiary=BeneficiaryDraft("Marcel Sage", "+33536491234", "marcel@courriel.example", True),
        note="Apporter le dossier",
    )
    secret = subscriptions.subscribe("chloe", "adviser", "chloe", "full")

    text = subscriptions.text(secret)

    assert "Pris par : Alix Aubert" in text
    assert not [word for word in ("Marcel", "Sage", "536491234", "courriel", "dossier") if word in text]


# --- series


def weekly(subscriptions: Subscriptions, dates: list[str], rrule: str, **columns: object) -> int:
    """A reservation of the hall on these Tuesdays, 9:00 to 10:30."""
    first = dates[0]

    def work(session) -> int:
        pk, _, _ = entries.new_entry(
            session,
            kind="reservation",
            now=NOW,
            status="confirmed",
            zone="Europe/Paris",
            starts=at(first),
            ends=at(first) + 90,
            title="Atelier couture",
            territory_pk=subscriptions.cast.territory.pk,
            starts_wall=first,
            rrule=rrule,
            **columns,
        )
        claims.take(
            session,
            pk,
            [claims.Wanted(subscriptions.cast.hall.pk, at(each), at(each) + 90, occurrence=at(each)) for each in dates],
        )
        database.lock_calendars(session, [subscriptions.cast.hall.pk])
        return pk

    return subscriptions.write(work)


def expanded(subscriptions: Subscriptions, secret: str) -> list[str]:
    calendar = icalendar.Calendar.from_ical(subscriptions.fetch(secret).data)
    found = recurring_ical_events.of(calendar).between(date(2027, 1, 1), date(2028, 1, 1))
    return sorted(f"{event.start.astimezone(UTC):%m-%d %H:%M}" for event in found)


def test_a_series_is_one_event_whose_dates_are_those_claimed(subscriptions: Subscriptions) -> None:
    dates = ["2027-03-16T09:00", "2027-03-23T09:00", "2027-03-30T09:00", "2027-04-06T09:00"]
    weekly(subscriptions, dates, "FREQ=WEEKLY;UNTIL=20270406")
    secret = subscriptions.subscribe("alix", "room", "salle-brume", "limited")

    assert len(subscriptions.events(secret)) == 1
    assert "RRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20270406T070000Z\r\n" in subscriptions.text(secret)
    assert expanded(subscriptions, secret) == ["03-16 08:00", "03-23 08:00", "03-30 07:00", "04-06 07:00"]


def test_dropped_and_moved_dates_of_a_series(subscriptions: Subscriptions) -> None:
    dates = ["2027-03-16T09:00", "2027-03-23T09:00", "2027-03-30T09:00", "2027-04-06T09:00", "2027-04-13T09:00"]
    pk = weekly(subscriptions, dates, "FREQ=WEEKLY;COUNT=5", exdates=["2027-03-23"], sequence=2)

    def change(session) -> None:
        session.execute(
            insert(Occurrence),
            [
                {
                    "entry_pk": pk,
                    "original": at("2027-03-30T09:00"),
                    "starts": at("2027-03-31T14:00"),
                    "ends": at("2027-03-31T15:00"),
                    "sequence": 2,
                    "last_modified": LATER,
                },
                {
                    "entry_pk": pk,
                    "original": at("2027-04-06T09:00"),
                    "starts": None,
                    "ends": None,
                    "sequence": 1,
                    "last_modified": LATER,
                },
            ],
        )

    subscriptions.write(change)
    secret = subscriptions.subscribe("alix", "room", "salle-brume", "limited")

    text = subscriptions.text(secret)
    master, moved = subscriptions.events(secret)
    assert expanded(subscriptions, secret) == ["03-16 08:00", "03-31 12:00", "04-13 07:00"]
    assert "EXDATE;TZID=Europe/Paris:20270323T090000\r\nEXDATE;TZID=Europe/Paris:20270406T090000\r\n" in text
    assert moved["RECURRENCE-ID"].dt == datetime(2027, 3, 30, 9, tzinfo=PARIS)
    assert moved["UID"] == master["UID"]
    assert moved["SUMMARY"] == "Atelier couture"
    assert moved["LAST-MODIFIED"].dt == LATER


def test_an_absence_every_friday_is_a_series_of_dates(subscriptions: Subscriptions) -> None:
    draft = AbsenceDraft("chloe", "2027-01-22", "2027-01-22", rrule="FREQ=WEEKLY;UNTIL=20270205")
    subscriptions.do("chloe", absences.add, draft)
    secret = subscriptions.subscribe("chloe", "adviser", "chloe", "limited")

    text = subscriptions.text(secret)

    assert "DTSTART;VALUE=DATE:20270122\r\nDTEND;VALUE=DATE:20270123\r\n" in text
    assert "RRULE:FREQ=WEEKLY;BYDAY=FR;UNTIL=20270205\r\n" in text


def test_a_cancelled_series_is_one_tombstone(subscriptions: Subscriptions) -> None:
    added = subscriptions.do(
        "chloe", absences.add, AbsenceDraft("chloe", "2027-01-20T09:00", "2027-01-20T10:00", rrule="FREQ=DAILY;COUNT=3")
    )
    secret = subscriptions.subscribe("chloe", "adviser", "chloe")
    subscriptions.do("chloe", absences.remove, added.id, now=LATER)

    stone = subscriptions.only(secret)

    assert (stone["STATUS"], stone["SEQUENCE"], stone["TRANSP"]) == ("CANCELLED", 1, "TRANSPARENT")
    assert stone["RRULE"]["COUNT"] == [3]


# --- scopes


def test_rooms_and_vehicles_have_feeds(subscriptions: Subscriptions) -> None:
    cast = subscriptions.cast
    subscriptions.put(cast.chloe_calendar, cast.desk, cast.car)
    desk = subscriptions.subscribe("alix", "room", "bureau-brume", "full")
    car = subscriptions.subscribe("alix", "vehicle", "clio-brume", "limited")

    assert subscriptions.only(desk)["UID"] == subscriptions.only(car)["UID"]
    assert "Salle : Bureau 1" in subscriptions.text(desk)
    assert "Véhicule" not in subscriptions.text(car)


def test_a_venue_holds_each_entry_once_at_the_highest_level_seen(subscriptions: Subscriptions) -> None:
    cast = subscriptions.cast
    subscriptions.put(cast.chloe_calendar, cast.desk, title="Vu")
    subscriptions.put(cast.basile_calendar, title="Caché", start="2027-01-20T10:00", end="2027-01-20T11:00")
    subscriptions.do("elise", sharing.share, "chloe", "person", "farid", "details")
    secret = subscriptions.subscribe("farid", "venue", "maison-brume", "limited")

    assert [str(event["SUMMARY"]) for event in subscriptions.events(secret)] == ["Vu", "Occupé"]


def test_a_calendar_that_comes_into_sight_changes_the_tag_of_a_venue(subscriptions: Subscriptions) -> None:
    subscriptions.do("elise", sharing.share, "chloe", "territory", "val-de-brume", "none")
    secret = subscriptions.subscribe("farid", "venue", "maison-brume")
    tag = subscriptions.fetch(secret).headers["ETag"]

    subscriptions.do("elise", sharing.share, "chloe", "territory", "val-de-brume", "free_busy")

    assert subscriptions.fetch(secret, If_None_Match=tag).status_code == 200


def test_an_entry_that_moves_between_calendars_of_a_venue_is_no_tombstone(subscriptions: Subscriptions) -> None:
    secret = subscriptions.subscribe("elise", "organisation", "fs-brume", "limited")
    booked = book(subscriptions, "elise", purpose="demarches", starts=at("2027-01-19T09:00"))

    subscriptions.do("elise", appointments.move, booked.id, Move(advisers=("alix",)), now=LATER)

    event = subscriptions.only(secret)
    assert (event["STATUS"], event["SEQUENCE"]) == ("CONFIRMED", 1)


def test_a_territory_shows_its_published_workshops_only(subscriptions: Subscriptions) -> None:
    cast = subscriptions.cast

    def publish(session) -> None:
        for number, state in enumerate(("published", "draft")):
            session.add(
                Programme(
                    id=f"p{number}", territory_pk=cast.territory.pk, quarter="2027-T1", title="Hiver", state=state
                )
            )
        session.flush()

    subscriptions.write(publish)
    with subscriptions.app.app_context(), database.reading() as session:
        programmes = {each.id: each.pk for each in session.scalars(select(Programme))}
    for number, (programme, state) in enumerate(
        [("p0", "published"), ("p0", "draft"), ("p1", "published"), ("p0", "cancelled")]
    ):
        pk = subscriptions.put(
            cast.chloe_calendar,
            kind="workshop",
            title=f"Atelier {number}",
            start=f"2027-02-0{number + 1}T14:00",
            end=f"2027-02-0{number + 1}T16:00",
        )
        subscriptions.write(
            lambda session, pk=pk, programme=programme, state=state: session.add(
                Workshop(entry_pk=pk, programme_pk=programmes[programme], capacity=8, state=state, summary="Débuter")
            )
        )
    everywhere = subscriptions.subscribe("gaston", "territory", "val-de-brume", "limited")
    one = subscriptions.subscribe("gaston", "programme", "p0", "limited")

    for secret in (everywhere, one):
        text = subscriptions.text(secret)
        assert [str(event["SUMMARY"]) for event in subscriptions.events(secret)] == ["Atelier 0", "Annulé : Atelier 3"]
        assert "REFID:p0\r\n" in text
        assert "DESCRIPTION:Débuter\r\n" in text
    tag = subscriptions.fetch(one).headers["ETag"]
    subscriptions.write(
        lambda session: session.execute(update(Programme).where(Programme.id == "p0").values(state="draft"))
    )
    assert subscriptions.fetch(one, If_None_Match=tag).status_code == 200
    assert subscriptions.events(one) == []


@pytest.fixture
def drop_ins(subscriptions: Subscriptions) -> Subscriptions:
    """Chloé's door is open on Wednesday afternoons of winter; by appointment on other days."""

    def add(session) -> None:
        session.add(
            Opening(
                id="porte-ouverte",
                calendar_pk=subscriptions.cast.chloe_calendar.pk,
                venue_pk=subscriptions.cast.maison.pk,
                starts_wall="2027-01-20T14:00",
                minutes=120,
                rrule="FREQ=WEEKLY;UNTIL=20270224",
                exdates=["2027-01-27"],
                admission="drop_in",
            )
        )

    subscriptions.write(add)
    return subscriptions


def test_drop_in_sessions_are_a_feed_of_their_own(drop_ins: Subscriptions) -> None:
    secret = drop_ins.subscribe("alix", "openings", "chloe", "limited")

    event = drop_ins.only(secret)

    assert event["SUMMARY"] == "Permanence sans rendez-vous"
    assert event["LOCATION"].startswith("Maison de Brume")
    assert event["TRANSP"] == "TRANSPARENT"
    assert expanded(drop_ins, secret) == ["01-20 13:00", "02-03 13:00", "02-10 13:00", "02-17 13:00", "02-24 13:00"]


def test_drop_in_sessions_are_left_out_when_the_adviser_is_away(drop_ins: Subscriptions) -> None:
    drop_ins.do("chloe", absences.add, AbsenceDraft("chloe", "2027-02-08", "2027-02-12"))
    secret = drop_ins.subscribe("alix", "openings", "chloe", "limited")

    assert expanded(drop_ins, secret) == ["01-20 13:00", "02-03 13:00", "02-17 13:00", "02-24 13:00"]


def test_a_changed_date_of_a_drop_in_session_is_told(drop_ins: Subscriptions) -> None:
    secret = drop_ins.subscribe("alix", "openings", "chloe", "limited")
    tag = drop_ins.fetch(secret).headers["ETag"]

    def change(session) -> None:
        opening = session.scalars(select(Opening).where(Opening.id == "porte-ouverte")).one()
        opening.version += 1
        session.add_all(
            [
                OpeningChange(opening_pk=opening.pk, original="2027-02-03T14:00", starts_wall="2027-02-04T09:00"),
                OpeningChange(opening_pk=opening.pk, original="2027-02-10T14:00", starts_wall=None),
            ]
        )
        database.lock_calendars(session, [opening.calendar_pk])

    drop_ins.write(change)

    assert drop_ins.fetch(secret, If_None_Match=tag).status_code == 200
    assert expanded(drop_ins, secret) == ["01-20 13:00", "02-04 08:00", "02-17 13:00", "02-24 13:00"]
    assert {event["SEQUENCE"] for event in drop_ins.events(secret)} == {1}


def test_drop_in_sessions_are_told_as_busy_times_too(drop_ins: Subscriptions) -> None:
    secret = drop_ins.subscribe("alix", "openings", "chloe")

    lines = [line for line in drop_ins.text(secret, "ifb").splitlines() if line.startswith("FREEBUSY")]

    assert lines[:2] == [
        "FREEBUSY;FBTYPE=BUSY:20270120T130000Z/20270120T150000Z",
        "FREEBUSY;FBTYPE=BUSY:20270203T130000Z/20270203T150000Z",
    ]
