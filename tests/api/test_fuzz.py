"""Whatever is sent: no fault of ours, and an answer that the document promises."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import hypothesis
import pytest
import schemathesis
from flask import Flask
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.conftest import Api

pytestmark = pytest.mark.usefixtures("open_days")

PROMISES = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_what_is_made_from_the_document_is_answered_as_the_document_says(
    app: Flask, api: Api, mode: GenerationMode
) -> None:
    app.testing = False
    headers = {"Authorization": f"Bearer {api('helene').token}"}
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    for found in schema.get_all_operations():
        operation = found.ok()

        @hypothesis.settings(
            max_examples=4,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=[hypothesis.Phase.generate],
        )
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            response = case.call(headers=headers)
            case.validate_response(response, checks=PROMISES, headers=headers)

        try:
            send()
        except hypothesis.errors.Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE, operation.label  # nothing about it can be wrong


INSTANTS = [
    "2027-01-19T10:00:00+01:00",
    "2027-01-21T09:00:00Z",
    "2027-01-22T10:15:00+01:00",
    "1970-01-01T00:00:00Z",
    "2199-12-31T23:59:00Z",
    "2027-10-31T02:30:00+02:00",
    "2027-03-28T02:30:00+01:00",
    "2028-02-29T00:00:00+14:00",
]
WALLS = ["2027-01-19T09:00", "2027-03-28T02:30", "2199-12-31T23:59", "1970-01-01T00:00", "2027-01-19", "2199-12-31"]
RULES = [
    "FREQ=WEEKLY;BYDAY=TU",
    "FREQ=DAILY",
    "FREQ=MONTHLY;BYDAY=1TU,3TU",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=DAILY;COUNT=1000000000",
    "FREQ=DAILY;UNTIL=99991231",
    "FREQ=DAILY;UNTIL=19700101",
    "FREQ=DAILY;INTERVAL=4000;COUNT=400",
    "FREQ=WEEKLY;INTERVAL=0",
    "FREQ=WEEKLY;INTERVAL=999999999",
    "FREQ=MONTHLY;BYMONTHDAY=31;BYSETPOS=-1",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=YEARLY;BYDAY=53MO",
    "FREQ=SECONDLY",
    "RRULE:FREQ=DAILY",
    "",
]
NASTY: list[Any] = [
    *(None, 0, -1, 10**9, 2**31 - 1, 2**31, 2**63, 1.5, 1e300, True, "", "x" * 5000, "\x00", "\ud800", "é"),
    *("'; DROP TABLE entry; --", [], {}, [[]], [None], "any", "-1", "2027-02-30T00:00:00Z"),
]
VENUES = ["maison-brume", "mairie-d-orme", "salle-lointaine"]
CALENDARS = ["alix", "chloe", "farid", "zoe", "bureau-brume", "salle-orme", "clio-brume", "bus-orme"]
LIKELY: dict[str, list[Any]] = {
    "purpose": ["accompagnement", "demarches", "atelier", "urgence"],
    "advisers": [["chloe"], ["farid"], ["chloe", "farid"], ["alix", "basile"]],
    "adviser": ["alix", "chloe", "farid", "zoe"],
    "calendar": CALENDARS,
    "venue": VENUES,
    "room": ["any", "bureau-brume", "salle-brume", "salle-orme"],
    "vehicle": ["any", "clio-brume", "bus-orme"],
    "start": [*INSTANTS, *WALLS],
    "end": [*INSTANTS, *WALLS],
    "minutes": [30, 60, 1, 1440, 20160],
    "before": [0, 15, 20160],
    "after": [0, 15, 20160],
    "without": [["room"], ["vehicle", "room"], []],
    "override": [True, True, False],
    "beneficiary": [{"name": "Ève", "email": "eve@exemple.example", "consent_reminders": True}, {"phone": "1"}, {}],
    "also": [[], [{"calendar": "clio-brume", "start": INSTANTS[0], "end": INSTANTS[1]}]],
    "note": ["note"],
    "urgency": ["felt"],
    "rrule": RULES,
    "exdates": [[], ["2027-01-19"], ["2199-12-31", "x"]],
    "admission": ["by_appointment", "drop_in", "both"],
    "purposes": [[], ["demarches"], ["nothing"]],
    "holidays": ["open", "closed"],
    "any_purpose": [True],
    "title": ["Congés"],
    "reason": ["ill"],
    "by": ["service", "beneficiary"],
    "attendance": ["attended", "no_show"],
    "scope": ["adviser", "room", "venue", "organisation", "territory", "programme", "openings"],
    "id": [*CALENDARS, *VENUES, "fs-brume", "val-de-brume"],
    "detail": ["free_busy", "limited", "full"],
    "alarm_minutes": [0, 15],
    "name": ["n"],
}
DATES = ["2027-01-19", "2027-01-26", "2027-01-20", "x", "2199-12-31", "2027-01-19T09:00"]
OPENING = ("venue", "start", "minutes", "rrule", "exdates", "admission", "purposes", "holidays")
ABSENCE = ("start", "end", "rrule", "exdates", "title")
APPOINTMENT = ("advisers", "venue", "start", "room", "vehicle", "minutes", "override", "beneficiary", "note", "urgency")
REQUESTS: list[tuple[str, str, tuple[str, ...], tuple[str, ...]]] = [
    ("POST", "/appointments", ("purpose", "advisers", "venue", "start"), (*APPOINTMENT, "before", "after", "also")),
    ("POST", "/appointments", ("purpose", "advisers", "venue", "start", "override"), ("room", "vehicle")),
    ("PATCH", "/appointments/{appointments}", (), (*APPOINTMENT, "without")),
    ("POST", "/appointments/{appointments}/cancel", (), ("reason", "by")),
    ("POST", "/appointments/{appointments}/attendance", ("attendance",), ()),
    ("POST", "/appointments/{appointments}/confirm", (), ()),
    ("POST", "/appointments/{appointments}/reject", (), ("reason",)),
    ("POST", "/openings", ("adviser", "venue", "start", "minutes"), OPENING),
    ("PATCH", "/openings/{openings}", (), (*OPENING, "any_purpose")),
    ("PATCH", "/openings/{openings}?from={date}", (), OPENING),
    ("PATCH", "/openings/{openings}/dates/{date}", (), ("venue", "start", "minutes")),
    ("DELETE", "/openings/{openings}/dates/{date}", (), ()),
    ("DELETE", "/openings/{openings}", (), ()),
    ("POST", "/absences", ("adviser", "start", "end"), ABSENCE),
    ("POST", "/absences", ("adviser", "start", "end"), ABSENCE),
    ("PATCH", "/absences/{absences}", (), ABSENCE),
    ("PATCH", "/absences/{absences}/dates/{date}", (), ("start", "end")),
    ("DELETE", "/absences/{absences}/dates/{date}", (), ()),
    ("DELETE", "/absences/{absences}", (), ()),
    ("POST", "/feeds", ("scope", "id"), ("detail", "alarm_minutes", "name")),
    ("DELETE", "/feeds/{feeds}", (), ()),
]
HEADERS = [{}, {}, {}, {"If_Match": "*"}, {"If_Match": '"x"'}, {"If_Match": "x"}, {"Idempotency_Key": "k"}]


def body_of(random: Random, required: tuple[str, ...], optional: tuple[str, ...]) -> dict[str, Any]:
    names = [*required, *(name for name in optional if random.random() < 0.4)]
    body = {name: random.choice(NASTY if random.random() < 0.06 else LIKELY[name]) for name in names}
    return body if random.random() < 0.97 else body | {"a/b~\ud800": 1}


@pytest.mark.parametrize("seed", range(3))
def test_what_nearly_makes_sense_breaks_nothing(app: Flask, api: Api, seed: int) -> None:
    app.testing = False
    random = Random(seed)
    callers = [api(who) for who in ("helene", "helene", "elise", "alix", "gaston", "zoe")]
    known: dict[str, list[str]] = {kind: ["nothing"] for kind in ("appointments", "openings", "absences", "feeds")}
    broken = []
    for _ in range(200):
        method, template, required, optional = random.choice(REQUESTS)
        path = template.format(date=random.choice(DATES), **{kind: random.choice(ids) for kind, ids in known.items()})
        body = None if method == "DELETE" else body_of(random, required, optional)
        raw = None if body is None else json.dumps(body).encode()
        response = random.choice(callers).send(
            method, path, raw, Content_Type="application/json", **random.choice(HEADERS)
        )
        if response.status_code >= 500:
            broken.append((method, path, body))
        if response.status_code == 201:
            known[template.strip("/")].append(response.get_json()["id"])
    assert broken == []


QUERIES = {
    "purpose": ["accompagnement", "atelier", "demarches"],
    "minutes": ["30", "60", "1440"],
    "before": ["0", "15"],
    "after": ["0", "15"],
    "notice": ["0", "2147483647"],
    "from": ["2027-01-18", "2027-01-19T09:00:00Z", "2027-03-27", "2199-12-31"],
    "to": ["2027-02-18", "2027-04-01", "2027-01-19T12:00:00+01:00"],
    "adviser": ["chloe", "farid"],
    "together": ["true", "false"],
    "venue": ["maison-brume"],
    "organisation": ["fs-brume"],
    "near": ["45.5,1.8", "90,180", "-90,-180"],
    "within_km": ["0", "10", "20000"],
    "room": ["any", "salle-brume"],
    "capacity": ["1", "2147483647"],
    "equipment": ["ordinateurs"],
    "vehicle": ["any", "clio-brume"],
    "grid": ["5", "60"],
    "limit": ["1", "5", "5000"],
    "cursor": [
        "WzFd",
        "e30",
        "WzEsMV0",
        "WyJhIl0",
        "WzEwMDAwMDAwMDAwMDAwMDAwMDAwMCwxXQ",
        "WzMwMDA1Nzc1LFsiY2hsb2UiXSwiYSJd",
    ],
    "kind": ["room"],
    "role": ["adviser"],
    "status": ["cancelled"],
    "calendar": ["chloe", "salle-brume"],
}
NASTY_TEXTS = [
    "",
    "0",
    "-1",
    "99999999999999",
    "x",
    "%00",
    "%ff",
    "%C3%A9",
    "1e9",
    "nan",
    "inf",
    "%ED%A0%80",
    "a" * 5000,
]
READ = ["/slots"] * 8 + [
    *("/calendars", "/calendars/chloe/busy", "/entries", "/purposes", "/venues", "/organisations", "/accounts"),
    *("/appointments", "/openings", "/absences", "/feeds"),
]


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_asked_is_answered(app: Flask, api: Api, seed: int) -> None:
    app.testing = False
    random = Random(seed)
    callers = [api(who) for who in ("helene", "alix", "zoe")]
    broken = []
    for _ in range(200):
        names = random.sample(list(QUERIES), random.randint(0, 6))
        asked = [f"{name}={random.choice(NASTY_TEXTS if random.random() < 0.1 else QUERIES[name])}" for name in names]
        path = f"{random.choice(READ)}?{'&'.join(asked)}"
        if random.choice(callers).get(path).status_code >= 500:
            broken.append(path)
    assert broken == []
