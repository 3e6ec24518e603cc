"""The doors: before a view runs, the table of rights is asked, and a form's token is checked."""

import logging

from flask import Flask, Response, current_app, g, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError, CSRFProtect

from booking.actions.routes import ROUTES, admits
from booking.refusals import Forbidden
from booking.web import carried, sessions
from booking.web.people import SignIn

csrf = CSRFProtect()
log = logging.getLogger("booking.doors")


def install(app: Flask) -> None:
    app.config.update(WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_SSL_STRICT=False)
    csrf.init_app(app)
    app.before_request(open_door)
    app.register_error_handler(sessions.SignInNeeded, lambda error: ask_to_sign_in())


def open_door() -> Response | None:
    """Lets the request through (``None``), or answers it: sign in first, take up the form again."""
    g.actor = None
    if request.endpoint is None or request.endpoint == "static":
        if request.endpoint is None:
            sessions.load()
        return None
    access = ROUTES.get(request.endpoint)
    if access is None:
        log.error("endpoint %s is in no table of rights", request.endpoint)
        raise Forbidden
    if access.has_own_key:
        return None
    sessions.load()
    if not admits(access, g.actor.role if g.actor else None):
        if g.actor is None:
            return ask_to_sign_in()
        raise Forbidden
    try:
        if current_app.config["WTF_CSRF_ENABLED"]:
            csrf.protect(apply_exemptions=True)
    except CSRFError:
        return ask_to_take_up()
    if request.method == "POST" and not carried.came_from_us():
        return ask_to_take_up()
    return None


def ask_to_sign_in() -> Response:
    """To the sign-in page: a page asked for comes afterwards, a form sent is carried through it."""
    if request.method in ("GET", "HEAD"):
        if "HX-Request" in request.headers:
            answer = Response(status=401)
            answer.headers["HX-Refresh"] = "true"
            return answer
        wanted = request.full_path.rstrip("?")
        return make_response(redirect(url_for("people.sign_in", suite=None if wanted == "/" else wanted)))
    page = render_template(
        "people/sign_in.html", form=SignIn(formdata=None), carried=carried.packed_request(), expired=True
    )
    return _whole_page(page, 401)


def ask_to_take_up() -> Response:
    """The form came with the token of another session (a second tab, a new sign-in): show what it held."""
    if request.endpoint == "people.sign_in":
        return _sign_in_again()
    if request.endpoint in ("people.sign_out", "people.language"):
        return make_response(redirect(url_for("people.home")))
    packed = carried.packed_request()
    page = render_template("people/take_up.html", kept=carried.unpacked(packed), signed_in_again=False)
    return _whole_page(page, 400)


def _sign_in_again() -> Response:
    """The sign-in page itself was of an older session: what it carries is not lost, nor the address typed."""
    kept = carried.unpacked(request.form.get(carried.FIELD)) if carried.came_from_us() else None
    if g.actor is not None:
        if kept is None:
            return make_response(redirect(url_for("people.home")))
        return _whole_page(render_template("people/take_up.html", kept=kept, signed_in_again=True), 400)
    page = render_template(
        "people/sign_in.html",
        form=SignIn(formdata=None, data={"email": request.form.get("email", "")}),
        carried=request.form.get(carried.FIELD) if kept is not None else None,
        suite=carried.local_path(request.form.get("suite"), ""),
        expired=True,
    )
    return _whole_page(page, 400)


def _whole_page(page: str, status: int) -> Response:
    answer = make_response(page, status)
    if "HX-Request" in request.headers:
        answer.status_code = 200
        answer.headers["HX-Retarget"] = "body"
        answer.headers["HX-Push-Url"] = "false"
    return answer
