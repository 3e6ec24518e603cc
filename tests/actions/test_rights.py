"""Who may see and do what with a calendar: roles, defaults and sharing, as a table of decisions."""

import pytest
from sqlalchemy.orm import Session

from booking import database
from booking.actions.rights import LADDER, Rights, require, rights_on
from booking.models import Share
from booking.refusals import Forbidden, NotFound
from tests.actions.conftest import Desk

DEFAULTS = {
    # who        chloe           hall         van (of another organisation)   far room
    "chloe": ("manage", "book", "free_busy", "none"),
    "alix": ("book", "book", "free_busy", "none"),
    "denise": ("book", "book", "free_busy", "none"),
    "elise": ("manage", "manage", "free_busy", "none"),
    "helene": ("manage", "manage", "manage", "none"),
    "farid": ("book_offered", "free_busy", "book", "none"),
    "gaston": ("book_offered", "free_busy", "book", "none"),
    "zoe": ("none", "none", "none", "book"),
}


def level(desk: Desk, who: str, calendar_pk: int) -> str:
    return desk.read(who, rights_on, [calendar_pk]).get(calendar_pk, Rights("none")).level


def share(desk: Desk, **columns: object) -> None:
    def write(session: Session) -> None:
        session.add(Share(calendar_pk=desk.cast.chloe_calendar.pk, **columns))

    database.write(write)


@pytest.mark.parametrize("who", DEFAULTS)
def test_roles_and_default_sharing(desk: Desk, who: str) -> None:
    cast = desk.cast
    calendars = (cast.chloe_calendar, cast.hall, cast.van, cast.far_room)
    assert tuple(level(desk, who, each.pk) for each in calendars) == DEFAULTS[who]


@pytest.mark.parametrize("given", [each for each in LADDER if each != "none"])
def test_sharing_with_a_person_adds_to_what_there_is(desk: Desk, given: str) -> None:
    share(desk, account_pk=desk.cast.gaston.pk, level=given)
    expected = max(given, "book_offered", key=LADDER.index)
    assert level(desk, "gaston", desk.cast.chloe_calendar.pk) == expected


def test_sharing_reaches_into_another_territory(desk: Desk) -> None:
    share(desk, account_pk=desk.cast.zoe.pk, level="details")
    assert level(desk, "zoe", desk.cast.chloe_calendar.pk) == "details"
    assert set(desk.read("zoe", rights_on)) >= {desk.cast.chloe_calendar.pk}


def test_a_territory_share_replaces_the_default_of_the_territory(desk: Desk) -> None:
    share(desk, territory_pk=desk.cast.territory.pk, level="none")
    assert level(desk, "gaston", desk.cast.chloe_calendar.pk) == "none"


def test_an_organisation_share_never_takes_a_secretary_s_right(desk: Desk) -> None:
    share(desk, organisation_pk=desk.cast.brume.pk, level="free_busy")
    assert level(desk, "denise", desk.cast.chloe_calendar.pk) == "book"
    assert level(desk, "alix", desk.cast.chloe_calendar.pk) == "book_offered"


def test_book_offered_and_details_together_still_book(desk: Desk) -> None:
    share(desk, account_pk=desk.cast.gaston.pk, level="details")
    rights = desk.read("gaston", rights_on, [desk.cast.chloe_calendar.pk])[desk.cast.chloe_calendar.pk]
    assert (rights.sees_details, rights.may_book) == (True, True)


def test_a_shared_level_of_another_person_is_not_mine(desk: Desk) -> None:
    share(desk, account_pk=desk.cast.zoe.pk, level="manage")
    assert level(desk, "gaston", desk.cast.chloe_calendar.pk) == "book_offered"


@pytest.mark.parametrize(
    ("held", "wanted", "refusal"),
    [
        ("none", "see", NotFound),
        ("free_busy", "details", Forbidden),
        ("book_offered", "details", Forbidden),
        ("details", "propose", Forbidden),
        ("propose", "book", Forbidden),
        ("book", "manage", Forbidden),
    ],
)
def test_what_lacks_is_hidden_or_forbidden(held: str, wanted: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        require(Rights(held), wanted)


@pytest.mark.parametrize(
    ("held", "wanted"),
    [("free_busy", "see"), ("details", "details"), ("propose", "propose"), ("book", "book"), ("manage", "manage")],
)
def test_each_step_of_the_ladder_admits_its_own(held: str, wanted: str) -> None:
    require(Rights(held), wanted)
