"""The recurrence rules that feeds may carry."""

from datetime import date

import pytest

from ical_feeds import feed_rule
from ical_feeds.rules import check_rule
from tests.ical_feeds.entries import local, weekly_desk

TUESDAY = local("2027-01-19 10:00")


def test_an_end_given_as_a_date_includes_that_local_day() -> None:
    """W8: the end of 30 June in Paris is 22:00 in UTC."""
    rule = feed_rule("FREQ=DAILY;UNTIL=20270630", TUESDAY, "Europe/Paris")
    assert rule == "FREQ=DAILY;UNTIL=20270630T215959Z"


def test_an_end_given_in_local_time_is_put_in_utc() -> None:
    """W8: so is an end that lacks its Z."""
    rule = feed_rule("FREQ=DAILY;UNTIL=20270630T100000", TUESDAY, "Indian/Reunion")
    assert rule == "FREQ=DAILY;UNTIL=20270630T060000Z"


def test_an_end_in_utc_stays() -> None:
    """W8."""
    rule = feed_rule("FREQ=DAILY;UNTIL=20270630T080000Z", TUESDAY, "Europe/Paris")
    assert rule == "FREQ=DAILY;UNTIL=20270630T080000Z"


def test_an_all_day_series_ends_on_a_date() -> None:
    """W8."""
    assert feed_rule("FREQ=DAILY;UNTIL=20270630T215959Z", date(2027, 1, 19), None) == "FREQ=DAILY;UNTIL=20270630"


def test_a_weekly_rule_always_names_its_days() -> None:
    """W8."""
    assert feed_rule("FREQ=WEEKLY;INTERVAL=2", TUESDAY, "Europe/Paris") == "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"


def test_the_third_tuesday_is_written_as_an_nth_weekday() -> None:
    """W8: readers differ on BYSETPOS."""
    rule = feed_rule("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=3,-1", TUESDAY, "Europe/Paris")
    assert rule == "FREQ=MONTHLY;BYDAY=3TU,-1TU"


def test_the_loose_ways_of_writing_a_rule_become_the_strict_one() -> None:
    """W8: lower case, the property's name, a final semicolon, the frequency not first."""
    rule = feed_rule("RRULE:interval=2;freq=daily;", TUESDAY, "Europe/Paris")
    assert rule == "FREQ=DAILY;INTERVAL=2"


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;COUNT=10",
        "FREQ=WEEKLY;UNTIL=20270630T080000Z;BYDAY=TU;WKST=SU",
        "FREQ=MONTHLY",
        "FREQ=MONTHLY;BYMONTHDAY=19",
        "FREQ=MONTHLY;BYMONTHDAY=-13",
        "FREQ=MONTHLY;BYDAY=3TU",
        "FREQ=MONTHLY;BYDAY=-2TU",
        "FREQ=MONTHLY;BYDAY=1TU,3TU",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=13",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-9",
        "FREQ=YEARLY;BYMONTH=1;BYDAY=3TU",
        "FREQ=YEARLY;BYMONTH=1,6;BYMONTHDAY=19",
    ],
)
def test_a_rule_that_tuesday_the_19th_of_january_matches_is_accepted(rule: str) -> None:
    """W8."""
    check_rule(rule, TUESDAY)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=WEEKLY;BYDAY=MO",
        "FREQ=DAILY;BYDAY=SA,SU",
        "FREQ=MONTHLY;BYMONTHDAY=20",
        "FREQ=MONTHLY;BYDAY=2TU",
        "FREQ=MONTHLY;BYDAY=-1TU",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=19",
    ],
)
def test_a_rule_that_its_start_does_not_match_is_refused(rule: str) -> None:
    """W8: programs disagree on whether such a start counts."""
    with pytest.raises(ValueError, match="is no occurrence"):
        check_rule(rule, TUESDAY)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("FREQ=DAILY;COUNT=3;UNTIL=20270630T080000Z", "COUNT or UNTIL, not both"),
        ("FREQ=DAILY;UNTIL=20270630", "UNTIL is in UTC"),
        ("FREQ=DAILY;UNTIL=20270630T080000", "UNTIL is in UTC"),
        ("FREQ=WEEKLY", "names its days"),
        ("FREQ=WEEKLY;BYDAY=1TU", "nth weekdays"),
        ("FREQ=YEARLY;BYDAY=3TU", "nth weekdays"),
        ("FREQ=WEEKLY;BYDAY=TU;BYMONTHDAY=19", "no days of the month"),
        ("FREQ=YEARLY;BYMONTHDAY=19;BYSETPOS=1", "BYSETPOS"),
        ("FREQ=MONTHLY;BYDAY=0TU", "BYDAY is malformed"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL is malformed"),
        ("FREQ=HOURLY", "FREQ is malformed"),
        ("FREQ=DAILY;FREQ=DAILY", "stands twice"),
        ("FREQ=YEARLY;BYWEEKNO=3", "no part 'BYWEEKNO'"),
        ("FREQ=YEARLY;BYYEARDAY=19", "no part 'BYYEARDAY'"),
        ("COUNT=3;FREQ=DAILY", "begins with its FREQ"),
        ("COUNT=3", "needs its FREQ"),
        ("FREQ=DAILY\r\nSUMMARY:x", "FREQ is malformed"),
        ("FREQ=DAILY;EXDATE=20270120", "no part 'EXDATE'"),
    ],
)
def test_a_rule_that_readers_would_take_differently_is_refused(rule: str, reason: str) -> None:
    """W8."""
    with pytest.raises(ValueError, match=reason):
        check_rule(rule, TUESDAY)


def test_a_timed_end_under_an_all_day_start_is_refused() -> None:
    """W8."""
    with pytest.raises(ValueError, match="UNTIL is a date"):
        check_rule("FREQ=DAILY;UNTIL=20270630T080000Z", date(2027, 1, 19))


def test_an_event_cannot_be_made_with_a_rule_that_does_not_fit_it() -> None:
    """W8."""
    with pytest.raises(ValueError, match="is no occurrence"):
        weekly_desk(rule="FREQ=WEEKLY;BYDAY=MO")
