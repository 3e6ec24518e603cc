"""Whatever the API's own document allows, and what it forbids, is answered as it promises, and never by a 5xx."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import select

from booking import clock, database
from booking.actions import absences, openings_editing
from booking.actions.rights import load_actor
from booking.models import Account
from tests.faults.conftest import Stage, slot, wanted

PROMISES = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
EXAMPLES, MANY_EXAMPLES = 8, 400


@pytest.fixture
def known(stage: Stage) -> dict[str, str]:
    """Parameters of addresses that name something, so that not every answer is a 404."""
    stage.app.testing = False
    with database.reading() as session:
        actor = load_actor(session, session.scalar(select(Account.pk).where(Account.id == "helene")) or 0)
    assert actor is not None
    opening = openings_editing.OpeningDraft("maison-brume", "2027-03-02T19:00", 60, "FREQ=WEEKLY")
    absence = absences.AbsenceDraft("chloe", "2028-03-07", "2028-03-07", "FREQ=WEEKLY;COUNT=9")
    bearer = {"Authorization": f"Bearer {stage.token}"}
    client = stage.app.test_client()
    booked = client.post("/api/v1/appointments", json=wanted(slot(0)), headers=bearer).get_json()
    feed = client.post("/api/v1/feeds", json={"scope": "adviser", "id": "chloe"}, headers=bearer).get_json()
    return {
        "calendar_id": "chloe",
        "appointment_id": booked["id"],
        "feed_id": feed["id"],
        "opening_id": database.write(
            lambda session: openings_editing.add(session, actor, "chloe", opening, clock.now())
        ).id,
        "absence_id": database.write(lambda session: absences.add(session, actor, absence, clock.now())).id,
        "date": "2027-03-09",
    }


def test_every_operation_keeps_its_promises_whatever_is_sent(stage: Stage, known: dict[str, str]) -> None:
    fuzz(stage, known, EXAMPLES)


@pytest.mark.soak
def test_every_operation_keeps_its_promises_whatever_is_sent_for_a_long_time(
    stage: Stage, known: dict[str, str]
) -> None:
    fuzz(stage, known, MANY_EXAMPLES)


def fuzz(stage: Stage, known: dict[str, str], examples: int) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", stage.app)
    operations = [each.ok() for each in schema.get_all_operations()]
    assert len(operations) > 15
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            send_many(stage, known, operation.as_strategy(generation_mode=mode), examples)


def send_many(stage: Stage, known: dict[str, str], cases: Any, examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def send(case: Any) -> None:
        turn["count"] += 1
        if turn["count"] % 4:
            case.path_parameters = {
                name: known.get(name, value) for name, value in (case.path_parameters or {}).items()
            }
        answer = case.call(headers={"Authorization": f"Bearer {stage.token}"})
        case.validate_response(answer, checks=PROMISES)

    turn = {"count": 0}
    send()
