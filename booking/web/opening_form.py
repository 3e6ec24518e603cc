"""The form of an opening: where, when, how often, how one comes, for what."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, DateField, RadioField, SelectField, SelectMultipleField, TimeField
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from booking.actions.opening_views import OpeningView
from booking.actions.openings_editing import OpeningDraft
from booking.actions.planner import PlannedCalendar
from booking.actions.search_choices import Choices
from booking.refusals import Invalid
from booking.timeline.recurrence import make_series, split
from booking.web.base_form import Form, options
from booking.web.recurrence_form import WEEKLY, RepeatForm

BY_APPOINTMENT, DROP_IN, BOTH = "by_appointment", "drop_in", "both"
ALL_PURPOSES, SOME_PURPOSES = "all", "some"
A_DAY = 1440
_HOUR = lazy_gettext("Indiquez une heure, par exemple 9:00.")
_FIELDS = {"/start": "day", "/minutes": "to_hour", "/rrule": "repeats", "/exdates": "repeats", "/on": "day"}


class HoursForm(Form):
    """From one hour to another of one day."""

    day = DateField(lazy_gettext("Premier jour"), [InputRequired(lazy_gettext("Indiquez un jour."))])
    from_hour = TimeField(lazy_gettext("De"), [InputRequired(_HOUR)], default=time(9))
    to_hour = TimeField(lazy_gettext("À"), [InputRequired(_HOUR)], default=time(12))

    @property
    def minutes(self) -> int:
        """How long it lasts; midnight as an end is that of the day's end."""
        first, last = self.from_hour.data, self.to_hour.data
        length: int = (last.hour - first.hour) * 60 + last.minute - first.minute
        return length + A_DAY if last == time(0) else length

    @property
    def start(self) -> datetime:
        return datetime.combine(self.day.data, self.from_hour.data)

    def validate(self, extra_validators: Any = None) -> bool:
        sound = bool(super().validate(extra_validators))
        if self.from_hour.data and self.to_hour.data and self.minutes <= 0:
            self.to_hour.errors = [*self.to_hour.errors, gettext("La fin vient avant le début.")]
        return sound and not self.errors

    def show_hours(self, start: datetime, minutes: int) -> None:
        self.day.data, self.from_hour.data = start.date(), start.time()
        self.to_hour.data = (start + timedelta(minutes=minutes)).time()


class OpeningForm(HoursForm, RepeatForm):
    venue = SelectField(lazy_gettext("Lieu"), [InputRequired()])
    admission = RadioField(
        lazy_gettext("Comment vient-on ?"),
        choices=options(
            (
                (BY_APPOINTMENT, lazy_gettext("avec rendez-vous")),
                (DROP_IN, lazy_gettext("sans rendez-vous : une permanence")),
                (BOTH, lazy_gettext("les deux")),
            )
        ),
        default=BY_APPOINTMENT,
    )
    admits = RadioField(
        lazy_gettext("Pour quels motifs ?"),
        choices=options(
            ((ALL_PURPOSES, lazy_gettext("tous ceux du métier")), (SOME_PURPOSES, lazy_gettext("seulement ceux-ci")))
        ),
        default=ALL_PURPOSES,
    )
    purposes = SelectMultipleField(
        lazy_gettext("Motifs"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    holidays = BooleanField(lazy_gettext("Ouvert aussi les jours fériés"))
    zones: dict[str, str]

    def offer(self, choices: Choices, calendar: PlannedCalendar, standing: OpeningView | None) -> "OpeningForm":
        """What can be chosen; a place or purpose that stands already stays a choice."""
        places = {each.id: (each.name, each.zone) for each in choices.venues}
        purposes = {each.id: each.name for each in choices.purposes if each.admits(calendar.profession)}
        if standing is not None:
            places.setdefault(standing.venue, (standing.venue_name, standing.zone))
            names = {each.id: each.name for each in choices.purposes}
            purposes |= {each: names.get(each, each) for each in standing.purposes or ()}
        self.zones = {place: zone for place, (_, zone) in places.items()}
        self.venue.choices = options((place, name) for place, (name, _) in places.items())
        self.purposes.choices = options(purposes.items())
        if calendar.kind != "adviser":
            del self.admission, self.admits, self.purposes
            self.venue.choices = [
                each for each in self.venue.choices if each.value == self.venue_of(calendar, standing)
            ]
        return self

    @staticmethod
    def venue_of(calendar: PlannedCalendar, standing: OpeningView | None) -> str | None:
        """Where a room or a vehicle is: the only place where it can open."""
        return calendar.venue or (standing.venue if standing is not None else None)

    def begin_new(self, calendar: PlannedCalendar, day: date) -> None:
        """What a new opening starts from: the usual place, once a week."""
        if not self.is_filled_in:
            self.venue.data, self.day.data, self.repeats.data = calendar.venue, day, WEEKLY

    def begin_from(self, opening: OpeningView, on: date | None) -> None:
        """What a standing opening says; from the date ``on``, what is left of it then."""
        zone, start, count = ZoneInfo(opening.zone), datetime.fromisoformat(opening.start), None
        if on is not None:
            tail = split(make_series(start, opening.minutes, opening.rrule, opening.exdates, zone), on)[1]
            if tail is not None and tail.rule is not None:
                start, count = tail.start, tail.rule.count
        self.begin_with(opening.rrule, start, zone)
        if self.is_filled_in:
            return
        if count is not None:
            self.times.data = count
        self.show_hours(start, opening.minutes)
        self.venue.data = opening.venue
        self.holidays.data = opening.holidays == "open"
        if self.admission is None:
            return
        self.admission.data = opening.admission
        if opening.purposes is not None:
            self.admits.data, self.purposes.data = SOME_PURPOSES, list(opening.purposes)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.zones[self.venue.data])

    def draft(self, exdates: tuple[str, ...] = ()) -> OpeningDraft:
        """What was asked for; ``exdates`` are local dates that the rule leaves out already."""
        return OpeningDraft(
            self.venue.data,
            self.start.strftime("%Y-%m-%dT%H:%M"),
            self.minutes,
            self.rule(self.start, self.zone),
            exdates,
            self.admission.data if self.admission is not None else BOTH,
            tuple(self.purposes.data) if self.admits is not None and self.admits.data == SOME_PURPOSES else None,
            "open" if self.holidays.data else "closed",
        )

    def validate(self, extra_validators: Any = None) -> bool:
        super().validate(extra_validators)
        if self.admits is not None and self.admits.data == SOME_PURPOSES and not self.purposes.data:
            self.blame("purposes", gettext("Cochez au moins un motif."))
        return not self.errors

    def take(self, refusal: Invalid) -> None:
        """Says what the action found wrong."""
        self.take_faults(
            refusal,
            _FIELDS,
            {
                "empty": gettext("Aucune date ne correspond à cette répétition."),
                "range": gettext("Il n’y a plus aucune date à partir de ce jour."),
                "unknown_id": gettext("Ce choix n’existe plus."),
            },
        )
