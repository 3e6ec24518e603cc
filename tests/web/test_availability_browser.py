"""Availability and sharing in a real browser: dates that follow what is typed, undo, and nothing in axe's way."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from booking import clock, database
from tests import cast as people
from tests.cast import PASSWORD, Cast
from tests.plumbing.browser import axe_violations
from tests.plumbing.server import Serve, Server
from tests.plumbing.service import NOW, make_app
from tests.web.desk import open_doors

PAGES = (
    "/disponibilites",
    "/disponibilites/plages/nouvelle",
    "/disponibilites/plages/chloe-1",
    "/disponibilites/plages/chloe-1/dates",
    "/disponibilites/plages/chloe-1/dates/2027-01-21",
    "/disponibilites/plages/chloe-1/supprimer",
    "/disponibilites/absences/nouvelle",
    "/partage",
)


@pytest.fixture
def server(sqlite_template: Path, tmp_path: Path, serve: Serve) -> Server:
    """The service as it is served, with the cast and their hours. What is seen does not depend on the database."""
    file = tmp_path / "booking.sqlite3"
    shutil.copyfile(sqlite_template, file)
    app = make_app(f"sqlite:///{file}", tmp_path)

    def fill(session: Session) -> Cast:
        cast = people.build(session)
        people.give_passwords(session, cast)
        return cast

    with app.app_context():
        cast = database.write(fill)
        open_doors(app, cast)
        database.db.engine.dispose()
    clock.freeze(None)
    return serve(f"sqlite:///{file}", BOOKING_CLOCK=NOW)


def sign_in(page: Page, server: Server, who: str = "chloe") -> None:
    page.goto(f"{server.url}/connexion")
    page.get_by_label("Adresse mail").fill(f"{who}@brume.example")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_url(lambda address: "connexion" not in address)


def test_hours_are_opened_with_their_dates_in_sight(page: Page, server: Server) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}/disponibilites")
    page.get_by_role("link", name="Ajouter une plage").click()
    dates = page.locator("#apercu li")

    page.get_by_label("vendredi").check()
    expect(dates.first).to_contain_text("vendredi 22 janvier 2027, de 9 h à 12 h")
    page.get_by_label("À quel rythme ?").select_option("2")
    expect(dates.nth(1)).to_contain_text("vendredi 5 février 2027")
    assert axe_violations(page) == []

    page.get_by_role("button", name="Ouvrir cette plage").click()
    expect(page.get_by_role("link", name="Un vendredi sur deux de 9 h à 12 h", exact=True)).to_be_visible()
    assert axe_violations(page) == []


def test_a_date_is_cancelled_and_put_back_with_the_keyboard(page: Page, server: Server) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}/disponibilites/plages/chloe-1/dates")
    assert axe_violations(page) == []

    page.get_by_role("button", name="Annuler : mardi 19 janvier 2027").press("Enter")
    expect(page.locator("main .rows li").first).to_contain_text("annulée")
    page.get_by_role("button", name="Revenir en arrière").press("Enter")

    expect(page.locator("main .rows li").first).not_to_contain_text("annulée")


def test_an_absence_is_laid_and_what_it_takes_is_said(page: Page, server: Server) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}/disponibilites/absences/nouvelle")

    page.get_by_label("quelques heures").check()
    expect(page.locator("#apercu li")).to_contain_text("Lundi 18 janvier 2027, de 9 h à 12 h")
    assert axe_violations(page) == []

    page.get_by_role("button", name="Enregistrer l’absence").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Indisponible")
    assert axe_violations(page) == []


def test_sharing_shows_what_others_see(page: Page, server: Server) -> None:
    sign_in(page, server)
    page.goto(f"{server.url}/partage")
    expect(page.locator(".glance")).to_contain_text("Créneaux ouverts")
    assert axe_violations(page) == []

    page.get_by_label("Ce que peut faire Val-de-Brume").select_option("none")
    page.get_by_role("button", name="Enregistrer : Val-de-Brume").click()

    expect(page.locator(".glance")).to_contain_text("l’agenda n’apparaît pas")
    assert axe_violations(page) == []


def test_every_page_is_whole_on_a_small_phone_and_passes_the_rules_in_the_dark(page: Page, server: Server) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.emulate_media(color_scheme="dark")
    sign_in(page, server)
    for address in PAGES:
        page.goto(server.url + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address
        assert axe_violations(page) == [], address


def test_hours_are_opened_without_scripts(chromium: Browser, server: Server) -> None:
    page = chromium.new_context(locale="fr-FR", java_script_enabled=False).new_page()
    sign_in(page, server)
    page.goto(f"{server.url}/disponibilites/plages/nouvelle")

    page.get_by_label("vendredi").check()
    page.get_by_role("button", name="Voir les prochaines dates").click()
    expect(page.locator("#apercu li").first).to_contain_text("vendredi 22 janvier 2027, de 9 h à 12 h")
    page.get_by_role("button", name="Ouvrir cette plage").click()

    expect(page.get_by_role("link", name="Tous les vendredis de 9 h à 12 h", exact=True)).to_be_visible()
    page.context.close()
