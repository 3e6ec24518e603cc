"""The screens of the foundation in a real browser: legible, reachable by keyboard, whole at 320 pixels."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from booking import clock, database
from tests import cast as people
from tests.cast import PASSWORD
from tests.plumbing.browser import axe_violations
from tests.plumbing.server import Serve, Server
from tests.plumbing.service import NOW, make_app

PAGES = (
    "/profil",
    "/profil/mot-de-passe",
    "/comptes",
    "/comptes/nouveau",
    "/comptes/plusieurs",
    "/comptes/alix",
    "/structures",
    "/structures/fs-brume",
    "/lieux/maison-brume",
    "/salles/salle-brume",
    "/vehicules/clio-brume",
    "/motifs",
    "/motifs/atelier",
    "/nulle-part",
)


@pytest.fixture
def served(sqlite_template: Path, tmp_path: Path, serve: Serve) -> Server:
    """The service as it is served, with the cast in it. What is seen here does not depend on the database."""
    file = tmp_path / "booking.sqlite3"
    shutil.copyfile(sqlite_template, file)
    app = make_app(f"sqlite:///{file}", tmp_path)

    def fill(session):
        people.give_passwords(session, people.build(session))

    with app.app_context():
        database.write(fill)
        database.db.engine.dispose()
    clock.freeze(None)
    return serve(f"sqlite:///{file}", BOOKING_CLOCK=NOW)


def sign_in(page: Page, served: Server, who: str = "helene") -> None:
    page.goto(f"{served.url}/connexion")
    page.get_by_label("Adresse mail").fill(f"{who}@brume.example")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Se connecter").click()


def test_every_page_passes_the_rules_of_wcag_in_light_and_dark(served: Server, page: Page) -> None:
    sign_in(page, served)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for address in PAGES:
            page.goto(served.url + address)
            assert axe_violations(page) == [], (address, scheme)


def test_no_page_is_wider_than_a_small_phone(served: Server, page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    sign_in(page, served)
    for address in PAGES:
        page.goto(served.url + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address


def test_what_is_pressed_on_a_phone_is_large_enough(served: Server, page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    sign_in(page, served)
    page.goto(f"{served.url}/comptes/nouveau")
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, input:not([type=hidden]), select, .btn, nav a, summary")]
            .filter((each) => each.checkVisibility() && !each.closest(".crumbs"))
            .map((each) => (each.closest("label") ?? each))
            .filter((each) => each.getBoundingClientRect().height < 43.5 && !each.matches(".visually-hidden-focusable"))
            .map((each) => each.outerHTML.slice(0, 120))"""
    )

    assert small == []


def test_the_first_stop_of_the_keyboard_leads_past_the_menu(served: Server, page: Page) -> None:
    sign_in(page, served)
    page.goto(f"{served.url}/comptes")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "contenu"


def test_a_refused_form_puts_the_focus_on_what_is_wrong(served: Server, page: Page) -> None:
    sign_in(page, served)
    page.goto(f"{served.url}/comptes/nouveau")
    page.get_by_role("button", name="Créer le compte et inviter").click()

    assert page.evaluate("document.activeElement.className") == "error-summary"
    page.get_by_role("link", name="Prénom et nom").click()
    assert page.evaluate("document.activeElement.id") == "name"


def test_the_question_mark_lists_the_shortcuts_and_they_can_be_switched_off(served: Server, page: Page) -> None:
    sign_in(page, served)
    page.goto(f"{served.url}/comptes")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    assert dialog.is_visible()

    dialog.get_by_label("Utiliser les raccourcis").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")

    assert not dialog.is_visible()


def test_a_menu_opens_and_closes_by_keyboard(served: Server, page: Page) -> None:
    sign_in(page, served)
    page.goto(f"{served.url}/comptes")
    menu = page.locator(".top-end details.menu")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    assert menu.get_by_role("link", name="Mon profil").is_visible()

    page.keyboard.press("Escape")

    assert not menu.get_by_role("link", name="Mon profil").is_visible()


def test_signing_in_and_out_needs_no_script(served: Server, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="fr-FR")
    page = context.new_page()
    sign_in(page, served)
    page.goto(f"{served.url}/profil")
    page.locator(".top-end details.menu summary").click()
    page.get_by_role("button", name="Se déconnecter").click()

    assert page.url == f"{served.url}/connexion"
    context.close()


def test_a_form_typed_before_the_session_ended_comes_back(served: Server, page: Page) -> None:
    sign_in(page, served)
    page.goto(f"{served.url}/profil")
    page.get_by_label("Prénom et nom").fill("Hélène Huet-Roy")
    page.context.clear_cookies()

    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_label("Adresse mail").fill("helene@brume.example")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Se connecter").click()
    page.get_by_role("button", name="Reprendre").click()

    assert page.get_by_label("Prénom et nom").input_value() == "Hélène Huet-Roy"
