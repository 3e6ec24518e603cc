"""What may be sent: each kind of value, its faults and where they are."""

from __future__ import annotations

from typing import Any

import pytest

from booking.api import instants
from booking.api.records import Member, Query, Record, needed, nullable
from booking.api.shapes import (
    WRONG,
    Choice,
    Day,
    Flag,
    Id,
    Instant,
    InstantOrDay,
    Kind,
    ListOf,
    Number,
    OneOf,
    Text,
    Wall,
    Whole,
)
from booking.refusals import Fault


def read(kind: Kind, value: Any) -> tuple[Any, list[str]]:
    faults: list[Fault] = []
    found = kind.read(value, "/x", faults)
    assert (found is WRONG) == bool(faults)
    return found, [fault.pointer for fault in faults]


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        (Text(), "Ève\nl’autre", "Ève\nl’autre"),
        (Text(), "", ""),
        (Id("it"), "rdv-1.a_B", "rdv-1.a_B"),
        (Choice(("a", "b")), "b", "b"),
        (Whole(1, 60), 60, 60),
        (Whole(1, 60), 30.0, 30),
        (OneOf((5, 10)), 10, 10),
        (Number(-90, 90), 45, 45.0),
        (Flag(), False, False),
        (Instant(), "2027-01-19T10:00:00+01:00", 30005820),
        (Instant(), "2027-01-19T09:00:00Z", 30005820),
        (Instant(), "2027-01-19t09:00:00.000z", 30005820),
        (Instant(), "2027-01-19T09:00-00:30", 30005850),
        (ListOf(Id("it")), ["a", "b"], ("a", "b")),
        (Wall(), "2027-01-19T10:00", "2027-01-19T10:00"),
    ],
)
def test_what_will_do_is_taken(kind: Kind, value: Any, found: Any) -> None:
    assert read(kind, value) == (found, [])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Text(3), "long"),
        (Text(shortest=1), ""),
        (Text(), "nul\x00"),
        (Text(), "half a pair \ud800"),
        (Text(), 1),
        (Id("it"), "-a"),
        (Id("it"), "a" * 65),
        (Id("it"), "a\n"),
        (Id("it"), ["a"]),
        (Choice(("a", "b")), "c"),
        (Choice(("a", "b")), ["a"]),
        (Whole(1, 60), 0),
        (Whole(1, 60), 61),
        (Whole(), 10**30),
        (Whole(), 1.5),
        (Whole(), "1"),
        (Whole(), True),
        (Whole(), float("inf")),
        (OneOf((5, 10)), 7),
        (OneOf((1, 10)), True),
        (Number(-90, 90), 90.1),
        (Number(-90, 90), float("nan")),
        (Flag(), 1),
        (Flag(), "true"),
        (Instant(), "2027-01-19T10:00:00"),
        (Instant(), "2027-01-19"),
        (Instant(), "2027-01-19T10:00:30Z"),
        (Instant(), "2027-01-19T10:00:00.5Z"),
        (Instant(), "2027-02-30T10:00:00Z"),
        (Instant(), "2027-01-19T24:00:00Z"),
        (Instant(), "2027-01-19T10:00:00+99:00"),
        (Instant(), "9999-12-31T23:59:00-23:00"),
        (Instant(), "0001-01-01T00:00:00+12:00"),
        (Instant(), "٢٠٢٧-01-19T10:00:00Z"),
        (Instant(), 30005820),
        (Day(), "2027-1-9"),
        (Day(), "20270119"),
        (Day(), "2027-02-29"),
        (Wall(), "2027-01-19T25:00"),
        (Wall(), "2027-01-19 10:00"),
        (ListOf(Id("it"), least=1), []),
        (ListOf(Id("it"), most=1), ["a", "b"]),
        (ListOf(Id("it"), unique=True), ["a", "a"]),
        (ListOf(Id("it")), "a"),
    ],
)
def test_what_will_not_do_is_a_fault_where_it_stands(kind: Kind, value: Any) -> None:
    assert read(kind, value) == (WRONG, ["/x"])


PERSON = Record("Person", {"name": needed(Text(5)), "age": Member(Whole()), "friends": Member(ListOf(Id("it")))})


def test_null_is_as_absent() -> None:
    assert read(PERSON, {"name": "Ève", "age": None}) == ({"name": "Ève"}, [])


def test_null_where_something_is_required_is_a_fault() -> None:
    assert read(PERSON, {"name": None})[1] == ["/x/name"]


def test_all_the_faults_of_a_record_are_told_at_once() -> None:
    assert read(PERSON, {"age": "old", "friends": ["a", "-"], "more": 1})[1] == [
        "/x/age",
        "/x/friends/1",
        "/x/more",
        "/x/name",
    ]


def test_a_pointer_escapes_what_rfc_6901_says() -> None:
    assert read(PERSON, {"name": "Ève", "a/b~c": 1})[1] == ["/x/a~1b~0c"]


def test_a_record_is_an_object() -> None:
    assert read(PERSON, [])[1] == ["/x"]


def asked(query: Query, **given: list[str]) -> tuple[dict[str, Any], list[str]]:
    faults: list[Fault] = []
    return query.read(given, faults), [fault.pointer for fault in faults]


SEARCH = Query(
    {
        "limit": Member(Whole(1, 10), default=5),
        "who": Member(ListOf(Id("it"))),
        "since": Member(InstantOrDay()),
        "together": Member(Flag()),
        "km": Member(Number(0, 10)),
        "step": Member(OneOf((5, 15))),
    }
)


def test_parameters_are_read_from_their_texts() -> None:
    found, faults = asked(SEARCH, limit=["7"], who=["a", "b", "a"], together=["True"], km=["1.5"], step=["15"])
    assert faults == []
    assert found == {"limit": 7, "who": ("a", "b"), "together": True, "km": 1.5, "step": 15}


def test_a_default_stands_for_what_is_absent_or_empty() -> None:
    assert asked(SEARCH, limit=[""], who=[""]) == ({"limit": 5}, [])


def test_other_parameters_are_not_looked_at() -> None:
    assert asked(SEARCH, _=["1"]) == ({"limit": 5}, [])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("limit", "0"),
        ("limit", "1e1"),
        ("limit", "９"),
        ("limit", "9" * 5000),
        ("who", "a b"),
        ("since", "tomorrow"),
        ("since", "2027-01-19T10:00:00"),
        ("together", "maybe"),
        ("km", "11"),
        ("km", "nan"),
        ("step", "7"),
    ],
)
def test_a_parameter_that_will_not_do_is_a_fault_at_its_name(name: str, text: str) -> None:
    assert asked(SEARCH, **{name: [text]})[1] == [f"/{name}"]


def test_a_plus_that_came_as_a_space_is_understood() -> None:
    found, faults = asked(SEARCH, since=["2027-01-19T10:00:00 01:00"])
    assert (found["since"], faults) == (30005820, [])


def test_a_date_is_read_as_a_date() -> None:
    assert str(asked(SEARCH, since=["2027-01-19"])[0]["since"]) == "2027-01-19"


def test_instants_are_told_with_the_offset_that_their_zone_has_then() -> None:
    assert instants.spoken(30005820, "Europe/Paris") == "2027-01-19T10:00:00+01:00"
    assert instants.spoken(30005820 + 180 * 1440, "Europe/Paris") == "2027-07-18T11:00:00+02:00"
    assert instants.spoken(30005820, "Indian/Reunion") == "2027-01-19T13:00:00+04:00"


def test_in_the_hour_that_clocks_show_twice_the_offset_tells_which_is_meant() -> None:
    first = instants.parsed("2027-10-31T02:30:00+02:00")
    assert [instants.spoken(each, "Europe/Paris") for each in (first, first + 60)] == [
        "2027-10-31T02:30:00+02:00",
        "2027-10-31T02:30:00+01:00",
    ]


@pytest.mark.parametrize(
    ("schema", "made"),
    [
        ({"type": "string"}, {"type": ["string", "null"]}),
        ({"type": "string", "enum": ["a"]}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"$ref": "#/x"}, {"anyOf": [{"$ref": "#/x"}, {"type": "null"}]}),
    ],
)
def test_what_may_be_null_says_so(schema: dict[str, Any], made: dict[str, Any]) -> None:
    assert nullable(schema) == made
