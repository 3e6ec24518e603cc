"""Static files: an address that changes with the content, kept by browsers for a year, and sent compressed."""

import gzip
from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, Response, current_app, g, request, url_for

YEAR_SECONDS = 365 * 24 * 3600
SMALLEST = 1024
_TEXT = ("text/css", "text/javascript", "application/javascript", "image/svg+xml")


def asset(name: str) -> str:
    """The address of a static file, with a mark of its content in it; looked up once a page."""
    known: dict[str, str] = g.setdefault("assets", {})
    if name not in known:
        file = Path(current_app.static_folder or "") / name
        known[name] = url_for("static", filename=name, v=_mark(file, file.stat().st_mtime_ns))
    return known[name]


@cache
def _mark(file: Path, changed: int) -> str:
    return sha256(file.read_bytes()).hexdigest()[:12]


@cache
def _compressed(file: Path, changed: int) -> bytes:
    return gzip.compress(file.read_bytes(), 9, mtime=0)


def install(app: Flask) -> None:
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = YEAR_SECONDS
    app.jinja_env.globals["asset"] = asset

    @app.after_request
    def compress(response: Response) -> Response:
        if request.endpoint != "static" or response.status_code != 200 or response.mimetype not in _TEXT:
            return response
        response.vary.add("Accept-Encoding")
        file = Path(app.static_folder or "") / str((request.view_args or {}).get("filename"))
        whole = "Range" not in request.headers and (response.content_length or 0) >= SMALLEST
        if whole and request.accept_encodings.quality("gzip") > 0 and request.method == "GET":
            response.direct_passthrough = False
            response.set_data(_compressed(file, file.stat().st_mtime_ns))
            response.headers["Content-Encoding"] = "gzip"
            response.headers.pop("Accept-Ranges", None)
            etag, _ = response.get_etag()
            response.set_etag(f"{etag}-gzip")
        return response
