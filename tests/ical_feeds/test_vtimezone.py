"""The VTIMEZONE blocks: as written in the table, and as read by two libraries against the zone database."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import icalendar
import pytest
from dateutil import tz

from ical_feeds import ZONES, vtimezone

YEARS = range(2026, 2032)
FRENCH_ZONES = {
    "America/Cayenne", "America/Guadeloupe", "America/Marigot", "America/Martinique", "America/Miquelon",
    "America/St_Barthelemy", "Europe/Paris", "Indian/Kerguelen", "Indian/Mayotte", "Indian/Reunion",
    "Pacific/Gambier", "Pacific/Marquesas", "Pacific/Noumea", "Pacific/Tahiti", "Pacific/Wallis",
}  # fmt: skip
EVERY_ZONE = pytest.mark.parametrize("name", sorted(FRENCH_ZONES))


def read_by_icalendar(name: str) -> tzinfo:
    block = icalendar.Timezone.from_ical(vtimezone(name))
    assert isinstance(block, icalendar.Timezone)
    zone: tzinfo = block.to_tz(lookup_tzid=False)
    return zone


def read_by_dateutil(name: str) -> tzinfo:
    calendar = f"BEGIN:VCALENDAR\r\n{vtimezone(name)}END:VCALENDAR\r\n"
    zone = tz.tzical(io.StringIO(calendar)).get(name)
    assert zone is not None
    return zone


def change_instants(name: str) -> list[datetime]:
    """The instants at which the zone database has clocks change, to the minute."""
    zone = ZoneInfo(name)
    found = []
    for year in YEARS:
        hour = datetime(year, 1, 1, tzinfo=UTC)
        for _ in range(366 * 24):
            following = hour + timedelta(hours=1)
            if hour.astimezone(zone).utcoffset() != following.astimezone(zone).utcoffset():
                found.append(following)
            hour = following
    return found


def walls_of_note(name: str) -> list[datetime]:
    """Local times: noon and midnight of 1 January and 1 July, and each half hour around both change nights,
    but for those that the night skips or repeats."""
    zone = ZoneInfo(name)
    walls = [datetime(year, month, 1, hour, tzinfo=zone) for year in YEARS for month in (1, 7) for hour in (0, 12)]
    for change in change_instants(name):
        nearby = (change + timedelta(minutes=30 * n) for n in range(-12, 13))
        walls += [instant.astimezone(zone) for instant in nearby]
    return [
        wall.replace(tzinfo=None, fold=0)
        for wall in walls
        if wall.replace(fold=0).utcoffset() == wall.replace(fold=1).utcoffset()
    ]


def test_every_zone_where_france_tells_the_time_has_a_block() -> None:
    """W7."""
    assert ZONES == FRENCH_ZONES


@EVERY_ZONE
@pytest.mark.parametrize("reader", [read_by_icalendar, read_by_dateutil])
def test_a_block_agrees_with_the_zone_database(name: str, reader: Callable[[str], tzinfo]) -> None:
    """W7: on 1 January, 1 July and both change nights."""
    block, zone = reader(name), ZoneInfo(name)
    for wall in walls_of_note(name):
        assert wall.replace(tzinfo=block).utcoffset() == wall.replace(tzinfo=zone).utcoffset(), wall


@pytest.mark.parametrize(("name", "changes"), [("Europe/Paris", 12), ("America/Miquelon", 12), ("Indian/Reunion", 0)])
def test_the_change_nights_tested_are_two_a_year_or_none(name: str, changes: int) -> None:
    """W7: or the test above would say nothing about them."""
    assert len(change_instants(name)) == changes


def test_nine_in_paris_on_the_first_of_july_is_seven_in_utc() -> None:
    """W7: the hour that derived blocks get wrong."""
    nine = datetime(2026, 7, 1, 9, tzinfo=read_by_icalendar("Europe/Paris"))
    assert nine.astimezone(UTC) == datetime(2026, 7, 1, 7, tzinfo=UTC)


def test_the_block_of_paris_is_written_to_the_letter() -> None:
    """W7."""
    assert vtimezone("Europe/Paris").split("\r\n") == [
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Paris",
        "BEGIN:DAYLIGHT",
        "DTSTART:19960331T020000",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "DTSTART:19961027T030000",
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100",
        "END:STANDARD",
        "END:VTIMEZONE",
        "",
    ]


def test_the_block_of_miquelon_is_written_to_the_letter() -> None:
    """W7."""
    assert vtimezone("America/Miquelon").split("\r\n") == [
        "BEGIN:VTIMEZONE",
        "TZID:America/Miquelon",
        "BEGIN:DAYLIGHT",
        "DTSTART:20070311T020000",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU",
        "TZOFFSETFROM:-0300",
        "TZOFFSETTO:-0200",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "DTSTART:20071104T020000",
        "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU",
        "TZOFFSETFROM:-0200",
        "TZOFFSETTO:-0300",
        "END:STANDARD",
        "END:VTIMEZONE",
        "",
    ]


@pytest.mark.parametrize("name", sorted(FRENCH_ZONES - {"Europe/Paris", "America/Miquelon"}))
def test_a_zone_without_summer_time_has_one_standard_part_and_no_rule(name: str) -> None:
    """W7: a yearly rule without BYDAY breaks Outlook."""
    lines = vtimezone(name).split("\r\n")
    offset = lines[4].removeprefix("TZOFFSETFROM:")
    assert lines == [
        "BEGIN:VTIMEZONE",
        f"TZID:{name}",
        "BEGIN:STANDARD",
        "DTSTART:19700101T000000",
        f"TZOFFSETFROM:{offset}",
        f"TZOFFSETTO:{offset}",
        "END:STANDARD",
        "END:VTIMEZONE",
        "",
    ]


@EVERY_ZONE
def test_no_block_has_an_rdate_or_an_end(name: str) -> None:
    """W7."""
    assert "RDATE" not in vtimezone(name)
    assert "UNTIL" not in vtimezone(name)


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "europe/paris", "Romance Standard Time", ""])
def test_an_unlisted_zone_is_refused_and_the_listed_ones_named(name: str) -> None:
    """W7."""
    with pytest.raises(ValueError, match=r"no VTIMEZONE is known for .*Europe/Paris"):
        vtimezone(name)
