"""Recurrence rules: what is read, what is refused and how, what is written."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from booking.timeline.rule import RuleError, parse_rule, rule_text

PARIS = ZoneInfo("Europe/Paris")
MARQUESAS = ZoneInfo("Pacific/Marquesas")
MONDAY = datetime(2027, 1, 4, 9, 0)


def normalised(text: str, start: datetime = MONDAY, zone: ZoneInfo = PARIS) -> str:
    return rule_text(parse_rule(text, start, zone), start, zone)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("FREQ=DAILY", "FREQ=DAILY"),
        ("freq=daily;interval=1", "FREQ=DAILY"),
        ("RRULE:FREQ=DAILY;INTERVAL=3;", "FREQ=DAILY;INTERVAL=3"),
        ("FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=MO"),
        ("FREQ=WEEKLY;BYDAY=TH,TU,TU", "FREQ=WEEKLY;BYDAY=TU,TH"),
        ("FREQ=WEEKLY;WKST=SU;INTERVAL=2;BYDAY=SU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=SU"),
        ("FREQ=MONTHLY", "FREQ=MONTHLY;BYMONTHDAY=4"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1,15,1", "FREQ=MONTHLY;BYMONTHDAY=1,15,-1"),
        ("FREQ=MONTHLY;BYDAY=3TU,+1TU,-1FR", "FREQ=MONTHLY;BYDAY=1TU,3TU,-1FR"),
        ("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2", "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2"),
        ("FREQ=YEARLY", "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=4"),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"),
        ("FREQ=DAILY;COUNT=10", "FREQ=DAILY;COUNT=10"),
        ("FREQ=WEEKLY;UNTIL=20270630", "FREQ=WEEKLY;BYDAY=MO;UNTIL=20270630T070000Z"),
        ("FREQ=WEEKLY;UNTIL=20270630T215959Z", "FREQ=WEEKLY;BYDAY=MO;UNTIL=20270630T070000Z"),
        ("FREQ=WEEKLY;UNTIL=20270115T120000", "FREQ=WEEKLY;BYDAY=MO;UNTIL=20270115T080000Z"),
    ],
)
def test_a_rule_is_written_the_one_way_that_every_calendar_reads(text: str, written: str) -> None:
    assert normalised(text) == written


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20270628", date(2027, 6, 28)),
        ("20270628T070000Z", date(2027, 6, 28)),
        ("20270628T065959Z", date(2027, 6, 27)),
        ("20270628T090000", date(2027, 6, 28)),
        ("20270628T085959", date(2027, 6, 27)),
        ("20270628T220000Z", date(2027, 6, 28)),
        ("20270629T070000Z", date(2027, 6, 29)),
    ],
)
def test_until_lets_the_last_start_be_on_this_local_date(until: str, last: date) -> None:
    assert parse_rule(f"FREQ=WEEKLY;UNTIL={until}", MONDAY, PARIS).until == last


def test_until_in_utc_is_read_in_the_zone_of_the_series() -> None:
    evening = datetime(2027, 1, 18, 18, 0)
    rule = parse_rule("FREQ=DAILY;UNTIL=20270121T033000Z", evening, MARQUESAS)
    assert rule.until == date(2027, 1, 20)
    assert rule_text(rule, evening, MARQUESAS).endswith("UNTIL=20270121T033000Z")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "rule"),
        ("FREQ", "FREQ"),
        ("FREQ=", "FREQ"),
        ("INTERVAL=2", "FREQ"),
        ("FREQ=HOURLY", "FREQ"),
        ("FREQ=FORTNIGHTLY", "FREQ"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=two", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=9999999", "INTERVAL"),
        ("FREQ=DAILY;COUNT=0", "COUNT"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270630", "COUNT"),
        ("FREQ=DAILY;UNTIL=2027-06-30", "UNTIL"),
        ("FREQ=DAILY;UNTIL=20270631", "UNTIL"),
        ("FREQ=DAILY;UNTIL=20270630T250000", "UNTIL"),
        ("FREQ=DAILY;UNTIL=00010101T000000", "UNTIL"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY"),
        ("FREQ=WEEKLY;BYDAY=", "BYDAY"),
        ("FREQ=WEEKLY;BYDAY=MO,", "BYDAY"),
        ("FREQ=WEEKLY;WKST=1MO", "WKST"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYDAY=0TU", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=6TU", "BYDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH"),
        ("FREQ=YEARLY;BYDAY=1MO", "BYDAY"),
        ("FREQ=YEARLY;BYWEEKNO=20", "BYWEEKNO"),
        ("FREQ=DAILY;BYHOUR=9", "BYHOUR"),
        ("FREQ=DAILY;X-RULE=1", "X-RULE"),
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused_by_naming_its_part(text: str, part: str) -> None:
    with pytest.raises(RuleError) as refusal:
        parse_rule(text, MONDAY, PARIS)
    assert refusal.value.part == part
    assert str(refusal.value).startswith(f"{part}: ")
