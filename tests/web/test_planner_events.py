"""The timeline's own answer: the planner's lines and blocks as JSON, under the same rights, for few statements."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.cast import Cast
from tests.plumbing.service import SignedInAs
from tests.web.desk import absent, book, open_doors
from tests.web.full_week import fill_week
from tests.web.subscriptions import statements

TUESDAY = "/planning/2027-01-19/frise"


@pytest.fixture(autouse=True)
def doors(app: Flask, cast: Cast) -> None:
    open_doors(app, cast)


def blocks(reader: FlaskClient, address: str = TUESDAY) -> list[dict[str, Any]]:
    return [each for each in reader.get(address).json["events"] if "html" in each]


def test_hours_are_the_territorys_wall_clock_without_a_zone(signed_in_as: SignedInAs) -> None:
    book(signed_in_as("basile"))
    (block,) = blocks(signed_in_as("alix"))
    assert (block["line"], block["start"], block["end"]) == ("chloe", "2027-01-19T10:00", "2027-01-19T11:00")


def test_the_lines_are_those_of_the_table_in_its_order(signed_in_as: SignedInAs) -> None:
    reader = signed_in_as("chloe")
    table = reader.get("/planning/2027-01-19?type=adviser").text.partition("<tbody>")[2].partition("</table>")[0]
    names = [each["html"].partition("</svg>")[2].partition("<")[0] for each in _lines(reader, "?type=adviser")]
    assert names[0] == "Chloé Caron"
    assert sorted(names, key=table.index) == names


def _lines(reader: FlaskClient, question: str) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = reader.get(TUESDAY + question).json["lines"]
    return lines


def test_a_colleague_may_take_hold_of_an_appointment(signed_in_as: SignedInAs) -> None:
    rdv = book(signed_in_as("basile"))
    (block,) = blocks(signed_in_as("alix"))
    assert block["entry"] == rdv.rpartition("/")[2]
    assert block["version"] == 1


def test_another_structure_reads_busy_and_takes_hold_of_nothing(signed_in_as: SignedInAs) -> None:
    book(signed_in_as("basile"))
    (block,) = blocks(signed_in_as("gaston"), f"{TUESDAY}?structure=fs-brume")
    assert "Occupé" in block["html"]
    assert "Accompagnement" not in block["html"]
    assert "entry" not in block


def test_whoever_booked_elsewhere_may_move_what_they_booked(signed_in_as: SignedInAs) -> None:
    gaston = signed_in_as("gaston")
    book(gaston)
    (block,) = blocks(gaston, f"{TUESDAY}?structure=fs-brume")
    assert "entry" in block


def test_what_is_over_is_no_longer_taken_hold_of(signed_in_as: SignedInAs, app: Flask) -> None:
    from booking import clock

    book(signed_in_as("basile"))
    clock.freeze("2027-01-19T12:00:00+01:00")
    (block,) = blocks(signed_in_as("basile"))
    assert "entry" not in block


def test_an_absence_lies_behind_and_stays_where_it_is(signed_in_as: SignedInAs, app: Flask, cast: Cast) -> None:
    absent(app, cast.alix_calendar.pk)
    (block,) = blocks(signed_in_as("basile"), "/planning/2027-01-18/frise")
    assert block["background"]
    assert "entry" not in block


def test_a_title_is_never_markup(signed_in_as: SignedInAs, app: Flask) -> None:
    from booking import database

    book(signed_in_as("basile"))
    with app.app_context():
        database.write(lambda session: database.execute(session, "UPDATE entry SET title = :title", {"title": "<b>&"}))
    (block,) = blocks(signed_in_as("alix"))
    assert "&lt;b&gt;&amp;" in block["html"]


def test_the_week_bears_its_days_and_the_hours_it_needs(signed_in_as: SignedInAs) -> None:
    week = signed_in_as("alix").get(f"{TUESDAY}?vue=semaine").json
    assert list(week["days"])[::4] == ["2027-01-18", "2027-01-22"]
    assert (week["first"], week["last"]) == (8, 18)


def test_a_day_that_is_none_is_not_there(signed_in_as: SignedInAs) -> None:
    assert signed_in_as("alix").get("/planning/hier/frise").status_code == 404


def test_sixty_calendars_with_1500_entries_take_eight_statements(
    app: Flask, cast: Cast, signed_in_as: SignedInAs
) -> None:
    fill_week(app, cast)
    reader = signed_in_as("denise")
    with statements(app) as ran:
        events = blocks(reader, f"{TUESDAY}?vue=semaine")
    assert len(events) > 1_000
    assert len(ran) <= 8, ran
