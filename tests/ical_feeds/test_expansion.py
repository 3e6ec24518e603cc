"""Series as another program expands them: the instants are those that people agreed on."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from ical_feeds import Event, tombstone
from tests.ical_feeds.entries import appointment, calendar_of, local, weekly_desk


def starts(*events: Event) -> list[str]:
    """The starts that a reader finds in 2027, as UTC, those of cancelled occurrences left out."""
    calendar = icalendar.Calendar.from_ical(calendar_of(*events))
    occurrences = recurring_ical_events.of(calendar).between(
        datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
    )
    return sorted(f"{one.start.astimezone(UTC):%m-%d %H:%M}" for one in occurrences if one["status"] != "CANCELLED")


def test_a_weekly_desk_keeps_its_wall_time_when_summer_begins() -> None:
    """W6, W8: 09:00 in Paris is 08:00 in UTC until 27 March 2027 and 07:00 from then on."""
    assert starts(weekly_desk()) == [
        "03-16 08:00",
        "03-18 08:00",
        "03-23 08:00",
        "03-25 08:00",
        "03-30 07:00",
        "04-01 07:00",
        "04-06 07:00",
        "04-08 07:00",
        "04-13 07:00",
        "04-15 07:00",
    ]


def test_the_last_occurrence_before_the_end_is_held() -> None:
    """W8: UNTIL is inclusive, and Thursday 15 April 09:00 is 07:00 in UTC."""
    assert starts(weekly_desk())[-1] == "04-15 07:00"


def test_dropped_dates_do_not_take_place() -> None:
    """W9: on both sides of the change of clocks."""
    dropped = weekly_desk(exdates=(local("2027-03-18 09:00"), local("2027-04-01 09:00")))
    assert set(starts(weekly_desk())) - set(starts(dropped)) == {"03-18 08:00", "04-01 07:00"}


def test_a_moved_occurrence_takes_place_at_its_new_time_only() -> None:
    """W10: even when it moved into another zone."""
    moved = appointment(
        recurrence_id=local("2027-04-06 09:00"),
        start=local("2027-04-07 14:00"),
        end=local("2027-04-07 15:00"),
        zone="Indian/Reunion",
    )
    found = starts(weekly_desk(overrides=(moved,)))
    assert set(found) - set(starts(weekly_desk())) == {"04-07 10:00"}
    assert set(starts(weekly_desk())) - set(found) == {"04-06 07:00"}


def test_a_cancelled_occurrence_does_not_take_place() -> None:
    """W11."""
    nine = local("2027-04-06 09:00")
    gone = tombstone(appointment(recurrence_id=nine, start=nine, end=nine + timedelta(hours=3)))
    assert set(starts(weekly_desk())) - set(starts(weekly_desk(overrides=(gone,)))) == {"04-06 07:00"}


def test_nothing_of_a_cancelled_series_takes_place() -> None:
    """W11."""
    moved = appointment(recurrence_id=local("2027-04-06 09:00"))
    assert starts(tombstone(weekly_desk(overrides=(moved,)))) == []


def test_a_split_series_goes_on_under_its_new_uid() -> None:
    """W10: "this and the following" from 6 April, an hour later."""
    past = weekly_desk(rule="FREQ=WEEKLY;UNTIL=20270406T065959Z;BYDAY=TU,TH")
    following = weekly_desk(uid="new", start=local("2027-04-06 10:00"), end=local("2027-04-06 12:00"),
                            rule="FREQ=WEEKLY;COUNT=2;BYDAY=TU,TH")  # fmt: skip
    assert starts(past, following)[-3:] == ["04-01 07:00", "04-06 08:00", "04-08 08:00"]


def test_an_evening_over_the_autumn_change_lasts_as_long_as_it_does() -> None:
    """W6: from 22:00 to the second 02:30 are five and a half hours."""
    night = appointment(start=local("2027-10-30 22:00"), end=local("2027-10-31 02:30").replace(fold=1))
    event = icalendar.Calendar.from_ical(calendar_of(night)).events[0]
    assert event.end.astimezone(UTC) - event.start.astimezone(UTC) == timedelta(hours=5, minutes=30)


def test_a_single_appointment_of_each_half_year_is_the_instant_that_was_booked() -> None:
    """W6, W7."""
    for month in (1, 7):
        start = datetime(2027, month, 1, 9, tzinfo=ZoneInfo("America/Miquelon"))
        booked = appointment(
            zone="America/Miquelon",
            start=start.replace(tzinfo=None),
            end=start.replace(tzinfo=None) + timedelta(hours=1),
        )
        assert starts(booked) == [f"{start.astimezone(UTC):%m-%d %H:%M}"]
