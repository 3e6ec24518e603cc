"""/api/v1: the same actions as the screens', as JSON. One file for each concept; what they share is in
``operations`` (from the door to the answer), ``shapes`` (what is sent and answered), ``problems``, ``openapi``."""

from flask import Blueprint, Flask

from booking.api import (
    absences,
    appointments,
    calendars,
    catalogue,
    entries,
    feeds,
    openapi,
    openings,
    problems,
    slots,
)
from booking.api.operations import refuse_large_bodies
from booking.api.paths import IdConverter

api = Blueprint("api", __name__, url_prefix="/api")
api.before_request(refuse_large_bodies)
api.register_blueprint(openapi.blueprint)
for _concept in (calendars, catalogue, entries, slots, appointments, openings, absences, feeds):
    api.register_blueprint(_concept.blueprint, url_prefix="/v1")


def register(app: Flask) -> None:
    """Adds the API to the service; its refusals and faults are told as problems."""
    app.url_map.converters["id"] = IdConverter
    app.extensions["booking.problem"] = problems.of
    app.register_blueprint(api)
