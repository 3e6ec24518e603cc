"""The planner: who sees what of whom, what can be clicked, and how a line is cut into cells."""

from itertools import pairwise

import pytest
from flask import Flask

from booking.actions.planner import Block, Line, OpenTime, PlannedCalendar
from booking.actions.rights import Rights
from booking.web.planner_grid import cells, hours_shown
from tests.cast import Cast
from tests.plumbing.service import SignedInAs
from tests.web.desk import book, open_doors, words
from tests.web.full_week import fill_week
from tests.web.subscriptions import statements

TUESDAY = "/planning/2027-01-19"


@pytest.fixture(autouse=True)
def doors(app: Flask, cast: Cast) -> None:
    open_doors(app, cast)


def test_the_planner_of_today_has_an_address_with_its_date(signed_in_as: SignedInAs) -> None:
    answer = signed_in_as("alix").get("/planning?vue=semaine")
    assert answer.headers["Location"] == "/planning/2027-01-18?vue=semaine"


def test_colleagues_rooms_and_vehicles_stand_side_by_side(signed_in_as: SignedInAs) -> None:
    page = words(signed_in_as("alix").get(TUESDAY).text)
    assert all(name in page for name in ("Chloé Caron", "Basile Blanc", "Salle numérique", "Clio de Brume"))


def test_a_free_opening_leads_to_booking_that_hour(signed_in_as: SignedInAs) -> None:
    page = signed_in_as("alix").get(TUESDAY).text
    assert 'href="/rendez-vous/nouveau?agenda=chloe&amp;debut=2027-01-19T10:00"' in page


def test_past_time_leads_nowhere(signed_in_as: SignedInAs) -> None:
    assert "debut=2027-01-12" not in signed_in_as("alix").get("/planning/2027-01-12").text


def test_a_colleague_sees_the_purpose_and_who_booked(signed_in_as: SignedInAs) -> None:
    book(signed_in_as("basile"), name="Yvette Bouhier")
    page = words(signed_in_as("alix").get(TUESDAY).text)
    assert "Accompagnement individuel" in page
    assert "pris par Basile Blanc" in page
    assert "Yvette" not in page


def test_another_structure_sees_a_busy_time_without_a_title(signed_in_as: SignedInAs) -> None:
    book(signed_in_as("basile"))
    page = words(signed_in_as("gaston").get(f"{TUESDAY}?structure=fs-brume").text)
    assert "Occupé" in page
    assert "Accompagnement" not in page


def test_a_foreign_territory_is_not_there(signed_in_as: SignedInAs) -> None:
    assert "Zoé" not in signed_in_as("helene").get(TUESDAY).text


@pytest.mark.parametrize(
    ("question", "there", "not_there"),
    [
        ("structure=mairie-orme", "Farid Faure", "Chloé Caron"),
        ("lieu=mairie-d-orme", "Salle du conseil", "Bureau 1"),
        ("metier=conseiller_numerique", "Chloé Caron", "Alix Aubert"),
        ("type=vehicle", "Clio de Brume", "Bureau 1"),
    ],
)
def test_filters_keep_what_they_say(signed_in_as: SignedInAs, question: str, there: str, not_there: str) -> None:
    table = signed_in_as("helene").get(f"{TUESDAY}?{question}").text.partition("<tbody>")[2]
    assert there in table
    assert not_there not in table


def test_a_filter_without_answer_offers_the_way_back(signed_in_as: SignedInAs) -> None:
    assert "Aucun agenda ne répond à ces filtres." in words(signed_in_as("alix").get(f"{TUESDAY}?structure=rien").text)


def test_the_week_shows_five_days_and_no_empty_weekend(signed_in_as: SignedInAs) -> None:
    page = words(signed_in_as("alix").get(f"{TUESDAY}?vue=semaine").text)
    assert "vendredi 22 janvier" in page
    assert "samedi 23 janvier" not in page


@pytest.mark.parametrize("question", ["vue=semaine", "vue=jour", "vue=semaine&structure=fs-brume&lieu=maison-brume"])
def test_sixty_calendars_with_1500_entries_take_eight_statements(
    app: Flask, cast: Cast, signed_in_as: SignedInAs, question: str
) -> None:
    fill_week(app, cast)
    reader = signed_in_as("denise")
    with statements(app) as ran:
        page = reader.get(f"{TUESDAY}?{question}").text
    assert page.count("Conseil 05") >= 1
    assert len(ran) <= 8, ran


HELD = PlannedCalendar(1, "chloe", "adviser", "Chloé", "o", "O", None, None, None, Rights("book"))


def line(*blocks: Block, openings: tuple[OpenTime, ...] = ()) -> Line:
    return Line(HELD, blocks, openings)


def test_cells_cover_the_line_without_a_gap() -> None:
    made = cells(
        line(Block(610, 655, (610, 655), "appointment", "busy"), openings=(OpenTime(540, 720, 1, "both", "o"),)),
        (480, 1080),
    )
    assert [made[0].starts, made[-1].ends] == [480, 1080]
    assert all(one.ends == two.starts for one, two in pairwise(made))
    assert [(each.starts, each.ends) for each in made if each.state == "taken"] == [(600, 660)]


def test_an_appointment_lies_over_an_absence() -> None:
    made = cells(
        line(
            Block(480, 1080, (480, 1080), "absence", "busy-unavailable"),
            Block(600, 660, (600, 660), "appointment", "busy"),
        ),
        (480, 1080),
    )
    assert [each.block.kind for each in made if each.block] == ["absence", "appointment", "absence"]


def test_a_drop_in_session_is_shown_and_not_booked() -> None:
    made = cells(line(openings=(OpenTime(540, 720, 1, "drop_in", "o"),)), (480, 1080))
    assert [each.state for each in made] == ["closed", "drop_in", "closed"]


def test_hours_grow_with_what_the_day_holds() -> None:
    early = line(Block(6 * 60 + 30, 7 * 60, (0, 0), "appointment", "busy"))
    assert hours_shown([early], (0, 1440)) == (6 * 60, 18 * 60)
    assert hours_shown([line()], (0, 1440)) == (8 * 60, 18 * 60)
