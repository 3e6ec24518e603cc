"""How hours and days are said."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from booking.timeline import spoken

PARIS, REUNION = "Europe/Paris", "Indian/Reunion"


def minute(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) // 60


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


HALF_PAST_NINE = minute("2027-01-19T08:30")


@pytest.mark.parametrize(
    ("zone", "language", "said"), [(PARIS, "fr", "9 h 30"), (PARIS, "en", "9:30"), (REUNION, "fr", "12 h 30")]
)
def test_an_hour_is_that_of_its_place(zone, language, said):
    assert plain(spoken.hour(HALF_PAST_NINE, zone, language)) == said


def test_a_line_never_ends_inside_an_hour():
    assert " " not in spoken.hour(HALF_PAST_NINE, PARIS)


def test_a_full_hour_keeps_its_minutes_in_columns_and_drops_them_in_sentences():
    ten = minute("2027-01-19T09:00")

    assert plain(spoken.hour(ten, PARIS)) == "10 h 00"
    assert plain(spoken.hour_in_a_sentence(ten, PARIS)) == "10 h"
    assert plain(spoken.hour_in_a_sentence(ten, PARIS, "en")) == "10:00"


@pytest.mark.parametrize(
    ("day", "language", "said"),
    [
        (date(2027, 1, 19), "fr", "mardi 19 janvier 2027"),
        (date(2027, 5, 1), "fr", "samedi 1er mai 2027"),
        (date(2027, 5, 1), "en", "Saturday 1 May 2027"),
    ],
)
def test_a_day_bears_its_name(day, language, said):
    assert plain(spoken.day(day, PARIS, language)) == said


def test_an_instant_is_said_on_the_local_day():
    late = minute("2027-01-18T23:30")

    assert plain(spoken.day(late, PARIS, year=False)) == "mardi 19 janvier"


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2027, 1, 18), "aujourd’hui"),
        (date(2027, 1, 19), "demain"),
        (date(2027, 1, 20), "après-demain"),
        (date(2027, 1, 17), "hier"),
        (date(2027, 1, 23), "dans 5 jours"),
        (date(2027, 2, 8), "dans 3 semaines"),
        (date(2027, 4, 18), "dans 3 mois"),
        (date(2027, 1, 8), "il y a 10 jours"),
    ],
)
def test_how_far_a_day_is(day, said):
    assert spoken.distance(day, date(2027, 1, 18), PARIS) == said


@pytest.mark.parametrize(
    ("minutes", "said"), [(45, "45 min"), (60, "1 h"), (90, "1 h 30"), (65, "1 h 05"), (1440, "24 h")]
)
def test_a_length_of_time(minutes, said):
    assert plain(spoken.length(minutes)) == said


def test_a_span_over_the_autumn_night_is_said_by_the_clock_on_the_wall():
    starts, ends = minute("2026-10-25T00:30"), minute("2026-10-25T01:30")

    assert plain(spoken.span(starts, ends, PARIS)) == "de 2 h 30 à 2 h 30"
