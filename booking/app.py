"""The one place where the parts are put together."""

from pathlib import Path
from typing import Any

from flask import Flask

from booking import api, clock, database, web
from booking.config import Settings
from booking.web import (
    absences,
    accounts,
    appointments,
    assets,
    availability,
    catalogue,
    day,
    desk,
    doors,
    feeds,
    headers,
    ics,
    language,
    logs,
    messages,
    moving,
    openings,
    passwords,
    planner,
    planner_drag,
    planner_events,
    refused,
    search,
    sessions,
    setup,
    sharing,
    walk_in,
)

SCREENS = (
    passwords,
    accounts,
    setup,
    day,
    desk,
    search,
    appointments,
    moving,
    walk_in,
    planner,
    planner_events,
    planner_drag,
    availability,
    openings,
    absences,
    sharing,
    feeds,
    ics,
    messages,
    catalogue,
)
HERE = Path(__file__).parent
LARGEST_BODY = 5 * 1024 * 1024


class Service(Flask):
    """Flask, but for two things.

    Its log of a broken request would quote the address (it may hold a secret) and the error's words. And a body that
    broke off is a 400: the server passes on what came of it, so that half a form would be taken for a whole one.
    """

    def log_exception(self, exc_info: Any) -> None:
        logs.request_broke(exc_info)

    def request_context(self, environ: Any) -> Any:
        if environ.get("CONTENT_LENGTH"):
            environ.pop("wsgi.input_terminated", None)  # it ends where its announced length says
        return super().request_context(environ)


def create_app(settings: Settings) -> Flask:
    """The service: its screens, its API, its database, as the settings say."""
    clock.freeze(settings.clock)
    app = Service("booking", template_folder=str(_templates()), static_folder=str(HERE / "static"))
    app.config.update(
        BOOKING_SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LARGEST_BODY,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    logs.configure(settings.log_level)
    logs.install(app)
    database.connect(app, settings.database_url)
    sessions.install(app, settings)
    language.install(app)
    assets.install(app)
    web.install(app)
    refused.install(app)
    headers.install(app, settings)
    doors.install(app)
    for screen in SCREENS:
        app.register_blueprint(screen.blueprint)
    api.register(app)
    return app


def _templates() -> Path:
    """In a checkout the templates stand beside the package, in a wheel inside it."""
    inside = HERE / "templates"
    return inside if inside.is_dir() else HERE.parent / "templates"
