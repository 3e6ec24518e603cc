"""The values an event may hold, its tombstone, its place in a feed."""

from datetime import UTC, date, datetime

import pytest

from ical_feeds import order_key, tombstone, zones_of
from tests.ical_feeds.entries import UID, appointment, local, weekly_desk

NINE = local("2027-03-18 09:00")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"uid": ""}, "needs its uid"),
        ({"sequence": -1}, "counts from 0"),
        ({"status": "PENDING"}, "unknown status"),
        ({"klass": "SECRET"}, "unknown class"),
        ({"created": local("2027-01-18 09:40")}, "aware instants"),
        ({"last_modified": local("2027-01-18 09:40")}, "aware instants"),
        ({"alarm_minutes": -1}, "before the start"),
        ({"color": "#00ff00"}, "CSS3 name"),
        ({"zone": None}, "floating times"),
        ({"zone": "Europe/Berlin"}, "no VTIMEZONE is known"),
        ({"start": datetime(2027, 1, 19, 10, tzinfo=UTC)}, "without tzinfo"),
        ({"end": local("2027-01-19 10:00")}, "ends after it starts"),
        ({"end": date(2027, 1, 20)}, "both times or both dates"),
        ({"start": date(2027, 1, 19), "end": date(2027, 1, 19)}, "the date after the last"),
        ({"recurrence_id": datetime(2027, 1, 19, 10, tzinfo=UTC)}, "without tzinfo"),
        ({"exdates": (NINE,)}, "only a series"),
    ],
)
def test_a_value_that_could_not_be_written_faithfully_is_refused(changes: dict[str, object], reason: str) -> None:
    """W5, W6, W9, W13."""
    with pytest.raises(ValueError, match=reason):
        appointment(**changes)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exdates": (date(2027, 3, 18),)}, "same kind"),
        ({"exdates": (NINE.replace(tzinfo=UTC),)}, "without tzinfo"),
        ({"overrides": (appointment(),)}, "the original start it replaces"),
        ({"overrides": (appointment(uid="other", recurrence_id=NINE),)}, "the series' uid"),
        ({"overrides": (appointment(recurrence_id=date(2027, 3, 18)),)}, "same kind"),
        ({"overrides": (appointment(recurrence_id=NINE),) * 2}, "once"),
        ({"overrides": (appointment(recurrence_id=NINE),), "exdates": (NINE,)}, "once"),
        ({"overrides": (weekly_desk(recurrence_id=NINE),)}, "single occurrence"),
    ],
)
def test_an_exception_that_does_not_fit_its_series_is_refused(changes: dict[str, object], reason: str) -> None:
    """W9, W10."""
    with pytest.raises(ValueError, match=reason):
        weekly_desk(**changes)


def test_an_event_may_end_by_the_clock_before_it_starts_on_an_autumn_night() -> None:
    """W6: from the first 02:45 to the second 02:15 is half an hour."""
    appointment(start=local("2027-10-31 02:45"), end=local("2027-10-31 02:15").replace(fold=1))


def test_a_tombstone_of_a_tombstone_is_itself() -> None:
    """W11."""
    once = tombstone(appointment())
    assert tombstone(once) == once


def test_a_tombstone_keeps_the_identity_and_the_revision_the_caller_gave() -> None:
    """W11."""
    gone = tombstone(appointment(sequence=7))
    assert (gone.uid, gone.sequence, gone.start) == (UID, 7, local("2027-01-19 10:00"))


def test_the_tombstone_of_a_series_cancels_its_moved_occurrences_too() -> None:
    """W11."""
    moved = appointment(recurrence_id=NINE, alarm_minutes=10)
    gone = tombstone(weekly_desk(overrides=(moved,)))
    assert [(part.status, part.transparent, part.alarm_minutes) for part in gone.overrides] == [
        ("CANCELLED", True, None)
    ]


def test_the_prefix_of_a_tombstone_speaks_the_readers_language() -> None:
    """W11."""
    assert tombstone(appointment(), prefix="Cancelled: ").summary == "Cancelled: Accompagnement individuel"


def test_events_stand_in_the_order_of_start_uid_and_replaced_start() -> None:
    """W14."""
    expected = [
        appointment(start=date(2027, 1, 19), end=date(2027, 1, 20), uid="z"),
        appointment(uid="a"),
        appointment(uid="b"),
        appointment(uid="b", recurrence_id=NINE),
        appointment(uid="a", start=local("2027-01-19 10:30")),
    ]
    shuffled = [expected[i] for i in (3, 0, 4, 2, 1)]
    assert sorted(shuffled, key=order_key) == expected


def test_the_zones_of_a_series_are_those_of_its_moved_occurrences_too() -> None:
    """W7: each needs its block."""
    moved = appointment(recurrence_id=NINE, zone="Indian/Reunion")
    assert zones_of(weekly_desk(overrides=(moved,))) == {"Europe/Paris", "Indian/Reunion"}


def test_whole_days_need_no_zone() -> None:
    """W7."""
    assert zones_of(appointment(start=date(2027, 1, 19), end=date(2027, 1, 20))) == frozenset()
