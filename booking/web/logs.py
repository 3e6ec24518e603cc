"""The log: one JSON object a line, on stderr. Never a name, a phone, a token or what somebody typed.

Of an exception it keeps the type and where it came from, not its words (they may quote a row), unless the
level is debug. Of a request it keeps the rule of the address, not the address (which may hold a secret).
"""

import json
import logging
import sys
import traceback
from typing import Any

from flask import Flask, Response, g, request

from booking import clock

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
requests = logging.getLogger("booking.requests")


class OneLine(logging.Formatter):
    """JSON escapes every control character, so a line of the log is always one entry of ours."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "at": clock.real_now().isoformat(),
            "level": record.levelname.lower(),
            "log": record.name,
            "message": record.getMessage(),
        }
        entry.update(getattr(record, "facts", {}))
        if record.exc_info and record.exc_info[0] is not None:
            kind, error, trace = record.exc_info
            entry["exception"] = kind.__name__
            entry["trace"] = [
                f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(trace)
            ]
            if logging.getLogger("booking").isEnabledFor(logging.DEBUG):
                entry["words"] = str(error)
        return json.dumps(entry, default=str)


def configure(level: str) -> None:
    """Sends our log to stderr; called once for each process, harmless when called again."""
    log = logging.getLogger("booking")
    log.setLevel(_LEVELS[level])
    log.propagate = False
    if not log.handlers:
        log.addHandler(logging.StreamHandler(sys.stderr))
    for handler in log.handlers:
        handler.setFormatter(OneLine())


def install(app: Flask) -> None:
    @app.before_request
    def begin() -> None:
        g.began = clock.monotonic()

    @app.after_request
    def note(response: Response) -> Response:
        if request.endpoint != "static":
            requests.info("request", extra={"facts": {**_facts(), "status": response.status_code}})
        return response


def request_broke(error: Any) -> None:
    """An error nobody expected: what it was and where it came from."""
    requests.error("request broke", extra={"facts": _facts()}, exc_info=error)


def _facts() -> dict[str, object]:
    return {
        "method": request.method,
        "rule": request.url_rule.rule if request.url_rule else None,
        "account": getattr(g.get("actor"), "pk", None),
        "ms": round((clock.monotonic() - g.get("began", clock.monotonic())) * 1000, 1),
    }
