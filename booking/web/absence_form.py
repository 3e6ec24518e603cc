"""The form of an absence: whole days or hours, once or again and again."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext, lazy_gettext
from wtforms import DateField, RadioField, StringField, TimeField
from wtforms.validators import InputRequired, Length, Optional

from booking.actions.absence_views import AbsenceView
from booking.actions.absences import LONGEST_TITLE, AbsenceDraft
from booking.refusals import Invalid
from booking.web.base_form import Form, options
from booking.web.recurrence_form import RepeatForm

WHOLE_DAYS, HOURS = "days", "hours"
FIELDS = {"/start": "day", "/end": "to_day", "/rrule": "repeats", "/exdates": "repeats"}
_HOUR = lazy_gettext("Indiquez une heure, par exemple 14:00.")


class TimesForm(Form):
    """From when to when: whole days, or from an hour to another."""

    extent = RadioField(
        lazy_gettext("Combien de temps ?"),
        choices=options(((WHOLE_DAYS, lazy_gettext("des jours entiers")), (HOURS, lazy_gettext("quelques heures")))),
        default=WHOLE_DAYS,
    )
    day = DateField(lazy_gettext("Du"), [InputRequired(lazy_gettext("Indiquez un jour."))])
    from_hour = TimeField(lazy_gettext("De"), [Optional()], default=time(9))
    to_day = DateField(lazy_gettext("Au"), [Optional()])
    to_hour = TimeField(lazy_gettext("À"), [Optional()], default=time(12))

    def validate(self, extra_validators: Any = None) -> bool:
        super().validate(extra_validators)
        if self.extent.data == HOURS:
            for field in (self.from_hour, self.to_hour):
                if field.data is None and not field.errors:
                    field.errors = [*field.errors, str(_HOUR)]
        if not self.errors and self.until() <= self.since():
            field = self.to_day if (self.to_day.data or self.day.data) != self.day.data else self.to_hour
            field.errors = [*field.errors, gettext("La fin vient avant le début.")]
        return not self.errors

    def since(self) -> datetime:
        return datetime.combine(self.day.data, self.from_hour.data if self.extent.data == HOURS else time(0))

    def until(self) -> datetime:
        """The end, that of the last day for whole days or for hours that end at midnight."""
        last = self.to_day.data or self.day.data
        hour = self.to_hour.data if self.extent.data == HOURS else time(0)
        return datetime.combine(last, hour) + timedelta(days=1 if hour == time(0) else 0)

    def show_times(self, start: str, end: str) -> None:
        """Fills in the local times of an absence that stands."""
        first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
        whole = first.time() == last.time() == time(0)
        self.extent.data = WHOLE_DAYS if whole else HOURS
        if last.time() == time(0):
            last -= timedelta(days=1)
        self.day.data, self.to_day.data = first.date(), last.date()
        if not whole:
            self.from_hour.data, self.to_hour.data = first.time(), datetime.fromisoformat(end).time()


class AbsenceForm(TimesForm, RepeatForm):
    title = StringField(lazy_gettext("Motif de l’absence"), [Length(max=LONGEST_TITLE)])

    def draft(self, calendar: str, exdates: tuple[str, ...], zone: ZoneInfo) -> AbsenceDraft:
        start, end = self.since(), self.until()
        rule = self.rule(start, zone)
        return AbsenceDraft(
            calendar,
            start.strftime("%Y-%m-%dT%H:%M"),
            end.strftime("%Y-%m-%dT%H:%M"),
            rule,
            exdates if rule else (),
            self.title.data or None,
        )

    def begin_from(self, standing: AbsenceView) -> None:
        start = datetime.fromisoformat(standing.start)
        self.begin_with(standing.rrule, start, ZoneInfo(standing.zone))
        if not self.is_filled_in:
            self.show_times(standing.start, standing.end)
            self.title.data = standing.title

    def take(self, refusal: Invalid) -> None:
        """Says what the action found wrong."""
        self.take_faults(
            refusal,
            FIELDS,
            {
                "order": gettext("La fin vient avant le début."),
                "range": gettext("Une absence dure un an au plus."),
                "empty": gettext("Aucune date ne correspond à cette répétition."),
                "too_many_dates": gettext("Cette répétition donne trop de dates : indiquez une fin plus proche."),
            },
        )
