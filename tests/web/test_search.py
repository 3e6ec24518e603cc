"""Prendre un rendez-vous: what is found, and what its address says."""

import pytest
from flask import Flask

from tests.cast import Cast
from tests.plumbing.service import SignedInAs
from tests.web.desk import SLOT, open_doors, share, slots_of, words


@pytest.fixture(autouse=True)
def doors(app: Flask, cast: Cast) -> None:
    open_doors(app, cast)


def test_every_choice_is_already_answered_and_the_first_slots_stand_below(signed_in_as: SignedInAs) -> None:
    page = signed_in_as("alix").get("/rendez-vous/nouveau").text

    assert slots_of(page)[:2] == [("2027-01-19T09:00", "chloe"), ("2027-01-19T09:15", "chloe")]


def test_the_first_slot_is_said_in_words(signed_in_as: SignedInAs) -> None:
    page = signed_in_as("alix").get("/rendez-vous/nouveau?ou=partout").text

    assert "Le premier : mardi 19 janvier à 9 h, Chloé Caron, Brume." in words(page)


def test_the_home_of_the_reader_is_where_it_looks_first(signed_in_as: SignedInAs) -> None:
    page = signed_in_as("alix").get("/rendez-vous/nouveau?motif=accompagnement").text

    assert '<option value="maison-brume" selected>' in page
    assert "et 15 km autour" in words(page)


def test_one_person_is_looked_for_alone(signed_in_as: SignedInAs) -> None:
    page = signed_in_as("denise").get("/rendez-vous/nouveau?motif=accompagnement&ou=partout&avec=farid").text

    assert {whose for _, whose in slots_of(page)} == {"farid"}


def test_several_together_are_free_at_the_same_time(signed_in_as: SignedInAs) -> None:
    address = "/rendez-vous/nouveau?motif=demarches&ou=partout&avec=ensemble&avec-qui=alix&avec-qui=chloe"
    page = signed_in_as("denise").get(address).text

    assert slots_of(page)[0] == ("2027-01-19T09:00", "alix+chloe")


def test_together_asks_to_tick_people_first(signed_in_as: SignedInAs) -> None:
    page = signed_in_as("denise").get("/rendez-vous/nouveau?motif=demarches&avec=ensemble").text

    assert "Cochez les personnes" in words(page)


def test_near_a_commune_finds_what_is_around(signed_in_as: SignedInAs) -> None:
    address = "/rendez-vous/nouveau?motif=accompagnement&ou=commune&km=5&commune=Treignac"
    page = signed_in_as("denise").get(address).text

    assert {whose for _, whose in slots_of(page)} == {"chloe"}


def test_an_unknown_commune_is_said(signed_in_as: SignedInAs) -> None:
    page = signed_in_as("denise").get("/rendez-vous/nouveau?motif=accompagnement&ou=commune&commune=Xyzzy").text

    assert "Aucune commune de ce nom" in words(page)


@pytest.mark.parametrize(("half", "expected"), [("matin", "2027-01-22T09:00"), ("apres-midi", "2027-01-22T12:00")])
def test_half_of_the_day(signed_in_as: SignedInAs, half: str, expected: str) -> None:
    address = f"/rendez-vous/nouveau?motif=accompagnement&ou=partout&avec=farid&moment={half}"
    page = signed_in_as("denise").get(address).text

    assert slots_of(page)[0][0] == expected


def test_one_day_shows_that_day_alone(signed_in_as: SignedInAs) -> None:
    page = signed_in_as("denise").get("/rendez-vous/nouveau?motif=accompagnement&quand=jour&le=2027-01-21").text

    assert {start[:10] for start, _ in slots_of(page)} == {"2027-01-21"}


def test_a_week_begins_on_its_monday(signed_in_as: SignedInAs) -> None:
    page = signed_in_as("denise").get("/rendez-vous/nouveau?motif=accompagnement&quand=semaine&le=2027-01-27").text

    assert sorted({start[:10] for start, _ in slots_of(page)}) == ["2027-01-26", "2027-01-28", "2027-01-29"]


def test_later_continues_where_the_page_ended_and_earlier_leads_back(signed_in_as: SignedInAs) -> None:
    client = signed_in_as("denise")
    first = slots_of(client.get("/rendez-vous/nouveau?motif=accompagnement").text)
    later = client.get("/rendez-vous/nouveau?motif=accompagnement&des=2027-01-27").text
    back = client.get("/rendez-vous/nouveau?motif=accompagnement&avant=2027-01-28").text

    assert min(slots_of(later)) > max(first)
    assert "Plus tôt" in words(later)
    assert slots_of(back) == first


def test_nothing_free_tells_what_stands_in_the_way(signed_in_as: SignedInAs) -> None:
    address = "/rendez-vous/nouveau?motif=accompagnement&ou=maison-brume&km=0&quand=jour&le=2027-01-20"
    text = words(signed_in_as("denise").get(address).text)

    assert "Pas de créneau libre pour ces choix." in text
    assert "mercredi 20 janvier : pas de plage d’ouverture" in text


def test_a_purpose_that_asks_for_a_room_takes_one(signed_in_as: SignedInAs) -> None:
    address = (
        "/rendez-vous/nouveau?motif=atelier&ou=maison-brume&km=0&debut=2027-01-28T09:30&agenda=chloe&lieu=maison-brume"
    )
    text = words(signed_in_as("denise").get(address).text)

    assert "Salle numérique" in text.split("Confirmer le rendez-vous")[0].split("jeudi 28 janvier , de 9 h 30")[1]


def test_doing_without_the_room_that_the_purpose_asks_for_is_warned_of(signed_in_as: SignedInAs) -> None:
    address = "/rendez-vous/nouveau?motif=atelier&salle=sans&vehicule=sans&ou=maison-brume&km=0"
    text = words(signed_in_as("denise").get(address).text)

    assert "Ce motif demande une salle : pensez à en prévoir une." in text
    assert "Ce motif demande un véhicule : pensez à en prévoir un." in text


def test_a_free_cell_of_the_planner_leads_to_the_form_for_it(signed_in_as: SignedInAs) -> None:
    text = words(signed_in_as("denise").get("/rendez-vous/nouveau?agenda=chloe&debut=2027-01-19T10:00").text)

    assert "mardi 19 janvier , de 10 h à 11 h" in text
    assert "Confirmer le rendez-vous" in text


def test_the_planner_may_point_at_a_room(signed_in_as: SignedInAs) -> None:
    page = signed_in_as("denise").get("/rendez-vous/nouveau?agenda=salle-brume&debut=2027-01-19T10:00").text

    assert '<option value="salle-brume" selected>' in page


def test_a_chosen_slot_keeps_the_search_as_it_was(signed_in_as: SignedInAs) -> None:
    page = signed_in_as("denise").get(SLOT).text

    assert '<option value="premier">' in page
    assert '<option value="chloe" selected>' not in page


def test_what_would_be_sent_is_said_before_confirming(signed_in_as: SignedInAs) -> None:
    text = words(signed_in_as("alix").get(SLOT).text)

    assert "une confirmation tout de suite et un rappel mardi 19 janvier à 8 h." in text
    assert "L’heure du rappel de la veille est déjà passée." in text
    assert "Un mail prévient Chloé Caron." in text


def test_outside_of_the_openings_the_reason_is_said_at_once(signed_in_as: SignedInAs) -> None:
    text = words(signed_in_as("denise").get(SLOT.replace("T10:00", "T15:00")).text)

    assert "En dehors des plages d’ouverture de Chloé Caron" in text
    assert "Confirmer le rendez-vous" not in text


def test_who_manages_the_calendar_may_take_it_all_the_same(signed_in_as: SignedInAs) -> None:
    text = words(signed_in_as("chloe").get(SLOT.replace("T10:00", "T15:00")).text)

    assert "Prendre quand même" in text


def test_with_the_right_to_propose_the_button_proposes_and_the_lapse_is_explained(
    signed_in_as: SignedInAs, app: Flask, cast: Cast
) -> None:
    share(app, cast.chloe_calendar.pk, "propose", organisation_pk=None, territory_pk=cast.territory.pk)
    text = words(signed_in_as("gaston").get(SLOT).text)

    assert "Proposer ce créneau" in text
    assert "Il faut le oui de Chloé Caron avant le mardi 19 janvier à 8 h." in text


def test_htmx_gets_the_address_to_show(signed_in_as: SignedInAs) -> None:
    answer = signed_in_as("denise").get(
        "/rendez-vous/nouveau?motif=accompagnement&ou=partout&moment=&le=2027-01-18", headers={"HX-Request": "true"}
    )

    assert answer.headers["HX-Push-Url"] == "/rendez-vous/nouveau?motif=accompagnement&ou=partout"


def test_nonsense_in_the_address_is_as_if_it_were_not_there(signed_in_as: SignedInAs) -> None:
    address = (
        "/rendez-vous/nouveau?motif=nix&avec=nobody&ou=nowhere&km=-3&quand=jour&le=2027-02-30"
        "&moment=nuit&duree=9999&salle=nix&des=x&avant=y&debut=z&agenda=q&suite_de=nix"
    )
    assert signed_in_as("denise").get(address).status_code == 200


def test_what_is_foreign_is_not_offered(signed_in_as: SignedInAs) -> None:
    page = signed_in_as("denise").get("/rendez-vous/nouveau?avec=zoe&agenda=zoe&debut=2027-01-19T10:00").text

    assert "Zoé" not in words(page)


def test_the_names_of_communes_are_those_around(signed_in_as: SignedInAs) -> None:
    page = signed_in_as("denise").get("/rendez-vous/nouveau/communes").text

    assert "Treignac (19260)" in page
    assert "Bordeaux" not in page
