"""The planner's timeline in a real browser: what the mouse does to an appointment, and what it may not."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy.orm import Session

from booking import clock, database
from booking.actions import appointments, rights
from booking.actions.appointment_requests import Request
from tests import cast as people
from tests.cast import PASSWORD, Cast
from tests.plumbing.browser import axe_violations
from tests.plumbing.server import Serve, Server
from tests.plumbing.service import NOW, make_app
from tests.web.desk import at, open_doors

TUESDAY = "/planning/2027-01-19"


class Desk:
    """The service that is served, and a way to look into its database."""

    def __init__(self, app: Flask, server: Server) -> None:
        self.app, self.server = app, server

    def stands(self, id: str) -> tuple[int, int, str]:
        """From when to when, and with whom."""
        with self.app.app_context(), database.reading() as session:
            found = database.rows(
                session,
                "SELECT e.starts, e.ends, c.id FROM entry e JOIN claim k ON k.entry_pk = e.pk "
                "JOIN calendar c ON c.pk = k.calendar_pk AND c.kind = 'adviser' WHERE e.id = :id",
                {"id": id},
            )
        return (int(found[0][0]), int(found[0][1]), str(found[0][2]))


@pytest.fixture
def desk(sqlite_template: Path, tmp_path: Path, serve: Serve) -> Desk:
    """Chloé has appointments on Tuesday at 9 and at 11, both an hour long. What is seen depends on no database."""
    file = tmp_path / "booking.sqlite3"
    shutil.copyfile(sqlite_template, file)
    app = make_app(f"sqlite:///{file}", tmp_path)

    def fill(session: Session) -> Cast:
        cast = people.build(session)
        people.give_passwords(session, cast)
        return cast

    def book(session: Session) -> None:
        actor = rights.load_actor(session, cast.alix.pk)
        assert actor is not None
        for hour in (9, 11):
            request = Request("accompagnement", ("chloe",), at(f"2027-01-19T{hour:02}:00"), venue="maison-brume")
            appointments.book(session, actor, request, datetime.fromisoformat(NOW).astimezone(UTC))

    with app.app_context():
        cast = database.write(fill)
        open_doors(app, cast)
        database.write(book)
        database.db.engine.dispose()
    clock.freeze(None)
    return Desk(app, serve(f"sqlite:///{file}", BOOKING_CLOCK=NOW))


def timeline(page: Page, desk: Desk, who: str = "alix", address: str = TUESDAY) -> Locator:
    """Signed in, with the timeline in the table's place."""
    page.goto(f"{desk.server.url}/connexion")
    page.get_by_label("Adresse mail").fill(f"{who}@brume.example")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_url(lambda url: "connexion" not in url)
    page.goto(desk.server.url + address)
    page.get_by_role("button", name="Déplacer à la souris").click()
    shown = page.locator("[data-timeline][data-ready]")
    expect(shown).to_be_visible()
    return shown


def block(shown: Locator, hour: str) -> Locator:
    """The block that starts at that hour."""
    return shown.locator(".ec-event").filter(has=shown.page.locator(".hours > time:first-child", has_text=hour))


def drag(page: Page, what: Locator, hours: float, *, by_its_edge: bool = False, down_to: Locator | None = None) -> None:
    """As a hand does it: down, along, up. An appointment of one hour is one hour wide."""
    box = what.bounding_box()
    assert box is not None
    x, y = box["x"] + (box["width"] - 3 if by_its_edge else box["width"] / 3), box["y"] + box["height"] / 2
    target = down_to.bounding_box() if down_to else None
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] * hours / 2, y, steps=4)
    page.mouse.move(x + box["width"] * hours, target["y"] + 20 if target else y, steps=4)
    page.mouse.up()


def test_an_appointment_is_dragged_to_another_hour_and_back_by_undo(page: Page, desk: Desk) -> None:
    shown = timeline(page, desk)
    id = block(shown, "9 h 00").get_attribute("data-entry")
    assert id is not None

    drag(page, block(shown, "9 h 00"), 1)

    expect(shown.get_by_role("status")).to_contain_text("Déplacé : mardi 19 janvier, de 10 h à 11 h (Chloé Caron).")
    expect(block(shown, "10 h 00")).to_be_visible()
    assert desk.stands(id) == (at("2027-01-19T10:00"), at("2027-01-19T11:00"), "chloe")

    shown.get_by_role("button", name="Annuler").click()
    expect(shown.get_by_role("status")).to_contain_text("de 9 h à 10 h (Chloé Caron)")
    assert desk.stands(id) == (at("2027-01-19T09:00"), at("2027-01-19T10:00"), "chloe")


def test_its_edge_changes_its_length(page: Page, desk: Desk) -> None:
    shown = timeline(page, desk)
    id = str(block(shown, "9 h 00").get_attribute("data-entry"))

    drag(page, block(shown, "9 h 00"), 0.5, by_its_edge=True)

    expect(shown.get_by_role("status")).to_contain_text("de 9 h à 10 h 30")
    assert desk.stands(id)[1] == at("2027-01-19T10:30")


def test_on_a_taken_time_it_springs_back_and_says_what_took_it(page: Page, desk: Desk) -> None:
    shown = timeline(page, desk)
    id = str(block(shown, "9 h 00").get_attribute("data-entry"))

    drag(page, block(shown, "9 h 00"), 1.5)

    expect(shown.get_by_role("status")).to_contain_text("Chloé Caron n’est plus libre mardi 19 janvier 2027")
    expect(shown.locator(".is-sprung-back")).to_contain_text("9 h 00")
    assert desk.stands(id)[0] == at("2027-01-19T09:00")

    shown.get_by_role("status").get_by_role("button", name="10 h").first.click()
    expect(shown.get_by_role("status")).to_contain_text("Déplacé : mardi 19 janvier, de 10 h à 11 h")
    assert desk.stands(id)[0] == at("2027-01-19T10:00")


def test_on_a_colleagues_line_it_changes_hands(page: Page, desk: Desk) -> None:
    shown = timeline(page, desk)
    id = str(block(shown, "9 h 00").get_attribute("data-entry"))

    drag(page, block(shown, "9 h 00"), 0, down_to=shown.locator(".ec-row-head").filter(has_text="Alix Aubert"))

    expect(shown.get_by_role("status")).to_contain_text("Alix Aubert ne prend pas ce motif")
    assert desk.stands(id)[2] == "chloe"


def test_who_has_no_right_cannot_drag(page: Page, desk: Desk) -> None:
    shown = timeline(page, desk, "gaston", f"{TUESDAY}?structure=fs-brume")
    taken = shown.locator(".ec-event").filter(has_text="Occupé").first

    expect(taken).to_be_visible()
    expect(shown.locator(".ec-draggable")).to_have_count(0)
    assert "Accompagnement" not in str(shown.text_content())


def test_a_click_on_open_time_leads_to_the_booking_as_in_the_table(page: Page, desk: Desk) -> None:
    shown = timeline(page, desk)
    taken, line = block(shown, "9 h 00").bounding_box(), shown.locator(".ec-row-head").filter(has_text="Alix Aubert")
    row = line.bounding_box()
    assert taken is not None
    assert row is not None

    page.mouse.click(taken["x"] + taken["width"] * 1.1, row["y"] + 20)

    page.wait_for_url(lambda url: "agenda=alix" in url and "debut=2027-01-19T10" in url)


def test_enter_opens_the_page_of_a_block_and_the_switch_is_remembered(page: Page, desk: Desk) -> None:
    shown = timeline(page, desk)
    block(shown, "9 h 00").get_by_role("link").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Déplacer", exact=True)).to_be_visible()

    page.goto(desk.server.url + TUESDAY)
    expect(page.locator("[data-timeline][data-ready]")).to_be_visible()
    page.get_by_role("button", name="Déplacer à la souris").press("Enter")
    expect(page.locator(".planner-table")).to_be_visible()


def test_hours_are_the_territorys_wherever_the_browser_is(chromium: Browser, desk: Desk) -> None:
    context = chromium.new_context(
        locale="fr-FR", timezone_id="America/Noronha", viewport={"width": 1280, "height": 800}
    )
    page = context.new_page()
    shown = timeline(page, desk)
    id = str(block(shown, "9 h 00").get_attribute("data-entry"))

    drag(page, block(shown, "9 h 00"), 1)

    expect(block(shown, "10 h 00")).to_be_visible()
    assert desk.stands(id)[0] == at("2027-01-19T10:00")
    context.close()


def test_axe_finds_nothing_in_light_and_dark_wide_and_narrow_nor_in_the_week(page: Page, desk: Desk) -> None:
    timeline(page, desk)
    for address in (TUESDAY, f"{TUESDAY}?vue=semaine"):
        for width in (1280, 768):
            page.set_viewport_size({"width": width, "height": 800})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                page.goto(desk.server.url + address)
                expect(page.locator("[data-timeline][data-ready] .ec-event").first).to_be_visible()
                assert axe_violations(page) == [], (address, width, scheme)


def test_a_phone_keeps_its_list(page: Page, desk: Desk) -> None:
    timeline(page, desk)
    page.set_viewport_size({"width": 375, "height": 700})
    page.goto(desk.server.url + TUESDAY)

    expect(page.locator(".planner-phone")).to_be_visible()
    expect(page.locator("[data-timeline]")).to_be_hidden()
