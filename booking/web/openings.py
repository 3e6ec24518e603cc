"""One's opening hours: making, changing and ending them, whole, from a date on, or one date."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from wtforms import SelectField

from booking import clock
from booking.actions import openings_editing
from booking.actions.displaced import within_opening
from booking.actions.opening_views import DateChange, OpeningView, next_dates, opening
from booking.actions.openings_editing import Edited, OpeningDraft
from booking.actions.planner import PlannedCalendar
from booking.actions.rights import Actor
from booking.actions.search_choices import choices
from booking.database import db, write
from booking.refusals import Invalid, NotFound, Stale
from booking.timeline.interval import to_aware, to_minute
from booking.web import current_actor, current_language, render, say, today, wants_fragment, write_once
from booking.web.availability import MOST_LISTED, SaidOpening, said_opening, seen_appointments
from booking.web.base_form import options
from booking.web.calendar_choice import managed_calendar, managed_calendars
from booking.web.carried import shown_again
from booking.web.coming_dates import Coming, coming, elsewhere
from booking.web.opening_form import HoursForm, OpeningForm
from booking.web.recurrence_words import ending, rhythm

blueprint = Blueprint("openings", __name__, url_prefix="/disponibilites/plages")

DATES_SHOWN = 12
LONGEST_WAY_BACK = 1500
"""Characters of a removed opening that fit into a message, to make it again."""


@dataclass(frozen=True)
class Preview:
    """What would be saved: its rule in words and the next dates; no dates while the form says nothing sensible."""

    words: str
    dates: list[Coming]


class DateForm(HoursForm):
    """One date of an opening, held at other hours, on another day or elsewhere."""

    venue = SelectField(lazy_gettext("Lieu"))


@blueprint.route("/nouvelle", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    actor, session = current_actor(), db.session()
    calendar = managed_calendars(session, actor).chosen
    if calendar is None:
        raise NotFound
    form = OpeningForm().offer(choices(session, actor), calendar, None)
    form.begin_new(calendar, _day_asked() or today())
    if _is_asked_to_save(form):
        done: list[Edited] = []

        def work(session: Session) -> str:
            done[:] = [openings_editing.add(session, actor, calendar.id, form.draft(), clock.now())]
            return _then(calendar, done[0])

        try:
            address = write_once(work)
        except Invalid as error:
            form.take(error)
        else:
            say(gettext("La plage est ouverte."))
            return redirect(address, 303)
    return _form_page(form, calendar, None, None)


@blueprint.route("/<id>", methods=["GET", "POST"])
def edit(id: str) -> ResponseReturnValue:
    """The whole opening, or with ``?des=`` what follows from that date on: what was before stays."""
    actor, session = current_actor(), db.session()
    standing, calendar = _standing(session, actor, id)
    on = _day_asked("des") if standing.rrule else None
    form = OpeningForm().offer(choices(session, actor), calendar, standing)
    form.begin_from(standing, on)
    if _is_asked_to_save(form):
        draft = form.draft(tuple(each[:10] for each in standing.exdates))
        follows = form.day.data if on is not None else None

        def work(session: Session) -> str:
            seen = request.form.get("version", type=int)
            return _then(calendar, openings_editing.change(session, actor, id, draft, clock.now(), seen, on=follows))

        try:
            address = write_once(work)
        except Invalid as error:
            form.take(error)
        except Stale:
            db.session.rollback()
            standing, _ = _standing(db.session(), actor, id)
            form.form_errors.append(
                gettext("Cette plage a été modifiée entre-temps. Vérifiez votre saisie, puis enregistrez à nouveau.")
            )
        else:
            say(gettext("La plage est modifiée."))
            return redirect(address, 303)
    return _form_page(form, calendar, standing, on)


@blueprint.get("/<id>/dates")
def dates(id: str) -> ResponseReturnValue:
    """The coming dates one by one, each to be changed or taken out."""
    actor, session = current_actor(), db.session()
    standing, calendar = _standing(session, actor, id)
    venues = {each.id: each.name for each in choices(session, actor).venues}
    since = _day_asked("des")
    now = clock.now()
    if since is not None and since > today():
        now = to_aware(
            to_minute(datetime.combine(since, datetime.min.time()), ZoneInfo(standing.zone)), ZoneInfo("UTC")
        )
    found = coming(
        next_dates(session, standing.draft, now, DATES_SHOWN, standing.changes),
        standing.zone,
        elsewhere(standing, venues),
    )
    return render(
        "openings/dates.html",
        said=_said(session, actor, standing),
        calendar=calendar,
        dates=found,
        later=found[-1].original + timedelta(days=1) if standing.rrule and len(found) >= DATES_SHOWN else None,
        since=since,
    )


@blueprint.route("/<id>/dates/<day>", methods=["GET", "POST"], endpoint="date")
def one_date(id: str, day: str) -> ResponseReturnValue:
    """Other hours, another day or another place, for one date only."""
    actor, session = current_actor(), db.session()
    standing, calendar = _standing(session, actor, id)
    original = _date_of(standing, day)
    places = {each.id: each.name for each in choices(session, actor).venues if each.zone == standing.zone}
    places.setdefault(standing.venue, standing.venue_name)
    form = DateForm()
    form.day.label.text = gettext("Jour")
    form.venue.choices = options(places.items())
    if calendar.kind != "adviser":
        del form.venue
    if request.method == "GET":
        changed = next((each for each in standing.changes if each.original == original), None)
        start = datetime.fromisoformat(changed.start if changed and changed.start else original)
        form.show_hours(start, (changed.minutes if changed else None) or standing.minutes)
        if form.venue is not None:
            form.venue.data = (changed.venue if changed else None) or standing.venue
    if form.validate_on_submit():

        def work(session: Session) -> str:
            done = openings_editing.change_date(
                session,
                actor,
                id,
                original,
                clock.now(),
                start=form.start.strftime("%Y-%m-%dT%H:%M"),
                minutes=form.minutes,
                venue=form.venue.data if form.venue is not None and form.venue.data != standing.venue else None,
            )
            return _then(calendar, done, url_for("openings.dates", id=id))

        try:
            address = write_once(work)
        except Invalid as error:
            form.take_faults(error, {"/start": "day", "/minutes": "to_hour"})
        else:
            say(gettext("Cette date est changée."), undo=url_for("openings.restore_date", id=id, day=day))
            return redirect(address, 303)
    return render(
        "openings/date.html",
        _status(form),
        form=form,
        said=_said(session, actor, standing),
        calendar=calendar,
        original=date.fromisoformat(original[:10]),
    )


@blueprint.post("/<id>/dates/<day>/annuler")
def cancel_date(id: str, day: str) -> ResponseReturnValue:
    actor = current_actor()
    standing, calendar = _standing(db.session(), actor, id)
    address = url_for("openings.dates", id=id)
    if not shown_again():
        address = write(
            lambda session: _then(
                calendar,
                openings_editing.change_date(session, actor, id, _date_of(standing, day), clock.now(), start=None),
                address,
            )
        )
        say(gettext("Cette date est annulée."), undo=url_for("openings.restore_date", id=id, day=day))
    return redirect(address, 303)


@blueprint.post("/<id>/dates/<day>/retablir")
def restore_date(id: str, day: str) -> ResponseReturnValue:
    actor = current_actor()
    standing, calendar = _standing(db.session(), actor, id)
    address = url_for("openings.dates", id=id)
    if not shown_again():
        address = write(
            lambda session: _then(
                calendar,
                openings_editing.undo_date(session, actor, id, _date_of(standing, day), clock.now()),
                address,
            )
        )
        say(gettext("Cette date suit de nouveau la règle."))
    return redirect(address, 303)


@blueprint.route("/<id>/supprimer", methods=["GET", "POST"])
def remove(id: str) -> ResponseReturnValue:
    """Ends an opening from a date on, or takes it away as if it had never been; with what that concerns."""
    actor, session = current_actor(), db.session()
    standing, calendar = _standing(session, actor, id)
    if request.method == "POST" and not shown_again():
        on = _day_asked("des") if request.form.get("how") == "end" else None
        if request.form.get("how") == "all" or on is not None:
            way_back = _way_back(standing) if on is None else None
            address = write(
                lambda session: _then(calendar, openings_editing.remove(session, actor, id, clock.now(), on=on))
            )
            say(
                gettext("La plage s’arrête là.") if on else gettext("La plage est supprimée."),
                undo=url_for("openings.put_back") if way_back else None,
                undo_fields={"agenda": calendar.id, "plage": way_back} if way_back else None,
            )
            return redirect(address, 303)
    concerned = within_opening(session, calendar.pk, id, clock.now())
    said = _said(session, actor, standing)
    return render(
        "openings/remove.html",
        said=said,
        calendar=calendar,
        appointments=seen_appointments(session, actor, [each.id for each in concerned[:MOST_LISTED]]),
        has_begun=bool(standing.rrule) and datetime.fromisoformat(standing.start).date() < today(),
        end_on=said.next.original if said.next else today(),
    )


@blueprint.post("/retablir")
def put_back() -> ResponseReturnValue:
    """Makes a removed opening again, its changed dates with it."""
    actor = current_actor()
    calendar = managed_calendar(db.session(), actor, request.form.get("agenda", ""))
    if not shown_again():
        draft, changes = _read_way_back(request.form.get("plage", ""))

        def work(session: Session) -> None:
            made = openings_editing.add(session, actor, calendar.id, draft, clock.now())
            for each in changes:
                openings_editing.change_date(
                    session,
                    actor,
                    made.id,
                    each.original,
                    clock.now(),
                    start=each.start,
                    minutes=each.minutes,
                    venue=each.venue,
                )

        write(work)
        say(gettext("La plage est rétablie."))
    return redirect(_home(calendar), 303)


def preview(session: Session, draft: OpeningDraft, zone: ZoneInfo, changes: Sequence[DateChange] = ()) -> Preview:
    """The next five dates that take place, and those left out between them."""
    start, language = datetime.fromisoformat(draft.start), current_language()
    parts = (rhythm(draft.rrule, start, zone, language), ending(draft.rrule, start, zone, language))
    found = next_dates(session, draft, clock.now(), changes=changes)
    return Preview(", ".join(filter(None, parts)), coming(found, zone.key))


def _form_page(
    form: OpeningForm, calendar: PlannedCalendar, standing: OpeningView | None, on: date | None
) -> ResponseReturnValue:
    actor, session = current_actor(), db.session()
    shown: Preview | None = None
    if form.has_sound_dates:
        try:
            exdates = tuple(each[:10] for each in standing.exdates) if standing else ()
            changes = standing.changes if standing and on is None else ()
            shown = preview(session, form.draft(exdates), form.zone, changes)
        except (Invalid, ValueError, KeyError, TypeError):
            shown = None  # a form that says nothing sensible yet has no dates
    return render(
        "openings/form.html",
        _status(form),
        form=form,
        calendar=calendar,
        is_own=calendar.pk == actor.calendar_pk,
        standing=standing,
        on=on,
        has_begun=bool(standing and standing.rrule and datetime.fromisoformat(standing.start).date() < today()),
        preview=shown,
        home=_home(calendar),
    )


def _is_asked_to_save(form: OpeningForm) -> bool:
    """Whether the form is sound and was sent to be saved, not only to see its dates."""
    return bool(form.validate_on_submit()) and "preview" not in request.form


def _status(form: Any) -> int:
    """A form that is still being filled in, its dates shown meanwhile, is no refusal."""
    return 422 if request.method == "POST" and form.errors and not wants_fragment() else 200


def _standing(session: Session, actor: Actor, opening_id: str) -> tuple[OpeningView, PlannedCalendar]:
    """The opening and its calendar, for whoever manages it."""
    standing = opening(session, actor, opening_id)
    return standing, managed_calendar(session, actor, standing.calendar)


def _said(session: Session, actor: Actor, standing: OpeningView) -> SaidOpening:
    found = choices(session, actor)
    return said_opening(
        session, standing, {each.id: each.name for each in found.purposes}, {v.id: v.name for v in found.venues}
    )


def _then(calendar: PlannedCalendar, done: Edited, address: str | None = None) -> str:
    """Where to go on: to the appointments that are now outside of opening hours, if there are any."""
    if done.outside:
        ids = [each.id for each in done.outside[:MOST_LISTED]]
        return url_for("availability.displaced", calendar_id=calendar.id, rdv=ids)
    return address or _home(calendar)


def _home(calendar: PlannedCalendar) -> str:
    own = calendar.pk == current_actor().calendar_pk
    return url_for("availability.mine", agenda=None if own else calendar.id)


def _day_asked(name: str = "jour") -> date | None:
    try:
        return date.fromisoformat(request.values.get(name, ""))
    except ValueError:
        return None


def _date_of(standing: OpeningView, day: str) -> str:
    """The local start that names one date of the opening."""
    try:
        date.fromisoformat(day)
    except ValueError:
        raise NotFound from None
    return day[:10] + standing.start[10:]


def _way_back(standing: OpeningView) -> str | None:
    """A removed opening as text, to make it again; ``None`` when it is too long for a message."""
    text = json.dumps({**asdict(standing.draft), "changes": [asdict(each) for each in standing.changes]})
    return text if len(text) <= LONGEST_WAY_BACK else None


def _read_way_back(text: str) -> tuple[OpeningDraft, list[DateChange]]:
    try:
        read: dict[str, Any] = json.loads(text)
        changes = [DateChange(**each) for each in read.pop("changes")]
        purposes = read.pop("purposes")
        draft = OpeningDraft(
            **{**read, "minutes": int(read["minutes"]), "exdates": tuple(read["exdates"])},
            purposes=None if purposes is None else tuple(purposes),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        raise NotFound from None
    return draft, changes
