"""Structures, venues, rooms, vehicles and purposes: who changes what, and what searches and mails learn of it."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from booking import database
from booking.models import Calendar, Instruction, Organisation, Purpose, Venue

VENUE = {
    "name": "Annexe de Brume",
    "organisation": "fs-brume",
    "address": "4 rue Haute",
    "commune": "Treignac 19260",
    "phone": "05 36 49 12 34",
    "access": "Une marche à l’entrée",
    "bring": "Une pièce d’identité",
}
ROOM = {
    "name": "Bureau 2",
    "venue": "maison-brume",
    "capacity": "3",
    "equipment": "imprimante, écran ,",
    "setup_minutes": "5",
    "cleanup_minutes": "10",
    "moderated": "y",
    "active": "y",
}
VEHICLE = {"name": "Kangoo", "venue": "maison-brume", "seats": "5", "energy": "electric", "active": "y"}
PURPOSE = {
    "name": "Aide à l’impôt",
    "minutes": "45",
    "before": "0",
    "after": "15",
    "professions": ["conseiller_numerique"],
    "room_capacity": "0",
    "notice_minutes": "60",
    "horizon_days": "92",
    "bring": "Le dernier avis",
}


def stored(app: Flask, table, id: str):
    with app.app_context():
        return database.db.session.scalar(select(table).where(table.id == id))


def instructions(app: Flask) -> dict[tuple[int | None, int | None], str]:
    with app.app_context():
        rows = database.db.session.scalars(select(Instruction)).all()
        return {(each.purpose_pk, each.venue_pk): each.text for each in rows}


def test_a_venue_is_placed_by_its_commune(app, signed_in_as):
    signed_in_as("coordinator").post("/lieux/nouveau", data=VENUE)

    made = stored(app, Venue, "annexe-de-brume")
    assert (made.commune, made.postcode, made.insee, made.phone) == ("Treignac", "19260", "19269", "+33536491234")
    assert made.latitude == pytest.approx(45.5, abs=0.1)


def test_what_to_bring_to_a_venue_is_kept_and_taken_away(app, signed_in_as):
    client = signed_in_as("coordinator")
    client.post("/lieux/nouveau", data=VENUE)
    made = stored(app, Venue, "annexe-de-brume")
    assert instructions(app) == {(None, made.pk): "Une pièce d’identité"}

    client.post("/lieux/annexe-de-brume", data={**VENUE, "bring": ""})

    assert instructions(app) == {}


def test_an_unchanged_commune_keeps_the_exact_position(app, signed_in_as):
    client = signed_in_as("coordinator")
    signed = {**VENUE, "name": "Maison de Brume", "commune": "Brume 19260"}

    client.post("/lieux/maison-brume", data={**signed, "latitude": "45.6", "longitude": "1.7"})

    kept = stored(app, Venue, "maison-brume")
    assert (kept.commune, kept.latitude, kept.longitude) == ("Brume", 45.6, 1.7)


def test_a_room_gets_an_id_of_its_own(app, signed_in_as):
    client = signed_in_as("coordinator")
    client.post("/salles/nouvelle", data=ROOM)
    client.post("/salles/nouvelle", data=ROOM)

    made = stored(app, Calendar, "bureau-2-brume")
    assert (made.kind, made.capacity, made.equipment, made.setup_minutes, made.cleanup_minutes, made.moderated) == (
        "room",
        3,
        ["imprimante", "écran"],
        5,
        10,
        True,
    )
    assert stored(app, Calendar, "bureau-2-brume-2") is not None


def test_a_changed_room_has_another_version_for_those_who_remember_it(app, cast, signed_in_as):
    signed_in_as("coordinator").post("/salles/salle-brume", data=ROOM)

    assert stored(app, Calendar, "salle-brume").version > cast.hall.version


def test_a_room_without_its_tick_is_closed(app, signed_in_as):
    signed_in_as("coordinator").post("/salles/salle-brume", data={**ROOM, "active": ""})

    assert stored(app, Calendar, "salle-brume").active is False


def test_a_vehicle_is_based_at_a_venue(app, cast, signed_in_as):
    signed_in_as("coordinator").post("/vehicules/nouveau", data=VEHICLE)

    made = stored(app, Calendar, "kangoo-brume")
    assert (made.kind, made.venue_pk, made.energy, made.needs_approval) == (
        "vehicle",
        cast.maison.pk,
        "electric",
        False,
    )


@pytest.mark.parametrize(
    ("address", "form", "field", "value"),
    [
        ("/lieux/nouveau", VENUE, "name", ""),
        ("/lieux/nouveau", VENUE, "commune", "Nulle-Part"),
        ("/lieux/nouveau", VENUE, "phone", "12"),
        ("/salles/nouvelle", ROOM, "capacity", "beaucoup"),
        ("/salles/nouvelle", ROOM, "venue", "mairie-d-orme"),
        ("/vehicules/nouveau", VEHICLE, "seats", "0"),
    ],
)
def test_a_wrong_field_is_named_and_the_others_are_kept(signed_in_as, address, form, field, value):
    answer = signed_in_as("coordinator").post(address, data={**form, field: value})

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    if field != "name":
        assert f'value="{form["name"]}"' in answer.text


@pytest.mark.parametrize(
    ("who", "address", "status"),
    [
        ("coordinator", "/lieux/mairie-d-orme", 403),
        ("coordinator", "/salles/salle-orme", 403),
        ("coordinator", "/structures/mairie-orme", 403),
        ("coordinator", "/structures/nouvelle", 403),
        ("coordinator", "/motifs/nouveau", 403),
        ("coordinator", "/lieux/salle-lointaine", 404),
        ("coordinator", "/salles/alix", 404),
        ("administrator", "/lieux/mairie-d-orme", 200),
        ("administrator", "/lieux/salle-lointaine", 404),
        ("administrator", "/structures/mairie-lointaine", 404),
        ("secretary", "/structures", 403),
    ],
)
def test_each_looks_after_their_own(signed_in_as, who, address, status):
    assert signed_in_as(who).get(address).status_code == status


def test_an_administrator_makes_a_structure_in_their_own_territory(app, cast, signed_in_as):
    signed_in_as("administrator").post("/structures/nouvelle", data={"name": "Mairie de Val", "kind": "town_hall"})

    assert stored(app, Organisation, "mairie-de-val").territory_pk == cast.territory.pk


def test_a_kind_that_was_imported_stays_when_nothing_else_is_chosen(app, cast, signed_in_as):
    with app.app_context():
        database.write(lambda session: setattr(session.get(Organisation, cast.brume.pk), "kind", "tiers-lieu"))

    signed_in_as("coordinator").post("/structures/fs-brume", data={"name": "Brume", "kind": "tiers-lieu"})

    assert stored(app, Organisation, "fs-brume").kind == "tiers-lieu"


def test_an_administrator_makes_a_purpose(app, signed_in_as):
    signed_in_as("administrator").post("/motifs/nouveau", data=PURPOSE)

    made = stored(app, Purpose, "aide-a-l-impot")
    assert (made.minutes, made.after, made.professions, made.notice_minutes, made.needs_vehicle) == (
        45,
        15,
        ["conseiller_numerique"],
        60,
        False,
    )
    assert instructions(app) == {(made.pk, None): "Le dernier avis"}


def test_a_coordinator_says_what_to_bring_at_their_venues_and_changes_nothing_else(app, cast, signed_in_as):
    signed_in_as("coordinator").post(
        "/motifs/atelier",
        data={**PURPOSE, "bring-maison-brume": "Votre ordinateur", "bring-mairie-d-orme": "Rien"},
    )

    assert instructions(app) == {(cast.workshop.pk, cast.maison.pk): "Votre ordinateur"}
    assert stored(app, Purpose, "atelier").name == "Atelier collectif"
