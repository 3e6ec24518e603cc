"""Our bytes against those of the icalendar library, entry by entry, for ten thousand generated entries."""

import icalendar
from hypothesis import given, settings

from ical_feeds import Event, write_event
from tests.ical_feeds.entries import as_icalendar, series, single_entries, unfolded

EXAMPLES = 2_000
ENTRIES_EACH = 5


def same_for_both(event: Event) -> None:
    fragment = write_event(event)
    theirs = [vevent.to_ical().decode() for vevent in as_icalendar(event)]
    read = icalendar.Calendar.from_ical(f"BEGIN:VCALENDAR\r\n{fragment}END:VCALENDAR\r\n").subcomponents
    assert sorted(unfolded(fragment)) == sorted(unfolded("".join(theirs)))
    assert len(read) == len(theirs)
    by_date = {part.get("recurrence-id") and part["recurrence-id"].to_ical(): part for part in read}
    for text in theirs:
        other = icalendar.Event.from_ical(text)
        assert by_date[other.get("recurrence-id") and other["recurrence-id"].to_ical()] == other
    assert not any(part.errors for part in read)


@settings(max_examples=EXAMPLES, deadline=None)
@given(single_entries(ENTRIES_EACH))
def test_a_single_entry_reads_as_icalendars_own(entries: list[Event]) -> None:
    """W0."""
    for entry in entries:
        same_for_both(entry)


@settings(max_examples=400, deadline=None)
@given(series())
def test_a_series_with_its_exceptions_reads_as_icalendars_own(event: Event) -> None:
    """W0."""
    same_for_both(event)


def test_ten_thousand_entries_are_compared() -> None:
    """W0."""
    assert EXAMPLES * ENTRIES_EACH >= 10_000
