"""The calendar around the fragments: its header, its zones, its order."""

from typing import Any

import icalendar
import pytest

from ical_feeds import write_calendar, write_event
from tests.ical_feeds.entries import appointment, calendar_of, lines_named, unfolded


def feed(**changes: Any) -> str:
    values: dict[str, Any] = {
        "fragments": [write_event(appointment())],
        "name": "Agenda de Lou",
        "timezone": "Europe/Paris",
        "zones_used": ["Europe/Paris"],
    }
    return write_calendar(**(values | changes))


def test_the_header_names_the_calendar_its_zone_and_when_to_ask_again() -> None:
    """W13."""
    text = feed(source="https://rdv.example/ics/abc.ics", color="teal")
    assert text[: text.index("BEGIN:VTIMEZONE")].split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//booking//ical_feeds 1//FR",
        "CALSCALE:GREGORIAN",
        "NAME:Agenda de Lou",
        "X-WR-CALNAME:Agenda de Lou",
        "X-WR-TIMEZONE:Europe/Paris",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
        "SOURCE;VALUE=URI:https://rdv.example/ics/abc.ics",
        "COLOR:teal",
        "",
    ]


def test_the_refresh_interval_is_an_hour_as_programs_read_it() -> None:
    """W13."""
    calendar = icalendar.Calendar.from_ical(feed())
    assert calendar["refresh-interval"].dt.total_seconds() == 3600


def test_a_planted_calendar_name_adds_no_line() -> None:
    """W2, W13."""
    text = feed(name="Lou\r\nBEGIN:VEVENT\r\nUID:planted\r\nEND:VEVENT")
    assert len(unfolded(text)) == len(unfolded(feed()))


def test_a_source_with_a_line_end_is_refused() -> None:
    """W2, W13."""
    with pytest.raises(ValueError, match="may not hold control characters"):
        feed(source="https://rdv.example/\nMETHOD:CANCEL")


@pytest.mark.parametrize("changes", [{"color": "red\r\nX:1"}, {"color": "#fff"}, {"lang": "f\r\n"}, {"timezone": "x"}])
def test_a_header_value_that_is_no_name_is_refused(changes: dict[str, str]) -> None:
    """W2, W13."""
    with pytest.raises(ValueError, match=r"is named|is a CSS3 name|no VTIMEZONE"):
        feed(**changes)


def test_a_feed_has_no_method() -> None:
    """W4: so that DTSTAMP is the last revision."""
    assert lines_named(feed(), "METHOD") == []


def test_each_zone_used_has_one_block_before_the_events_in_order() -> None:
    """W7."""
    text = feed(zones_used=["Indian/Reunion", "Europe/Paris", "Indian/Reunion"])
    lines = unfolded(text)
    assert lines_named(text, "TZID") == ["TZID:Europe/Paris", "TZID:Indian/Reunion"]
    assert max(i for i, line in enumerate(lines) if line == "END:VTIMEZONE") < lines.index("BEGIN:VEVENT")


def test_a_zone_that_is_not_used_has_no_block() -> None:
    """W7."""
    assert lines_named(feed(timezone="Indian/Reunion"), "TZID") == ["TZID:Europe/Paris"]


def test_a_calendar_without_entries_still_holds_a_component() -> None:
    """W7: an object without any is malformed, and some programs drop the whole subscription."""
    assert lines_named(feed(fragments=[], zones_used=[]), "TZID") == ["TZID:Europe/Paris"]


def test_the_same_entries_give_the_same_bytes() -> None:
    """W14: there is no clock in a feed."""
    assert feed(zones_used={"Europe/Paris", "Indian/Reunion"}) == feed(zones_used=["Indian/Reunion", "Europe/Paris"])


def test_fragments_stand_as_the_caller_ordered_them() -> None:
    """W14."""
    text = calendar_of(appointment(uid="b"), appointment(uid="a"))
    assert lines_named(text, "UID") == ["UID:b", "UID:a"]


def test_a_whole_calendar_is_crlf_lines_of_75_octets() -> None:
    """W1."""
    lines = feed(name="Maison France services de Treignac, " * 5, source="https://rdv.example/" + "a" * 99).encode()
    assert max(map(len, lines.split(b"\r\n"))) <= 75
    assert lines.count(b"\n") == lines.count(b"\r\n")


def test_a_caller_may_name_its_own_product_and_language() -> None:
    """W13."""
    assert lines_named(feed(lang="en"), "PRODID") == ["PRODID:-//booking//ical_feeds 1//EN"]
    assert lines_named(feed(prodid="-//Treignac//FR"), "PRODID") == ["PRODID:-//Treignac//FR"]
