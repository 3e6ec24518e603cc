"""Times when one is away, or a room or vehicle closed: whole days or hours, once or again and again."""

import json
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from booking import clock
from booking.actions import absences
from booking.actions.absence_views import AbsenceView, absence
from booking.actions.absences import AbsenceDraft
from booking.actions.appointment_views import AppointmentView, views
from booking.actions.claims import standing as standing_claims
from booking.actions.displaced import Displaced, lying_on
from booking.actions.planner import PlannedCalendar
from booking.actions.rights import Actor
from booking.actions.series import wall_text
from booking.database import db, write
from booking.refusals import Invalid, NotFound, Stale
from booking.timeline.interval import to_wall
from booking.timeline.recurrence import make_series, occurrences_from
from booking.web import current_actor, current_language, render, say, today, wants_fragment, write_once
from booking.web.absence_form import FIELDS, AbsenceForm, TimesForm
from booking.web.availability import said_absence
from booking.web.base_form import Form
from booking.web.calendar_choice import managed_calendar, managed_calendars
from booking.web.carried import shown_again
from booking.web.coming_dates import Coming
from booking.web.period_words import period

blueprint = Blueprint("absences", __name__, url_prefix="/disponibilites/absences")

DATES_SHOWN = 8
LONGEST_WAY_BACK = 1500
"""Characters of a removed absence that fit into a message, to lay it again."""


@blueprint.route("/nouvelle", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    actor, session = current_actor(), db.session()
    calendar = managed_calendars(session, actor).chosen
    if calendar is None:
        raise NotFound
    form = AbsenceForm()
    if not form.is_filled_in:
        form.day.data = _day_asked() or today()
    if _is_asked_to_save(form):

        def work(session: Session) -> str:
            draft = form.draft(calendar.id, (), ZoneInfo(actor.zone))
            return url_for("absences.show", id=absences.add(session, actor, draft, clock.now()).id)

        try:
            address = write_once(work)
        except Invalid as error:
            form.take(error)
        else:
            say(
                gettext("C’est noté : plus personne ne peut prendre rendez-vous à ce moment.")
                if calendar.kind == "adviser"
                else gettext("C’est noté : plus personne ne peut réserver à ce moment.")
            )
            return redirect(address, 303)
    return _form_page(form, calendar, None)


@blueprint.get("/<id>")
def show(id: str) -> ResponseReturnValue:
    """The absence, what it was laid over and is still there, and its coming dates."""
    actor, session = current_actor(), db.session()
    standing, calendar = _standing(session, actor, id)
    found = lying_on(session, standing.pk, clock.now()) if standing.status != "cancelled" else ()
    listed = views(session, actor, [each.entry_pk for each in found if each.kind == "appointment"])
    return render(
        "absences/show.html",
        said=said_absence(standing),
        calendar=calendar,
        is_own=calendar.pk == actor.calendar_pk,
        appointments=listed,
        others=_others(found, listed),
        days=sorted({_local_day(each.starts, standing.zone) for each in found}),
        dates=_dates(standing) if standing.rrule and standing.status != "cancelled" else [],
    )


@blueprint.route("/<id>/modifier", methods=["GET", "POST"])
def edit(id: str) -> ResponseReturnValue:
    actor, session = current_actor(), db.session()
    standing, calendar = _standing(session, actor, id)
    form = AbsenceForm()
    form.begin_from(standing)
    if _is_asked_to_save(form):
        draft = form.draft(calendar.id, tuple(each[:10] for each in standing.exdates), ZoneInfo(standing.zone))

        def work(session: Session) -> str:
            seen = request.form.get("version", type=int)
            return url_for("absences.show", id=absences.change(session, actor, id, draft, clock.now(), seen).id)

        try:
            address = write_once(work)
        except Invalid as error:
            form.take(error)
        except Stale:
            db.session.rollback()
            standing, _ = _standing(db.session(), actor, id)
            form.form_errors.append(
                gettext("Cette absence a été modifiée entre-temps. Vérifiez votre saisie, puis enregistrez à nouveau.")
            )
        else:
            say(gettext("L’absence est modifiée."))
            return redirect(address, 303)
    return _form_page(form, calendar, standing)


@blueprint.route("/<id>/dates/<day>", methods=["GET", "POST"], endpoint="date")
def one_date(id: str, day: str) -> ResponseReturnValue:
    """Another time for one date only."""
    actor, session = current_actor(), db.session()
    standing, calendar = _standing(session, actor, id)
    current = next((each for each in _dates(standing) if each.original.isoformat() == day), None)
    form = TimesForm()
    if not form.is_submitted() and request.method == "GET" and current is not None:
        zone = ZoneInfo(standing.zone)
        form.show_times(*(wall_text(each, zone) for each in (current.starts, current.ends)))
    if form.validate_on_submit():

        def work(session: Session) -> str:
            absences.change_date(
                session,
                actor,
                id,
                day,
                clock.now(),
                start=form.since().strftime("%Y-%m-%dT%H:%M"),
                end=form.until().strftime("%Y-%m-%dT%H:%M"),
            )
            return url_for("absences.show", id=id)

        try:
            address = write_once(work)
        except Invalid as error:
            form.take_faults(error, FIELDS)
        else:
            say(gettext("Cette date est changée."), undo=url_for("absences.restore_date", id=id, day=day))
            return redirect(address, 303)
    return render(
        "absences/date.html",
        _status(form),
        form=form,
        said=said_absence(standing),
        calendar=calendar,
        original=_day(day),
    )


@blueprint.post("/<id>/dates/<day>/annuler")
def cancel_date(id: str, day: str) -> ResponseReturnValue:
    actor = current_actor()
    if not shown_again():
        write(lambda session: absences.change_date(session, actor, id, day, clock.now()))
        say(gettext("Cette date est annulée."), undo=url_for("absences.restore_date", id=id, day=day))
    return redirect(url_for("absences.show", id=id), 303)


@blueprint.post("/<id>/dates/<day>/retablir")
def restore_date(id: str, day: str) -> ResponseReturnValue:
    actor = current_actor()
    if not shown_again():
        write(lambda session: absences.undo_date(session, actor, id, day, clock.now()))
        say(gettext("Cette date suit de nouveau la règle."))
    return redirect(url_for("absences.show", id=id), 303)


@blueprint.post("/<id>/supprimer")
def remove(id: str) -> ResponseReturnValue:
    actor = current_actor()
    standing, calendar = _standing(db.session(), actor, id)
    if not shown_again():
        write(lambda session: absences.remove(session, actor, id, clock.now()))
        way_back = _way_back(standing)
        say(
            gettext("L’absence est supprimée : ce temps est de nouveau libre."),
            undo=url_for("absences.put_back") if way_back else None,
            undo_fields={"agenda": calendar.id, "absence": way_back} if way_back else None,
        )
    return redirect(home(calendar), 303)


@blueprint.post("/retablir")
def put_back() -> ResponseReturnValue:
    """Lays a removed absence again, its changed dates with it."""
    actor = current_actor()
    calendar = managed_calendar(db.session(), actor, request.form.get("agenda", ""))
    if shown_again():
        return redirect(home(calendar), 303)
    draft, changes = _read_way_back(request.form.get("absence", ""), calendar.id)

    def work(session: Session) -> str:
        laid = absences.add(session, actor, draft, clock.now())
        for original, start, end in changes:
            absences.change_date(session, actor, laid.id, original, clock.now(), start=start, end=end)
        return laid.id

    laid = write(work)
    say(gettext("L’absence est rétablie."))
    return redirect(url_for("absences.show", id=laid), 303)


def home(calendar: PlannedCalendar) -> str:
    own = calendar.pk == current_actor().calendar_pk
    return url_for("availability.mine", agenda=None if own else calendar.id)


def _form_page(form: AbsenceForm, calendar: PlannedCalendar, standing: AbsenceView | None) -> ResponseReturnValue:
    actor, session = current_actor(), db.session()
    shown: list[str] | None = None
    taken: set[int] = set()
    if form.has_sound_dates:
        zone = ZoneInfo(standing.zone if standing else actor.zone)
        try:
            exdates = tuple(each[:10] for each in standing.exdates) if standing else ()
            spans = absences.next_spans(session, form.draft(calendar.id, exdates, zone), clock.now())
            shown = [period(*each, zone.key, current_language()) for each in spans]
            taken = {
                one.entry_pk
                for each in spans
                for one in standing_claims(session, [calendar.pk], *each)
                if one.exclusive
            }
        except (Invalid, ValueError, TypeError):
            shown = None  # a form that says nothing sensible yet has no dates
    return render(
        "absences/form.html",
        _status(form),
        form=form,
        calendar=calendar,
        is_own=calendar.pk == actor.calendar_pk,
        standing=standing,
        preview=shown,
        taken=len(taken),
        home=home(calendar),
    )


def _is_asked_to_save(form: Form) -> bool:
    """Whether the form is sound and was sent to be saved, not only to see its dates."""
    return bool(form.validate_on_submit()) and "preview" not in request.form


def _status(form: Form) -> int:
    """A form that is still being filled in, its dates shown meanwhile, is no refusal."""
    return 422 if request.method == "POST" and form.errors and not wants_fragment() else 200


def _standing(session: Session, actor: Actor, absence_id: str) -> tuple[AbsenceView, PlannedCalendar]:
    """The absence and its calendar, for whoever manages it."""
    standing = absence(session, actor, absence_id)
    return standing, managed_calendar(session, actor, standing.calendar)


def _others(found: tuple[Displaced, ...], listed: list[AppointmentView]) -> list[Displaced]:
    """What stands there besides the appointments that are listed."""
    seen = {each.pk for each in listed}
    return [each for each in found if each.entry_pk not in seen]


def _dates(standing: AbsenceView) -> list[Coming]:
    """The coming dates of a recurring absence, those changed and cancelled among them."""
    if standing.rrule is None:
        return []
    zone, now = ZoneInfo(standing.zone), clock.now_minute()
    series = make_series(
        datetime.fromisoformat(standing.start), standing.ends - standing.starts, standing.rrule, standing.exdates, zone
    )
    changed = {each.original: each for each in standing.dates}
    found = []
    for each in occurrences_from(series, now - series.minutes + 1):
        starts, ends = each.span
        change = changed.get(starts)
        if change is not None and change.starts is not None and change.ends is not None:
            starts, ends = change.starts, change.ends
        found.append(
            Coming(
                each.original.date(),
                starts,
                ends,
                standing.zone,
                is_cancelled=change is not None and change.starts is None,
                is_changed=change is not None and change.starts is not None,
            )
        )
        if len(found) == DATES_SHOWN:
            break
    return found


def _local_day(minute: int, zone: str) -> date:
    return to_wall(minute, ZoneInfo(zone)).date()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFound from None


def _day_asked() -> date | None:
    try:
        return date.fromisoformat(request.values.get("jour", ""))
    except ValueError:
        return None


def _way_back(standing: AbsenceView) -> str | None:
    """A removed absence as text, to lay it again; ``None`` when it is too long for a message."""
    zone = ZoneInfo(standing.zone)
    changes = [
        [wall_text(original, zone), *(each and wall_text(each, zone) for each in (starts, ends))]
        for original, starts, ends in ((each.original, each.starts, each.ends) for each in standing.dates)
    ]
    text = json.dumps({**asdict(standing.draft), "changes": changes})
    return text if len(text) <= LONGEST_WAY_BACK else None


def _read_way_back(text: str, calendar: str) -> tuple[AbsenceDraft, list[tuple[str, str | None, str | None]]]:
    try:
        read: dict[str, Any] = json.loads(text)
        changes = [(original, start, end) for original, start, end in read.pop("changes")]
        draft = AbsenceDraft(**{**read, "calendar": calendar, "exdates": tuple(read["exdates"])})
    except (ValueError, TypeError, KeyError, AttributeError):
        raise NotFound from None
    return draft, changes
