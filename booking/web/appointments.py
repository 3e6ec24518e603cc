"""The page of an appointment: who, where, when, what is sent; and everything one can do with it but move it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from booking import clock
from booking.actions import appointment_views, appointments, audit, callers, notices, places, proposals, search_choices
from booking.actions.appointment_requests import NOTE_LENGTH, Move
from booking.actions.appointment_rows import held_by
from booking.actions.appointment_views import AppointmentView
from booking.actions.beneficiaries import BeneficiaryDraft
from booking.database import db, write
from booking.models import Entry
from booking.refusals import Clash, Forbidden, Invalid, Stale, WrongState
from booking.web import booking_form, current_actor, render, say
from booking.web.base_form import Form
from booking.web.booking_form import BookingForm
from booking.web.carried import local_path

blueprint = Blueprint("appointments", __name__)
Result = TypeVar("Result")
SOON_MINUTES = 30
"""How long before its start an appointment's attendance can be noted."""


@blueprint.get("/rendez-vous")
def find() -> ResponseReturnValue:
    """The appointments of a caller, by name or number; also over the field at the head of every page."""
    text = " ".join(request.args.get("q", "").split())[:120]
    found = callers.found(db.session(), current_actor(), text, clock.now()) if text else None
    return render("appointments/find.html", text=text, found=found)


@blueprint.get("/rendez-vous/<id>")
def show(id: str) -> ResponseReturnValue:
    """One appointment. Also what stands at its confirmation."""
    actor, session = current_actor(), db.session()
    seen = appointment_views.view(session, actor, id)
    now_minute = int(clock.now().timestamp()) // 60
    return render(
        "appointments/show.html",
        appointment=seen,
        place=places.place_of(session, seen),
        notices=notices.notices_of(session, seen.pk) if seen.may_change else [],
        history=audit.history(session, "appointment", seen.id) if seen.may_change else [],
        waits_for=_waits_for(session, seen),
        ended=_ended(session, seen),
        form=Form(formdata=None),
        now=clock.now(),
        is_under_way=seen.status == "confirmed" and seen.starts < now_minute < seen.ends,
        is_over=seen.ends <= now_minute,
        may_note=seen.may_change and seen.status == "confirmed" and seen.starts <= now_minute + SOON_MINUTES,
    )


def _waits_for(session: Session, seen: AppointmentView) -> list[str]:
    """The names of those whose yes a proposal waits for."""
    if seen.status != "tentative":
        return []
    entry = session.get_one(Entry, seen.pk)
    return [each.name for each in proposals.awaited(session, entry, held_by(session, entry))]


def _ended(session: Session, seen: AppointmentView) -> str | None:
    """How a cancelled appointment came to its end: ``cancel``, ``reject`` or ``lapse``."""
    if seen.status != "cancelled":
        return None
    acts = [action for _, _, action, _ in audit.history(session, "appointment", seen.id)]
    return next((each for each in reversed(acts) if each in ("cancel", "reject", "lapse")), "cancel")


@blueprint.get("/rendez-vous/<id>/fiche")
def slip(id: str) -> ResponseReturnValue:
    """What one hands over on paper to somebody without mail."""
    session = db.session()
    seen = appointment_views.view(session, current_actor(), id)
    return render("appointments/slip.html", appointment=seen, place=places.place_of(session, seen))


@blueprint.get("/rendez-vous/<id>/modifier")
def edit(id: str) -> ResponseReturnValue:
    """The person, the note and the urgency, to be amended."""
    seen = _changeable(id)
    form = BookingForm(formdata=None)
    booking_form.filled_from(form, seen, note=True)
    return render("appointments/edit.html", appointment=seen, form=form)


@blueprint.post("/rendez-vous/<id>/modifier")
def amend(id: str) -> ResponseReturnValue:
    actor, seen = current_actor(), _changeable(id)
    form = BookingForm()
    if form.validate_on_submit():
        change = Move(
            beneficiary=replace(form.beneficiary or BeneficiaryDraft(), language=_language(seen)),
            note=form.note.data or None,
            urgency=form.urgency.data or None,
        )
        try:
            write(lambda session: appointments.move(session, actor, id, change, clock.now(), _version()))
        except Invalid as error:
            form.take(error)
        else:
            say(gettext("Les informations sont à jour."))
            return redirect(url_for("appointments.show", id=id), 303)
    return render("appointments/edit.html", 422 if form.errors else 200, appointment=seen, form=form)


@blueprint.post("/rendez-vous/<id>/annuler")
def cancel(id: str) -> ResponseReturnValue:
    """Frees the time; the way back is offered at once."""
    actor = current_actor()
    reason = request.form.get("reason", "").strip()[:NOTE_LENGTH] or None
    by = "beneficiary" if request.form.get("by") == "beneficiary" else "service"
    _do(
        id,
        lambda session: appointments.cancel(session, actor, id, reason, clock.now(), seen=_version(), by=by),
        gettext("Le rendez-vous est annulé, le créneau est de nouveau libre."),
        undo=url_for("appointments.restore", id=id),
    )
    return _back(id)


@blueprint.post("/rendez-vous/<id>/retablir")
def restore(id: str) -> ResponseReturnValue:
    """Undoes a cancellation while nobody else has taken the time."""
    actor = current_actor()
    _do(
        id,
        lambda session: appointments.restore(session, actor, id, clock.now()),
        gettext("Le rendez-vous est rétabli."),
    )
    return _back(id)


@blueprint.post("/rendez-vous/<id>/presence")
def attendance(id: str) -> ResponseReturnValue:
    """Notes whether the person came; pressing again at the page they came from."""
    actor, came = current_actor(), request.form.get("attendance", "")
    before = appointment_views.view(db.session(), actor, id).attendance
    _do(
        id,
        lambda session: appointments.mark_attendance(session, actor, id, came, clock.now()),
        gettext("C’est noté."),
        undo=url_for("appointments.attendance", id=id),
        undo_fields={"attendance": before},
    )
    return _back(id)


@blueprint.post("/rendez-vous/<id>/terminer")
def end(id: str) -> ResponseReturnValue:
    """Ends an appointment that is under way: the rest of its time is free."""
    actor = current_actor()
    _do(
        id,
        lambda session: appointments.end_now(session, actor, id, clock.now()),
        gettext("Le rendez-vous est terminé ; la suite du créneau est libre."),
    )
    return _back(id)


@blueprint.post("/rendez-vous/<id>/accepter")
def confirm(id: str) -> ResponseReturnValue:
    """Says yes to a proposal."""
    actor = current_actor()
    done = _do(
        id,
        lambda session: proposals.confirm(session, actor, id, clock.now(), _version()).status,
    )
    if done == "confirmed":
        say(gettext("Le rendez-vous est confirmé."))
    elif done is not None:
        say(gettext("Votre accord est noté ; il manque encore une réponse."), "info")
    return _back(id)


@blueprint.post("/rendez-vous/<id>/refuser")
def reject(id: str) -> ResponseReturnValue:
    """Says no to a proposal, with a reason if there is one."""
    actor = current_actor()
    reason = request.form.get("reason", "").strip()[:NOTE_LENGTH] or None
    _do(
        id,
        lambda session: proposals.reject(session, actor, id, reason, clock.now(), _version()),
        gettext("La proposition est refusée, le créneau est de nouveau libre."),
    )
    return _back(id)


def _language(seen: AppointmentView) -> str:
    return seen.beneficiary.language if seen.beneficiary is not None else "fr"


def _changeable(id: str) -> AppointmentView:
    """The appointment, for those who may change it; the others are told that they may not."""
    seen = appointment_views.view(db.session(), current_actor(), id)
    if not seen.may_change:
        raise Forbidden
    return seen


def _version() -> int | None:
    """The version that the form showed."""
    text = request.form.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _do(
    id: str,
    work: Callable[[Session], Result],
    done: str | None = None,
    *,
    undo: str | None = None,
    undo_fields: dict[str, str] | None = None,
) -> Result | None:
    """Acts, and says on the next page what was done or why it could not be; ``None`` for the latter."""
    try:
        result = write(work)
    except Clash as error:
        names = search_choices.names_of(db.session(), [each.calendar for each in error.clashes]).values()
        say(
            gettext("Ce n’est plus possible : %(who)s n’est plus libre à cette heure.", who=", ".join(names))
            if names
            else gettext("Ce n’est plus possible : le créneau a été pris entre-temps."),
            "error",
        )
    except Stale:
        say(
            gettext("Quelqu’un vient de modifier ce rendez-vous. Voici où il en est ; recommencez si besoin."),
            "warning",
        )
    except WrongState as error:
        say(
            {
                "cancelled": gettext("Ce rendez-vous est déjà annulé."),
                "not_cancelled": gettext("Ce rendez-vous n’est pas annulé."),
                "not_tentative": gettext("Cette proposition a déjà reçu sa réponse."),
                "lapsed": gettext("Cette proposition est tombée : le délai de réponse est passé."),
                "not_under_way": gettext("Ce rendez-vous n’est pas en cours."),
            }.get(error.code, gettext("Ce n’est pas possible dans l’état de ce rendez-vous.")),
            "warning",
        )
    else:
        if done:
            say(done, undo=undo, undo_fields=undo_fields)
        return result
    return None


def _back(id: str) -> ResponseReturnValue:
    """To the page the button stood on (one of ours), else to the appointment's."""
    return redirect(local_path(request.form.get("suite"), url_for("appointments.show", id=id)), 303)
