"""The fragment of one entry, property by property."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import icalendar
import pytest
from hypothesis import given

from ical_feeds import Event, tombstone, write_event
from tests.ical_feeds.entries import (
    BOOKED,
    UID,
    appointment,
    calendar_of,
    lines_named,
    local,
    series,
    unfolded,
    weekly_desk,
)

PLANTED = [
    "a\rb",
    "a\nb",
    "a\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:planted",
    "END:VEVENT",
    "BEGIN:VEVENT",
    "; X-PLANTED=1:x",
    "a,b;c:d",
    "\\",
    "\\nBEGIN:VEVENT",
    'say "yes"',
    "👩🏽‍🏫 Lou",
    "a\u2028BEGIN:VEVENT\u2029",
    "a\x85BEGIN:VEVENT",
    "a\x0b\x0cBEGIN:VEVENT\x00",
    "é" * 80 + "\r\n BEGIN:VEVENT",
]
TEXT_FIELDS = ["uid", "summary", "description", "location", "related_to", "refid"]


@pytest.mark.parametrize("planted", PLANTED, ids=ascii)
@pytest.mark.parametrize("field", TEXT_FIELDS)
def test_planted_text_leaves_exactly_one_vevent(field: str, planted: str) -> None:
    """W2."""
    text = calendar_of(appointment(**{field: planted}))
    assert unfolded(text).count("BEGIN:VEVENT") == 1
    assert len(icalendar.Calendar.from_ical(text).events) == 1
    assert len(unfolded(text)) == len(unfolded(calendar_of(appointment(**{field: "plain"}))))


@pytest.mark.parametrize("planted", PLANTED, ids=ascii)
def test_planted_categories_leave_exactly_one_vevent(planted: str) -> None:
    """W2."""
    event = icalendar.Calendar.from_ical(calendar_of(appointment(categories=(planted, planted)))).events[0]
    assert len(event.categories) == 2


@pytest.mark.parametrize("planted", [text for text in PLANTED if text.isprintable()], ids=ascii)
def test_planted_text_reads_back_as_it_was_typed(planted: str) -> None:
    """W2."""
    event = icalendar.Calendar.from_ical(calendar_of(appointment(summary=planted))).events[0]
    assert event["summary"] == planted


def test_a_url_with_a_line_end_is_refused() -> None:
    """W2."""
    with pytest.raises(ValueError, match="may not hold control characters"):
        write_event(appointment(url="https://rdv.example/\r\nBEGIN:VEVENT"))


@given(series())
def test_every_line_of_a_fragment_ends_in_crlf_and_fits_in_75_octets(event: Event) -> None:
    """W1."""
    lines = write_event(event).encode().split(b"\r\n")
    assert lines.pop() == b""
    assert max(map(len, lines)) <= 75
    assert not any(b"\r" in line or b"\n" in line for line in lines)


def test_the_uid_is_written_as_it_is_and_nothing_is_added() -> None:
    """W3: no host, no person, the same in every feed."""
    assert lines_named(write_event(appointment()), "UID") == [f"UID:{UID}"]


def test_dtstamp_and_last_modified_are_the_last_revision() -> None:
    """W4."""
    moved = appointment(last_modified=datetime(2027, 1, 18, 10, 5, 7, 999, tzinfo=UTC))
    assert lines_named(write_event(moved), "DTSTAMP") == ["DTSTAMP:20270118T100507Z"]
    assert lines_named(write_event(moved), "LAST-MODIFIED") == ["LAST-MODIFIED:20270118T100507Z"]


def test_created_is_the_stored_time() -> None:
    """W4."""
    assert lines_named(write_event(appointment()), "CREATED") == ["CREATED:20270118T094000Z"]


def test_stamps_of_another_offset_are_put_in_utc() -> None:
    """W4."""
    booked = BOOKED.astimezone(timezone(timedelta(hours=4)))
    assert write_event(appointment(created=booked, last_modified=booked)) == write_event(appointment())


@pytest.mark.parametrize("sequence", [0, 1, 42])
def test_the_sequence_is_the_stored_one(sequence: int) -> None:
    """W5: from 0, and never computed here."""
    assert lines_named(write_event(appointment(sequence=sequence)), "SEQUENCE") == [f"SEQUENCE:{sequence}"]


def test_times_are_wall_clock_with_the_name_of_their_zone() -> None:
    """W6."""
    fragment = write_event(appointment(zone="Indian/Reunion"))
    assert lines_named(fragment, "DTSTART") == ["DTSTART;TZID=Indian/Reunion:20270119T100000"]
    assert lines_named(fragment, "DTEND") == ["DTEND;TZID=Indian/Reunion:20270119T110000"]


def test_whole_days_are_dates_and_end_on_the_next_day() -> None:
    """W6."""
    fragment = write_event(appointment(start=date(2027, 1, 19), end=date(2027, 1, 20)))
    assert lines_named(fragment, "DTSTART") == ["DTSTART;VALUE=DATE:20270119"]
    assert lines_named(fragment, "DTEND") == ["DTEND;VALUE=DATE:20270120"]


def test_the_second_hour_of_an_autumn_night_is_written_in_utc() -> None:
    """W6: 02:30 with a TZID would be read as the first 02:30, an hour too early."""
    night = appointment(start=local("2027-10-30 22:00"), end=local("2027-10-31 02:30").replace(fold=1))
    fragment = write_event(night)
    assert lines_named(fragment, "DTSTART") == ["DTSTART:20271030T200000Z"]
    assert lines_named(fragment, "DTEND") == ["DTEND:20271031T013000Z"]


def test_a_start_in_the_second_hour_is_written_in_utc_too() -> None:
    """W6."""
    early = appointment(start=local("2027-10-31 02:30").replace(fold=1), end=local("2027-10-31 04:00"))
    assert lines_named(write_event(early), "DTSTART") == ["DTSTART:20271031T013000Z"]


def test_a_series_keeps_its_zone_even_from_a_second_hour() -> None:
    """W6: in UTC it would be an hour off all summer."""
    night = local("2027-10-31 02:30").replace(fold=1)
    nightly = appointment(start=night, end=local("2027-10-31 04:00"), rule="FREQ=DAILY;COUNT=400")
    assert lines_named(write_event(nightly), "DTSTART") == ["DTSTART;TZID=Europe/Paris:20271031T023000"]


def test_the_first_hour_of_an_autumn_night_keeps_its_zone() -> None:
    """W6."""
    night = appointment(start=local("2027-10-30 22:00"), end=local("2027-10-31 02:30"))
    assert lines_named(write_event(night), "DTEND") == ["DTEND;TZID=Europe/Paris:20271031T023000"]


def test_a_fold_on_a_time_that_exists_once_changes_nothing() -> None:
    """W6."""
    assert write_event(appointment(start=local("2027-01-19 10:00").replace(fold=1))) == write_event(appointment())


def test_a_series_has_one_rule() -> None:
    """W8."""
    rules = lines_named(write_event(weekly_desk()), "RRULE")
    assert rules == ["RRULE:FREQ=WEEKLY;UNTIL=20270415T070000Z;BYDAY=TU,TH"]


def test_each_dropped_date_has_its_own_exdate_of_dtstarts_kind() -> None:
    """W9."""
    desk = weekly_desk(exdates=(local("2027-03-25 09:00"), local("2027-03-18 09:00"), local("2027-03-18 09:00")))
    assert lines_named(write_event(desk), "EXDATE") == [
        "EXDATE;TZID=Europe/Paris:20270318T090000",
        "EXDATE;TZID=Europe/Paris:20270325T090000",
    ]


def test_the_dropped_dates_of_an_all_day_series_are_dates() -> None:
    """W9."""
    leave = appointment(
        start=date(2027, 1, 19),
        end=date(2027, 1, 20),
        rule="FREQ=DAILY;COUNT=5",
        exdates=(date(2027, 1, 21),),
    )
    assert lines_named(write_event(leave), "EXDATE") == ["EXDATE;VALUE=DATE:20270121"]


@given(series())
def test_no_series_is_written_with_rdates(event: Event) -> None:
    """W9."""
    assert lines_named(write_event(event), "RDATE") == []


def test_workshops_of_a_programme_are_joined_by_relation_and_group() -> None:
    """W9."""
    fragment = write_event(appointment(related_to="6f0d3c52-programme", refid="2027-T1"))
    assert lines_named(fragment, "RELATED-TO") == ["RELATED-TO:6f0d3c52-programme"]
    assert lines_named(fragment, "REFID") == ["REFID:2027-T1"]


def moved_occurrence(**changes: object) -> Event:
    values: dict[str, object] = {
        "recurrence_id": local("2027-03-18 09:00"),
        "start": local("2027-03-19 14:00"),
        "end": local("2027-03-19 17:00"),
        "sequence": 3,
        "summary": "Permanence déplacée",
    }
    return appointment(**(values | changes))


def test_a_moved_occurrence_has_the_series_uid_and_its_original_start() -> None:
    """W10."""
    fragment = write_event(weekly_desk(overrides=(moved_occurrence(),)))
    assert lines_named(fragment, "UID") == [f"UID:{UID}"] * 2
    assert lines_named(fragment, "RECURRENCE-ID") == ["RECURRENCE-ID;TZID=Europe/Paris:20270318T090000"]


def test_an_occurrence_moved_into_another_zone_keeps_its_original_start_in_the_series_zone() -> None:
    """W10."""
    fragment = write_event(weekly_desk(overrides=(moved_occurrence(zone="Indian/Reunion"),)))
    assert lines_named(fragment, "RECURRENCE-ID") == ["RECURRENCE-ID;TZID=Europe/Paris:20270318T090000"]
    assert lines_named(fragment, "DTSTART")[1] == "DTSTART;TZID=Indian/Reunion:20270319T140000"


def test_a_moved_occurrence_carries_all_properties_and_its_own_sequence() -> None:
    """W10."""
    fragment = write_event(weekly_desk(sequence=1, overrides=(moved_occurrence(),)))
    names = [{line.split(":")[0].split(";")[0] for line in unfolded(part)} for part in fragment.split("END:VEVENT")]
    assert names[0] - names[1] == {"RRULE"}
    assert lines_named(fragment, "SEQUENCE") == ["SEQUENCE:1", "SEQUENCE:3"]


def test_no_fragment_speaks_of_a_range_of_occurrences() -> None:
    """W10: "this and the following" is an UNTIL and a new uid."""
    assert "RANGE" not in write_event(weekly_desk(overrides=(moved_occurrence(),)))


def test_an_occurrence_may_stand_in_a_feed_without_its_series() -> None:
    """W10: as in the feed of the room that only this date was moved to."""
    fragment = write_event(moved_occurrence())
    assert lines_named(fragment, "RECURRENCE-ID") == ["RECURRENCE-ID;TZID=Europe/Paris:20270318T090000"]


def test_a_tombstone_says_that_the_entry_is_cancelled_and_takes_no_time() -> None:
    """W11."""
    fragment = write_event(tombstone(appointment(sequence=2, alarm_minutes=30)))
    assert lines_named(fragment, "STATUS") == ["STATUS:CANCELLED"]
    assert lines_named(fragment, "TRANSP") == ["TRANSP:TRANSPARENT"]
    assert lines_named(fragment, "SEQUENCE") == ["SEQUENCE:2"]
    assert lines_named(fragment, "SUMMARY") == ["SUMMARY:Annulé : Accompagnement individuel"]
    assert "VALARM" not in fragment


def test_a_cancelled_entry_never_blocks_time_or_rings() -> None:
    """W11: even without the tombstone's help."""
    fragment = write_event(appointment(status="CANCELLED", transparent=False, alarm_minutes=30))
    assert lines_named(fragment, "TRANSP") == ["TRANSP:TRANSPARENT"]
    assert "VALARM" not in fragment


def test_a_pending_entry_is_tentative_and_takes_its_time() -> None:
    """W12."""
    fragment = write_event(appointment(status="TENTATIVE"))
    assert lines_named(fragment, "STATUS") == ["STATUS:TENTATIVE"]
    assert lines_named(fragment, "TRANSP") == ["TRANSP:OPAQUE"]


def test_an_alarm_is_a_display_with_text_and_a_relative_trigger() -> None:
    """W12."""
    fragment = write_event(appointment(alarm_minutes=30))
    begin, end = fragment.index("BEGIN:VALARM"), fragment.index("END:VALARM")
    assert fragment[begin:end].split("\r\n") == [
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:Accompagnement individuel",
        "TRIGGER:-PT30M",
        "",
    ]


def test_an_alarm_of_no_minutes_rings_at_the_start() -> None:
    """W12."""
    fragment = write_event(appointment(alarm_minutes=0))
    assert icalendar.Event.from_ical(fragment).walk("VALARM")[0]["trigger"].dt == timedelta(0)


def test_there_is_no_alarm_that_nobody_asked_for() -> None:
    """W12."""
    assert "VALARM" not in write_event(appointment())


def test_what_an_event_does_not_say_is_not_written() -> None:
    """P: what was stripped before leaves no trace."""
    names = {line.split(":")[0].split(";")[0] for line in unfolded(write_event(appointment()))}
    assert names == {
        "BEGIN", "UID", "SEQUENCE", "STATUS", "DTSTAMP", "CREATED", "LAST-MODIFIED", "DTSTART", "DTEND",
        "SUMMARY", "TRANSP", "END",
    }  # fmt: skip


@given(series())
def test_no_fragment_names_an_organizer_or_an_attendee(event: Event) -> None:
    """W13."""
    assert lines_named(write_event(event), "ORGANIZER") == lines_named(write_event(event), "ATTENDEE") == []


@given(series())
def test_equal_values_give_equal_text(event: Event) -> None:
    """W14: whatever order the database gave exceptions in."""
    shuffled = replace(event, exdates=event.exdates[::-1], overrides=event.overrides[::-1])
    assert write_event(shuffled) == write_event(event)
