"""The one place where the parts are put together."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flask import Flask

from booking import clock, database, web
from booking.config import Settings
from booking.web import assets, doors, headers, language, logs, refused, sessions

SCREENS = (
    "passwords",
    "accounts",
    "setup",
    "day",
    "desk",
    "search",
    "appointments",
    "moving",
    "walk_in",
    "planner",
    "availability",
    "openings",
    "absences",
    "sharing",
    "feeds",
    "ics",
    "messages",
    "catalogue",
)
HERE = Path(__file__).parent
LARGEST_BODY = 5 * 1024 * 1024


class Service(Flask):
    """Flask, whose log of a broken request would quote the address (it may hold a secret) and the error's words."""

    def log_exception(self, exc_info: Any) -> None:
        logs.request_broke(exc_info)


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
    for name in SCREENS:
        if find_spec(f"booking.web.{name}") is not None:
            app.register_blueprint(import_module(f"booking.web.{name}").blueprint)
    if find_spec("booking.api") is not None and hasattr(import_module("booking.api"), "register"):
        import_module("booking.api").register(app)
    return app


def _templates() -> Path:
    """In a checkout the templates stand beside the package, in a wheel inside it."""
    inside = HERE / "templates"
    return inside if inside.is_dir() else HERE.parent / "templates"
