"""Public holidays of every French territory, and school holidays that end where the data ends."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from booking.timeline.holidays import (
    PUBLIC_HOLIDAY_CODES,
    SchoolHoliday,
    SchoolHolidays,
    closed_days,
    days_known,
    is_known_code,
    last_known_day,
    public_holiday,
    public_holidays,
    school_holiday,
    school_state,
)
from booking.timeline.interval import local_day

PARIS = ZoneInfo("Europe/Paris")

# Easter Monday, Ascension and Whit Monday as the national calendar (etalab/jours-feries-france) has them.
MOVABLE = {
    2025: ("04-21", "05-29", "06-09"),
    2026: ("04-06", "05-14", "05-25"),
    2027: ("03-29", "05-06", "05-17"),
    2028: ("04-17", "05-25", "06-05"),
    2029: ("04-02", "05-10", "05-21"),
    2030: ("04-22", "05-30", "06-10"),
    2031: ("04-14", "05-22", "06-02"),
}
FIXED = ("01-01", "05-01", "05-08", "07-14", "08-15", "11-01", "11-11", "12-25")
GOOD_FRIDAY = {2025: "04-18", 2026: "04-03", 2027: "03-26", 2028: "04-14", 2029: "03-30", 2030: "04-19"}
ABOLITION = {
    "mayotte": "04-27",
    "martinique": "05-22",
    "guadeloupe": "05-27",
    "saint-martin": "05-28",
    "guyane": "06-10",
    "saint-barthelemy": "10-09",
    "la-reunion": "12-20",
}
MORE_OVERSEAS = {
    "guadeloupe": ("03-26", "07-21"),
    "martinique": ("07-21",),
    "polynesie-francaise": ("03-05", "11-20"),
    "nouvelle-caledonie": ("09-24",),
    "wallis-et-futuna": ("04-28", "06-29", "07-29"),
}


def day(year: int, month_and_day: str) -> date:
    return date.fromisoformat(f"{year}-{month_and_day}")


@pytest.mark.parametrize("year", MOVABLE)
def test_metropolitan_france_has_these_eleven(year: int) -> None:
    assert set(public_holidays("metropole", year)) == {day(year, one) for one in (*FIXED, *MOVABLE[year])}


@pytest.mark.parametrize("year", GOOD_FRIDAY)
def test_alsace_moselle_adds_good_friday_and_the_second_day_of_christmas(year: int) -> None:
    added = set(public_holidays("alsace-moselle", year)) - set(public_holidays("metropole", year))
    assert added == {day(year, GOOD_FRIDAY[year]), date(year, 12, 26)}


@pytest.mark.parametrize("code", PUBLIC_HOLIDAY_CODES)
def test_every_territory_keeps_the_national_holidays(code: str) -> None:
    assert set(public_holidays("metropole", 2027)) <= set(public_holidays(code, 2027))


@pytest.mark.parametrize("year", [2025, 2027, 2031])
@pytest.mark.parametrize("code", ABOLITION)
def test_the_abolition_of_slavery_is_kept_on_the_territorys_own_day(code: str, year: int) -> None:
    assert "esclavage" in (public_holiday(code, day(year, ABOLITION[code])) or "")


@pytest.mark.parametrize("code", MORE_OVERSEAS)
def test_overseas_territories_have_holidays_of_their_own(code: str) -> None:
    assert {day(2027, one) for one in MORE_OVERSEAS[code]} <= set(public_holidays(code, 2027))


@pytest.mark.parametrize(
    ("alias", "code"),
    [
        ("974", "la-reunion"),
        ("reunion", "la-reunion"),
        ("RE", "la-reunion"),
        ("FR-RE", "la-reunion"),
        ("miquelon", "saint-pierre-et-miquelon"),
        ("975", "saint-pierre-et-miquelon"),
        ("polynesie", "polynesie-francaise"),
        ("PF", "polynesie-francaise"),
        ("977", "saint-barthelemy"),
        ("GP", "guadeloupe"),
        ("988", "nouvelle-caledonie"),
        ("WF", "wallis-et-futuna"),
        ("YT", "mayotte"),
        ("taaf", "terres-australes"),
    ],
)
def test_a_territory_answers_to_its_number_and_its_iso_code_too(alias: str, code: str) -> None:
    assert public_holidays(alias, 2027) == public_holidays(code, 2027)


@pytest.mark.parametrize("code", ["", "corse", "979", "belgique", "Zone A"])
def test_an_unknown_territory_is_refused(code: str) -> None:
    assert not is_known_code(code)
    with pytest.raises(ValueError, match="unknown public holidays"):
        public_holidays(code, 2027)


def test_holidays_bear_french_names() -> None:
    assert public_holiday("metropole", date(2027, 3, 29)) == "Lundi de Pâques"


def test_an_ordinary_day_has_no_name() -> None:
    assert public_holiday("metropole", date(2027, 3, 30)) is None


def test_closed_days_are_local_days_clipped_to_the_window() -> None:
    christmas, new_year = local_day(date(2027, 12, 25), PARIS), local_day(date(2028, 1, 1), PARIS)
    window = (christmas[0] + 60, new_year[1] + 5000)
    assert closed_days("metropole", PARIS, window) == [(christmas[0] + 60, christmas[1]), new_year]


def test_two_holidays_in_a_row_are_one_closed_time() -> None:
    christmas, second = local_day(date(2027, 12, 25), PARIS), local_day(date(2027, 12, 26), PARIS)
    assert closed_days("alsace-moselle", PARIS, (christmas[0] - 100, second[1] + 100)) == [(christmas[0], second[1])]


def test_a_closed_day_is_the_day_of_the_place() -> None:
    tahiti = ZoneInfo("Pacific/Tahiti")
    start = closed_days("PF", tahiti, local_day(date(2027, 7, 14), tahiti))[0][0]
    assert start == local_day(date(2027, 7, 14), PARIS)[0] + 12 * 60


WINTER = SchoolHoliday("Vacances d'hiver", date(2027, 2, 13), date(2027, 3, 1))
ZONE_A = SchoolHolidays("A", [WINTER], known_until=date(2027, 8, 31), known_since=date(2025, 9, 1))


@pytest.mark.parametrize(
    ("on", "state"),
    [
        (date(2027, 2, 12), "term"),
        (date(2027, 2, 13), "in_holidays"),
        (date(2027, 2, 28), "in_holidays"),
        (date(2027, 3, 1), "term"),
        (date(2027, 8, 31), "term"),
        (date(2027, 9, 1), "unknown"),
        (date(2040, 2, 20), "unknown"),
        (date(2025, 8, 31), "unknown"),
    ],
)
def test_a_school_day_is_known_only_as_far_as_the_data_goes(on: date, state: str) -> None:
    assert school_state(ZONE_A, on) == state


def test_without_data_every_date_is_unknown() -> None:
    assert school_state(None, date(2027, 2, 20)) == "unknown"


def test_a_holiday_date_tells_which_holiday() -> None:
    assert school_holiday(ZONE_A, date(2027, 2, 20)) == WINTER


def test_it_can_be_told_how_long_the_data_lasts() -> None:
    assert days_known(ZONE_A, date(2027, 6, 2)) == 90


def test_a_list_of_holidays_is_known_to_the_eve_of_its_last_return() -> None:
    assert last_known_day([WINTER]) == date(2027, 2, 28)
    assert last_known_day([]) is None
