"""Rules of recurrence, as people say them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from booking.web.recurrence_words import ending, rhythm

PARIS = ZoneInfo("Europe/Paris")
TUESDAY = datetime.fromisoformat("2027-01-19T09:00")


@pytest.mark.parametrize(
    ("rule", "french", "english"),
    [
        (None, "le mardi 19 janvier 2027", "on Tuesday 19 January 2027"),
        ("FREQ=WEEKLY", "tous les mardis", "every Tuesday"),
        ("FREQ=WEEKLY;BYDAY=TU,TH", "tous les mardis et jeudis", "every Tuesday and Thursday"),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR", "tous les lundis, mercredis et vendredis", "every Monday, Wednesday and Friday"),
        (
            "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
            "tous les jours du lundi au vendredi",
            "every day from Monday to Friday",
        ),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "un vendredi sur deux", "every other Friday"),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH",
            "le mardi et le jeudi, une semaine sur deux",
            "every other week, Tuesday and Thursday",
        ),
        ("FREQ=WEEKLY;INTERVAL=8;BYDAY=TU", "le mardi, toutes les 8 semaines", "every 8 weeks, Tuesday"),
        ("FREQ=DAILY", "tous les jours", "every day"),
        ("FREQ=DAILY;INTERVAL=2", "un jour sur deux", "every other day"),
        ("FREQ=DAILY;BYDAY=SA,SU", "tous les samedis et dimanches", "every Saturday and Sunday"),
        ("FREQ=DAILY;INTERVAL=3;BYDAY=MO,TU", "tous les 3 jours, le lundi et le mardi seulement", None),
        ("FREQ=MONTHLY", "le 19 de chaque mois", "the 19th of every month"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "le 1er et le 15 de chaque mois", "the 1st and the 15th of every month"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "le dernier jour de chaque mois", "the last day of every month"),
        ("FREQ=MONTHLY;BYDAY=2TU", "le 2e mardi de chaque mois", "the 2nd Tuesday of every month"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "le dernier vendredi de chaque mois", "the last Friday of every month"),
        (
            "FREQ=MONTHLY;BYDAY=1TU,3TU",
            "le 1er mardi et le 3e mardi de chaque mois",
            "the 1st Tuesday and the 3rd Tuesday of every month",
        ),
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO", "le 1er lundi, un mois sur deux", "the 1st Monday, every other month"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "le 13 si c’est un vendredi de chaque mois", None),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "le dernier jour du lundi au vendredi de chaque mois",
            "the last weekday of every month",
        ),
        (
            "FREQ=MONTHLY;BYDAY=TU;BYMONTH=1,3",
            "tous les mardis, en janvier et mars",
            "every Tuesday of January and March",
        ),
        ("FREQ=YEARLY", "le 19 janvier, chaque année", "the 19th of January, every year"),
        ("FREQ=YEARLY;INTERVAL=2;BYMONTH=3;BYMONTHDAY=1", "le 1er mars, un an sur deux", None),
    ],
)
def test_a_rule_is_said_in_words(rule: str | None, french: str, english: str | None) -> None:
    assert rhythm(rule, TUESDAY, PARIS, "fr").replace("\N{NO-BREAK SPACE}", " ") == french
    if english is not None:
        assert rhythm(rule, TUESDAY, PARIS, "en").replace("\N{NO-BREAK SPACE}", " ") == english


@pytest.mark.parametrize(
    ("rule", "french", "english"),
    [
        (None, "", ""),
        ("FREQ=DAILY", "", ""),
        ("FREQ=WEEKLY;UNTIL=20270630T215959Z", "jusqu’au 30 juin 2027", "until 30 June 2027"),
        ("FREQ=WEEKLY;UNTIL=20270701", "jusqu’au 1er juillet 2027", "until 1 July 2027"),
        ("FREQ=WEEKLY;COUNT=12", "12 fois", "12 times"),
    ],
)
def test_the_end_of_a_rule_is_said_in_words(rule: str | None, french: str, english: str) -> None:
    said = [ending(rule, TUESDAY, PARIS, language).replace("\N{NO-BREAK SPACE}", " ") for language in ("fr", "en")]

    assert said == [french, english]
