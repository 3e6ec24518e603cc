"""Accounts: who may invite, change and close whom; the mail that follows; many at once, all or none."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from booking import database
from booking.models import Account, Calendar, Organisation, Reminder
from tests.cast import Cast

NEW = {
    "name": "Irène Isard",
    "email": "irene@brume.example",
    "role": "adviser",
    "profession": "conseiller_numerique",
    "organisation": "fs-brume",
    "home_venue": "maison-brume",
    "phone": "05 36 49 12 34",
}


def account(app: Flask, id: str) -> Account | None:
    with app.app_context():
        return database.db.session.scalar(select(Account).where(Account.id == id))


def calendar(app: Flask, id: str) -> Calendar | None:
    with app.app_context():
        return database.db.session.scalar(select(Calendar).where(Calendar.id == id))


def messages(app: Flask, kind: str) -> int:
    with app.app_context():
        return len(database.db.session.scalars(select(Reminder).where(Reminder.kind == kind)).all())


def test_inviting_makes_an_account_with_a_calendar(app, signed_in_as):
    signed_in_as("coordinator").post("/comptes/nouveau", data=NEW)

    made, diary = account(app, "irene.isard"), calendar(app, "irene.isard")
    assert (made.email, made.phone, made.password_hash) == ("irene@brume.example", "+33536491234", None)
    assert (diary.name, diary.profession, diary.account_pk) == ("Irène Isard", "conseiller_numerique", made.pk)


def test_inviting_sends_one_invitation(app, signed_in_as):
    signed_in_as("coordinator").post("/comptes/nouveau", data=NEW)

    assert messages(app, "invitation") == 1


def test_an_address_that_is_taken_is_named_beside_its_field(app, signed_in_as):
    answer = signed_in_as("coordinator").post("/comptes/nouveau", data={**NEW, "email": "ALIX@brume.example"})

    assert answer.status_code == 422
    assert 'href="#email"' in answer.text
    assert "Irène Isard" in answer.text


def test_a_secretary_gets_no_calendar(app, signed_in_as):
    signed_in_as("coordinator").post("/comptes/nouveau", data={**NEW, "role": "secretary", "profession": ""})

    assert calendar(app, "irene.isard") is None


@pytest.mark.parametrize(
    ("changed", "field"), [({"role": "administrator"}, "role"), ({"organisation": "mairie-orme"}, "organisation")]
)
def test_a_coordinator_gives_neither_more_than_they_have_nor_elsewhere(app, signed_in_as, changed, field):
    answer = signed_in_as("coordinator").post("/comptes/nouveau", data={**NEW, **changed})

    assert answer.status_code == 422
    assert f'href="#{field}' in answer.text
    assert account(app, "irene.isard") is None


def test_a_coordinator_sees_only_the_accounts_of_their_own_organisation(signed_in_as):
    page = signed_in_as("coordinator").get("/comptes").text

    assert "Alix Aubert" in page
    assert "Farid Faure" not in page


@pytest.mark.parametrize(("who", "id", "status"), [
    ("coordinator", "alix", 200),
    ("coordinator", "farid", 403),
    ("coordinator", "helene", 403),
    ("coordinator", "zoe", 404),
    ("administrator", "farid", 200),
    ("administrator", "zoe", 404),
    ("adviser", "alix", 403),
])  # fmt: skip
def test_an_account_opens_for_whoever_looks_after_it(signed_in_as, who, id, status):
    assert signed_in_as(who).get(f"/comptes/{id}").status_code == status


def form_of(cast: Cast, id: str, **changes: str) -> dict[str, str]:
    row = cast.accounts[id]
    known = {
        "name": row.name,
        "email": row.email,
        "role": row.role,
        "organisation": "fs-brume",
        "profession": "conseiller_france_services",
        "home_venue": "maison-brume",
        "phone": "",
    }
    return {**known, **changes}


def test_a_changed_name_is_the_calendars_name_too(app, cast, signed_in_as):
    signed_in_as("coordinator").post("/comptes/alix", data=form_of(cast, "alix", name="Alix Aubert-Roy"))

    assert calendar(app, "alix").name == "Alix Aubert-Roy"


def test_moving_to_another_structure_takes_the_calendar_along(app, cast, signed_in_as):
    signed_in_as("administrator").post("/comptes/alix", data=form_of(cast, "alix", organisation="mairie-orme"))

    with app.app_context():
        assert database.db.session.get(Organisation, calendar(app, "alix").organisation_pk).id == "mairie-orme"


def test_another_address_ends_the_sessions_of_the_old_one(cast, signed_in_as):
    alix = signed_in_as("alix")

    signed_in_as("coordinator").post("/comptes/alix", data=form_of(cast, "alix", email="alix2@brume.example"))

    assert alix.get("/profil").status_code == 302


def test_closing_ends_the_session_and_the_offering(app, signed_in_as):
    alix = signed_in_as("alix")

    signed_in_as("coordinator").post("/comptes/alix/fermer")

    assert alix.get("/profil").status_code == 302
    assert calendar(app, "alix").active is False


def test_closing_can_be_undone(app, signed_in_as):
    client = signed_in_as("coordinator")
    client.post("/comptes/alix/fermer")

    client.post("/comptes/alix/rouvrir")

    assert account(app, "alix").active
    assert calendar(app, "alix").active


def test_the_last_administrator_stays(app, cast, signed_in_as):
    client = signed_in_as("administrator")
    closing = client.post("/comptes/helene/fermer")
    changing = client.post("/comptes/helene", data=form_of(cast, "helene", role="secretary", profession=""))

    assert account(app, "helene").active
    assert account(app, "helene").role == "administrator"
    assert (closing.status_code, changing.status_code) == (302, 422)


LIST = """Nom;Mail;Téléphone;Profession;Structure
Irène Isard;irene@brume.example;05 36 49 12 34;conseillère numérique;France services de Brume
Jules Jourdan;jules@brume.example;;France services;
"""


def test_a_pasted_list_is_shown_before_anything_is_created(app, signed_in_as):
    answer = signed_in_as("coordinator").post("/comptes/plusieurs", data={"list": LIST})

    assert answer.status_code == 200
    assert "Créer 2 comptes" in answer.text
    assert account(app, "irene.isard") is None


def test_a_pasted_list_is_created_whole(app, signed_in_as):
    signed_in_as("coordinator").post("/comptes/plusieurs", data={"list": LIST, "create": "1"})

    assert account(app, "irene.isard").phone == "+33536491234"
    assert calendar(app, "jules.jourdan").profession == "conseiller_france_services"
    assert messages(app, "invitation") == 2


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("Karim Kern;alix@brume.example", "un compte existe déjà"),
        ("Karim Kern;irene@brume.example", "deux fois dans la liste"),
        ("Karim Kern;karim", "mal écrit"),
        ("Karim Kern;", "il manque"),
        (";karim@brume.example", "il manque"),
        ("Karim Kern;karim@brume.example;12", "mal écrit"),
        ("Karim Kern;karim@brume.example;;plombier", "inconnu ici"),
        ("Karim Kern;karim@brume.example;;;Mairie de Lointaine", "inconnu ici"),
    ],
)
def test_one_faulty_line_and_nobody_is_created(app, signed_in_as, line, fault):
    answer = signed_in_as("coordinator").post("/comptes/plusieurs", data={"list": LIST + line, "create": "1"})

    assert answer.status_code == 422
    assert fault in answer.text
    assert account(app, "irene.isard") is None


def test_a_list_may_come_from_a_spreadsheet_without_a_head(app, signed_in_as):
    signed_in_as("coordinator").post(
        "/comptes/plusieurs", data={"list": "Irène Isard\tirene@brume.example\t05 36 49 12 34", "create": "1"}
    )

    assert account(app, "irene.isard").phone == "+33536491234"
