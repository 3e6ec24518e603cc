"""The first booking as one sees it: with a mouse, a phone, the keyboard alone, without scripts, and when it is lost."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.plumbing.browser import axe_violations
from tests.plumbing.server import Serve, Server
from tests.plumbing.service import NOW
from tests.stories.desks import CALLER, ELODIE, NADIA, PASSWORD, SLOT, Desk, load_the_demonstration


@pytest.fixture(scope="module")
def loaded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration, loaded once. What is seen here does not depend on the database."""
    folder = tmp_path_factory.mktemp("loaded")
    file = folder / "booking.sqlite3"
    shutil.copyfile(sqlite_template, file)
    load_the_demonstration(f"sqlite:///{file}", folder)
    return file


@pytest.fixture
def served(loaded: Path, tmp_path: Path, serve: Serve) -> Server:
    file = tmp_path / "booking.sqlite3"
    shutil.copyfile(loaded, file)
    return serve(f"sqlite:///{file}", BOOKING_CLOCK=NOW)


def sign_in(page: Page, served: Server, who: str) -> None:
    page.goto(f"{served.url}/connexion")
    page.get_by_label("Adresse mail").fill(who)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Se connecter").click()


def slot(page: Page, said: str, role: Literal["link", "button"] = "link") -> Locator:
    """A slot by what is read out of it."""
    return page.get_by_role(role, name=said_as(said))


def violations(page: Page) -> list[dict[str, Any]]:
    """What axe finds from the top of the page, where the standing head covers nothing."""
    page.evaluate("scrollTo(0, 0)")
    return axe_violations(page)


def said_as(words: str) -> re.Pattern[str]:
    """These words, whether or not their spaces may be broken."""
    return re.compile(re.escape(words).replace(r"\ ", r"\s").replace(",", r"\s*,"))


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (375, 760)])
def test_the_story_in_a_browser(served: Server, page: Page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    sign_in(page, served, NADIA)
    page.get_by_role("link", name="Prendre un rendez-vous").first.click()
    assert violations(page) == []

    page.get_by_label("Pour quoi ?").select_option("accompagnement-individuel")
    slot(page, "10 h 00, mardi 19 janvier, Bruno Delmas").click()
    offer = page.locator("#reserver")
    expect(offer).to_contain_text(said_as("de 10 h à 11 h"))
    expect(page.get_by_label("Nom de la personne")).to_be_focused()
    expect(page).to_have_url(re.compile("debut=2027-01-19T10"))

    page.keyboard.type(CALLER["name"])
    offer.get_by_label("Téléphone").fill(CALLER["phone"])
    offer.get_by_label("Adresse mail").fill(CALLER["email"])
    page.get_by_label("La personne accepte les rappels par mail").check()
    slot(page, "10 h 15, mardi 19 janvier, Bruno Delmas").click()
    expect(offer).to_contain_text(said_as("de 10 h 15 à 11 h 15"))
    expect(page.get_by_label("Nom de la personne")).to_have_value(CALLER["name"])
    assert violations(page) == []
    slot(page, "10 h 00, mardi 19 janvier, Bruno Delmas").click()
    expect(offer).to_contain_text(said_as("de 10 h à 11 h"))
    page.get_by_role("button", name="Confirmer le rendez-vous").click()

    expect(page.get_by_role("heading", level=1)).to_have_text(CALLER["name"])
    expect(page.get_by_role("status")).to_contain_text("Le rendez-vous est confirmé.")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.get_by_role("link", name="Déplacer").click()
    assert violations(page) == []
    slot(page, "11 h 00, jeudi 21 janvier", "button").click()
    expect(page.get_by_role("status")).to_contain_text(said_as("Le rendez-vous est déplacé : jeudi 21 janvier à 11 h."))


def test_by_keyboard_alone_from_sign_in_to_a_confirmed_booking(served: Server, page: Page) -> None:
    page.goto(f"{served.url}/connexion")
    page.get_by_label("Adresse mail").focus()
    page.keyboard.type(NADIA)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/ma-journee")
    page.keyboard.press("n")
    page.wait_for_url("**/rendez-vous/nouveau**")
    page.locator("#resultats .slot").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Nom de la personne")).to_be_focused()
    page.keyboard.type(CALLER["name"])
    page.keyboard.press("Tab")
    page.keyboard.type(CALLER["phone"])
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_contain_text("Le rendez-vous est confirmé.")


def test_without_scripts_every_step_is_a_page(served: Server, chromium_without_scripts: Page) -> None:
    page = chromium_without_scripts
    sign_in(page, served, NADIA)
    page.goto(f"{served.url}/rendez-vous/nouveau")
    page.get_by_label("Pour quoi ?").select_option("accompagnement-individuel")
    page.get_by_role("button", name="Voir les créneaux").click()
    slot(page, "10 h 00, mardi 19 janvier, Bruno Delmas").click()
    page.get_by_label("Nom de la personne").fill(CALLER["name"])
    page.get_by_role("button", name="Confirmer le rendez-vous").click()

    expect(page.get_by_role("heading", level=1)).to_have_text(CALLER["name"])


@pytest.fixture
def chromium_without_scripts(chromium: Browser) -> Iterator[Page]:
    """A window in which no script runs."""
    context = chromium.new_context(locale="fr-FR", timezone_id="Europe/Paris", java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_a_lost_race_in_the_browser_takes_the_focus_and_books_another_in_one_press(served: Server, page: Page) -> None:
    sign_in(page, served, NADIA)
    page.goto(f"{served.url}{SLOT}#name")
    page.get_by_label("Nom de la personne").fill(CALLER["name"])
    assert Desk.of(served.url, ELODIE).press(SLOT, {"name": "Marcel Sage"}).status_code == 200
    page.get_by_role("button", name="Confirmer le rendez-vous").click()

    expect(page.locator("#refus")).to_be_focused()
    expect(page.locator("#refus")).to_contain_text("Ce créneau vient d’être pris")
    expect(page.get_by_label("Nom de la personne")).to_have_value(CALLER["name"])
    assert violations(page) == []
    page.locator("#refus button").first.click()
    expect(page.get_by_role("status")).to_contain_text("Le rendez-vous est confirmé.")
