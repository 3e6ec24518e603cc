"""Opening hours: made, changed and ended by form, with their next dates shown before."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from booking import database
from booking.models import Opening, OpeningChange
from tests.cast import Cast
from tests.plumbing.service import SignedInAs
from tests.web.desk import book, open_doors
from tests.web.desk import words as text_of

NEW = "/disponibilites/plages/nouvelle"
EDIT = "/disponibilites/plages/chloe-1"
TUESDAYS = {
    "venue": "maison-brume",
    "day": "2027-01-19",
    "from_hour": "14:00",
    "to_hour": "17:00",
    "repeats": "weekly",
    "days": ["TU"],
    "rank": "date",
    "weekday": "0",
    "interval": "1",
    "ends": "never",
    "admission": "by_appointment",
    "admits": "all",
}


@pytest.fixture(autouse=True)
def doors(app: Flask, cast: Cast) -> None:
    open_doors(app, cast)


@pytest.fixture
def chloe(signed_in_as: SignedInAs) -> FlaskClient:
    return signed_in_as("chloe")


def openings(app: Flask, calendar_pk: int) -> list[Opening]:
    with app.app_context():
        rows = database.db.session.scalars(
            select(Opening).where(Opening.calendar_pk == calendar_pk).order_by(Opening.starts_wall)
        )
        return list(rows)


def changes(app: Flask) -> list[tuple[str, str | None, int | None]]:
    with app.app_context():
        found = database.db.session.scalars(select(OpeningChange).order_by(OpeningChange.original))
        return [(each.original, each.starts_wall, each.minutes) for each in found]


def words(page: str) -> str:
    return text_of(page).replace(" ,", ",")


def dates_of(page: str) -> list[str]:
    """The dates that the preview shows, with what is said of each."""
    listed = re.search(r'<ol class="coming">.*?</ol>', page, re.DOTALL)
    return [words(each) for each in re.findall(r"<li.*?</li>", listed.group(), re.DOTALL)] if listed else []


def hidden(page: str, name: str) -> str:
    return html.unescape(re.search(rf'name="{name}" value="([^"]*)"', page)[1])


def press_undo(client: FlaskClient, page: str) -> None:
    """Presses the button of the message at the top."""
    form = re.search(r'<form method="post" action="([^"]*retablir)".*?</form>', page, re.DOTALL)
    fields = re.findall(r'name="([^"]*)" value="([^"]*)"', form.group())
    client.post(html.unescape(form[1]), data={name: html.unescape(value) for name, value in fields})


# ---- new ones


def test_the_next_five_dates_are_shown_before_anything_is_typed(chloe: FlaskClient) -> None:
    assert len(dates_of(chloe.get(NEW).text)) == 5


def test_the_dates_are_shown_without_saving(app: Flask, cast: Cast, chloe: FlaskClient) -> None:
    answer = chloe.post(NEW, data={**TUESDAYS, "preview": "1"})

    assert answer.status_code == 200
    assert dates_of(answer.text)[:2] == [
        "mardi 19 janvier 2027, de 14 h à 17 h",
        "mardi 26 janvier 2027, de 14 h à 17 h",
    ]
    assert len(openings(app, cast.chloe_calendar.pk)) == 1


def test_a_public_holiday_drops_a_date_and_is_named(chloe: FlaskClient) -> None:
    page = chloe.post(
        NEW, data={**TUESDAYS, "day": "2027-05-06", "days": ["TH"], "ends": "times", "times": "2", "preview": "1"}
    ).text

    assert [each.startswith("jeudi 6 mai 2027 fermé, jour férié : Ascension") for each in dates_of(page)] == [
        True,
        False,
    ]


def test_an_opening_that_stays_open_on_holidays_keeps_the_date(chloe: FlaskClient) -> None:
    page = chloe.post(NEW, data={**TUESDAYS, "day": "2027-05-06", "days": ["TH"], "holidays": "y", "preview": "1"}).text

    assert dates_of(page)[0].startswith("jeudi 6 mai 2027, de 14 h à 17 h")


def test_school_holidays_are_marked_and_drop_nothing(chloe: FlaskClient) -> None:
    page = chloe.post(NEW, data={**TUESDAYS, "day": "2027-02-16", "preview": "1"}).text

    assert dates_of(page)[0].startswith("mardi 16 février 2027, de 14 h à 17 h Vacances d")


def test_what_was_previewed_is_what_is_saved(app: Flask, cast: Cast, chloe: FlaskClient) -> None:
    answer = chloe.post(NEW, data=TUESDAYS, follow_redirects=True)

    made = openings(app, cast.chloe_calendar.pk)[-1]
    assert (made.starts_wall, made.minutes, made.rrule) == ("2027-01-19T14:00", 180, "FREQ=WEEKLY;BYDAY=TU")
    assert "La plage est ouverte." in words(answer.text)
    assert "Tous les mardis de 14 h à 17 h" in words(answer.text)


def test_the_same_press_sent_twice_opens_once(app: Flask, cast: Cast, chloe: FlaskClient) -> None:
    key = hidden(chloe.get(NEW).text, "key")

    for _ in range(2):
        chloe.post(NEW, data={**TUESDAYS, "key": key})

    assert len(openings(app, cast.chloe_calendar.pk)) == 2


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"repeats": "once"}, None),
        ({"repeats": "daily", "interval": "2"}, "FREQ=DAILY;INTERVAL=2"),
        ({"days": ["TU", "TH"], "interval": "2"}, "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH"),
        ({"days": []}, "FREQ=WEEKLY;BYDAY=TU"),
        ({"repeats": "monthly"}, "FREQ=MONTHLY;BYMONTHDAY=19"),
        ({"repeats": "monthly", "rank": "3", "weekday": "1"}, "FREQ=MONTHLY;BYDAY=3TU"),
        ({"repeats": "monthly", "rank": "-1", "weekday": "4"}, "FREQ=MONTHLY;BYDAY=-1FR"),
        ({"repeats": "monthly", "rank": "end"}, "FREQ=MONTHLY;BYMONTHDAY=-1"),
        ({"ends": "times", "times": "12"}, "FREQ=WEEKLY;BYDAY=TU;COUNT=12"),
        ({"ends": "on", "last_day": "2027-06-30"}, "FREQ=WEEKLY;BYDAY=TU;UNTIL=20270630T120000Z"),
    ],
)
def test_every_choice_makes_its_rule(
    app: Flask, cast: Cast, chloe: FlaskClient, fields: dict[str, str], rule: str | None
) -> None:
    chloe.post(NEW, data={**TUESDAYS, **fields})

    assert openings(app, cast.chloe_calendar.pk)[-1].rrule == rule


def test_a_rule_of_the_form_comes_back_into_the_form_as_it_was(app: Flask, cast: Cast, chloe: FlaskClient) -> None:
    monthly = {"repeats": "monthly", "rank": "3", "weekday": "1", "ends": "times", "times": "4", "interval": "2"}
    chloe.post(NEW, data={**TUESDAYS, **monthly})
    made = openings(app, cast.chloe_calendar.pk)[-1]

    page = chloe.get(f"/disponibilites/plages/{made.id}").text

    assert re.search(r'<option selected value="3">', page)
    assert re.search(r'<option selected value="2">une fois sur deux', page)
    assert re.search(r'id="times"[^>]*value="4"', page)
    assert 'checked class="form-check-input" id="repeats-2"' in page


def test_only_some_purposes_can_be_admitted(app: Flask, cast: Cast, chloe: FlaskClient) -> None:
    page = chloe.post(
        NEW, data={**TUESDAYS, "admits": "some", "purposes": ["accompagnement"]}, follow_redirects=True
    ).text

    assert "seulement pour : Accompagnement individuel" in words(page)


def test_drop_in_hours_are_said_so(chloe: FlaskClient) -> None:
    page = chloe.post(NEW, data={**TUESDAYS, "admission": "drop_in"}, follow_redirects=True).text

    assert "permanence sans rendez-vous" in words(page)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"day": ""}, "Premier jour : Indiquez un jour."),
        ({"to_hour": "13:00"}, "À : La fin vient avant le début."),
        ({"ends": "on"}, "Dernier jour : Indiquez le dernier jour."),
        ({"ends": "on", "last_day": "2027-01-18"}, "Dernier jour : Le dernier jour vient avant le premier."),
        ({"ends": "times"}, "Nombre de fois : Indiquez combien de fois."),
        ({"admits": "some"}, "Motifs : Cochez au moins un motif."),
        ({"ends": "on", "last_day": "2027-01-19", "days": ["SU"]}, "Aucune date ne correspond à cette répétition."),
    ],
)
def test_what_is_wrong_is_named_and_what_was_typed_is_kept(
    app: Flask, cast: Cast, chloe: FlaskClient, fields: dict[str, str], sentence: str
) -> None:
    answer = chloe.post(NEW, data={**TUESDAYS, **fields})

    assert answer.status_code == 422
    assert sentence in words(answer.text)
    assert 'value="14:00"' in answer.text
    assert len(openings(app, cast.chloe_calendar.pk)) == 1


def test_a_coordinator_opens_hours_for_a_colleague(app: Flask, cast: Cast, signed_in_as: SignedInAs) -> None:
    answer = signed_in_as("elise").post(NEW + "?agenda=chloe", data=TUESDAYS)

    assert answer.headers["Location"].endswith("/disponibilites?agenda=chloe")
    assert len(openings(app, cast.chloe_calendar.pk)) == 2


# ---- changing


def test_what_follows_changes_and_the_past_stays(app: Flask, cast: Cast, chloe: FlaskClient) -> None:
    chloe.post(EDIT + "?des=2027-01-19", data={**TUESDAYS, "days": ["TU", "TH"], "version": "1"})

    before, after = openings(app, cast.chloe_calendar.pk)
    assert (before.starts_wall, before.rrule) == ("2027-01-05T09:00", "FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20270114T080000Z")
    assert (after.starts_wall, after.rrule) == ("2027-01-19T14:00", "FREQ=WEEKLY;BYDAY=TU,TH")


def test_all_dates_change_when_all_are_asked_for(app: Flask, cast: Cast, chloe: FlaskClient) -> None:
    chloe.post(EDIT, data={**TUESDAYS, "day": "2027-01-05", "version": "1"})

    (only,) = openings(app, cast.chloe_calendar.pk)
    assert (only.starts_wall, only.rrule) == ("2027-01-05T14:00", "FREQ=WEEKLY;BYDAY=TU")


def test_appointments_that_fall_outside_are_shown_after_saving(chloe: FlaskClient) -> None:
    book(chloe)

    page = chloe.post(EDIT + "?des=2027-01-19", data={**TUESDAYS, "version": "1"}, follow_redirects=True).text

    assert "Rendez-vous à replacer" in words(page)
    assert "Yvette Bouhier" in words(page)


def test_a_change_made_meanwhile_is_told_and_nothing_is_lost(app: Flask, cast: Cast, chloe: FlaskClient) -> None:
    chloe.post(EDIT, data={**TUESDAYS, "version": "1"})

    answer = chloe.post(EDIT, data={**TUESDAYS, "from_hour": "15:00", "version": "1"})
    again = chloe.post(EDIT, data={**TUESDAYS, "from_hour": "15:00", "version": hidden(answer.text, "version")})

    assert answer.status_code == 422
    assert "Cette plage a été modifiée entre-temps" in words(answer.text)
    assert 'value="15:00"' in answer.text
    assert again.status_code == 303


def test_a_rule_the_form_cannot_say_is_kept(app: Flask, cast: Cast, chloe: FlaskClient) -> None:
    rule = "FREQ=MONTHLY;BYDAY=1TU,3TU"

    def work(session):
        session.scalars(select(Opening).where(Opening.id == "chloe-1")).one().rrule = rule

    with app.app_context():
        database.write(work)
    page = chloe.get(EDIT).text

    chloe.post(EDIT, data={**TUESDAYS, "day": "2027-01-05", "repeats": "kept", "version": "1"})

    assert "le 1er mardi et le 3e mardi de chaque mois" in words(page)
    assert [each.rrule for each in openings(app, cast.chloe_calendar.pk)] == [rule]


# ---- one date


def test_one_date_is_held_at_another_time(app: Flask, chloe: FlaskClient) -> None:
    address = f"{EDIT}/dates/2027-01-21"
    form = chloe.get(address).text
    assert 'value="2027-01-21"' in form
    assert 'value="09:00"' in form

    page = chloe.post(
        address,
        data={"day": "2027-01-22", "from_hour": "14:00", "to_hour": "16:00", "venue": "maison-brume"},
        follow_redirects=True,
    ).text

    assert changes(app) == [("2027-01-21T09:00", "2027-01-22T14:00", 120)]
    assert "vendredi 22 janvier 2027, de 14 h à 16 h changée" in words(page)


def test_one_date_is_held_elsewhere(chloe: FlaskClient) -> None:
    page = chloe.post(
        f"{EDIT}/dates/2027-01-21",
        data={"day": "2027-01-21", "from_hour": "09:00", "to_hour": "12:00", "venue": "mairie-d-orme"},
        follow_redirects=True,
    ).text

    assert "jeudi 21 janvier 2027, de 9 h à 12 h changée : Mairie d’Orme" in words(page)


def test_one_date_is_cancelled_and_the_message_puts_it_back(app: Flask, chloe: FlaskClient) -> None:
    page = chloe.post(f"{EDIT}/dates/2027-01-21/annuler", follow_redirects=True).text
    assert "jeudi 21 janvier 2027 annulée" in words(page)
    assert changes(app) == [("2027-01-21T09:00", None, None)]

    press_undo(chloe, page)

    assert changes(app) == []


def test_later_dates_are_a_page_further(chloe: FlaskClient) -> None:
    page = chloe.get(f"{EDIT}/dates").text
    later = html.unescape(re.search(r'href="([^"]*dates\?des=[^"]*)"', page)[1])

    assert "mardi 2 mars 2027" in words(chloe.get(later).text)


@pytest.mark.parametrize("day", ["2027-01-20", "quelconque"])
def test_a_date_that_the_rule_does_not_give_is_not_found(chloe: FlaskClient, day: str) -> None:
    assert chloe.post(f"{EDIT}/dates/{day}/annuler").status_code == 404


# ---- ending


def test_before_an_end_the_appointments_within_are_listed(chloe: FlaskClient) -> None:
    book(chloe)

    page = words(chloe.get(f"{EDIT}/supprimer").text)

    assert "Un rendez-vous est déjà pris dans cette plage" in page
    assert "Yvette Bouhier" in page


def test_an_opening_ends_before_a_date(app: Flask, cast: Cast, chloe: FlaskClient) -> None:
    chloe.post(f"{EDIT}/supprimer", data={"how": "end", "des": "2027-02-01"})

    (only,) = openings(app, cast.chloe_calendar.pk)
    assert only.rrule == "FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20270128T080000Z"


def test_a_deleted_opening_is_put_back_with_its_changed_dates(app: Flask, cast: Cast, chloe: FlaskClient) -> None:
    chloe.post(f"{EDIT}/dates/2027-01-21/annuler", follow_redirects=True)
    page = chloe.post(f"{EDIT}/supprimer", data={"how": "all"}, follow_redirects=True).text
    assert openings(app, cast.chloe_calendar.pk) == []

    press_undo(chloe, page)

    (only,) = openings(app, cast.chloe_calendar.pk)
    assert (only.starts_wall, only.rrule) == ("2027-01-05T09:00", "FREQ=WEEKLY;BYDAY=TU,TH")
    assert changes(app) == [("2027-01-21T09:00", None, None)]


def test_a_way_back_that_makes_no_sense_makes_nothing(app: Flask, cast: Cast, chloe: FlaskClient) -> None:
    for text in ("", "{}", "[]", '{"changes": 3}'):
        answer = chloe.post("/disponibilites/plages/retablir", data={"agenda": "chloe", "plage": text})
        assert answer.status_code == 404

    assert len(openings(app, cast.chloe_calendar.pk)) == 1


@pytest.mark.parametrize(("who", "status"), [("alix", 403), ("denise", 403), ("zoe", 404)])
def test_the_hours_of_others_are_not_changed(
    app: Flask, cast: Cast, signed_in_as: SignedInAs, who: str, status: int
) -> None:
    client = signed_in_as(who)

    for answer in (
        client.get(EDIT),
        client.post(EDIT, data={**TUESDAYS, "version": "1"}),
        client.get(f"{EDIT}/dates"),
        client.post(f"{EDIT}/dates/2027-01-21/annuler"),
        client.post(f"{EDIT}/supprimer", data={"how": "all"}),
        client.post(NEW + "?agenda=chloe", data=TUESDAYS),
    ):
        assert answer.status_code == status
    assert len(openings(app, cast.chloe_calendar.pk)) == 1
