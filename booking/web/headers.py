"""What every answer tells the browser: which sources it may use, and that nobody may frame, sniff or keep it."""

import secrets

from flask import Flask, Response, g

from booking.config import Settings

_NOWHERE = ", ".join(
    f"{feature}=()" for feature in ("camera", "geolocation", "microphone", "payment", "usb", "interest-cohort")
)


def style_nonce() -> str:
    """For a ``<style nonce=...>`` that holds measures of this page only; the header then names the nonce."""
    if "style_nonce" not in g:
        g.style_nonce = secrets.token_urlsafe(16)
    nonce: str = g.style_nonce
    return nonce


def policy() -> str:
    nonce = f" 'nonce-{g.style_nonce}'" if "style_nonce" in g else ""
    return (
        "default-src 'none'; script-src 'self'; "
        f"style-src 'self'{nonce}; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def install(app: Flask, settings: Settings) -> None:
    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy())
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", _NOWHERE)
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if settings.is_https:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if response.mimetype == "text/html":
            # A desk's computer is shared: nothing of a signed-in page stays on it.
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response
