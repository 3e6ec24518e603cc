"""The part of a form that says how something repeats: opening hours and absences share it.

A rule that this form cannot say (an imported one) is kept as it is until somebody chooses another.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext, lazy_gettext
from wtforms import DateField, IntegerField, RadioField, SelectField, SelectMultipleField
from wtforms.validators import NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from booking.timeline.rule import WEEKDAYS, Rule, parse_rule, rule_text
from booking.web.base_form import Form, options
from booking.web.language import current_language
from booking.web.recurrence_words import ending, rank_name, rhythm, weekday_name

ONCE, DAILY, WEEKLY, MONTHLY, KEPT = "once", "daily", "weekly", "monthly", "kept"
SAME_DAY, LAST_DAY = "date", "end"
NEVER, ON, TIMES = "never", "on", "times"
RANKS = (1, 2, 3, 4, -1)
INTERVALS = {
    "1": lazy_gettext("à chaque fois"),
    "2": lazy_gettext("une fois sur deux"),
    "3": lazy_gettext("une fois sur trois"),
    "4": lazy_gettext("une fois sur quatre"),
}
MOST_TIMES = 999
_ABOUT_DATES = {
    *("day", "from_hour", "to_hour", "extent", "to_day", "venue"),
    *("repeats", "days", "rank", "weekday", "interval", "ends", "last_day", "times"),
}


class RepeatForm(Form):
    """``day`` is the first day, a field of the form that this one is part of."""

    repeats = RadioField(
        lazy_gettext("Répétition"),
        choices=options(
            (
                (ONCE, lazy_gettext("une seule fois")),
                (WEEKLY, lazy_gettext("toutes les semaines")),
                (MONTHLY, lazy_gettext("tous les mois")),
                (DAILY, lazy_gettext("tous les jours")),
            )
        ),
        default=ONCE,
    )
    days = SelectMultipleField(
        lazy_gettext("Quels jours de la semaine ?"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    rank = SelectField(lazy_gettext("Quel jour du mois ?"), default=SAME_DAY)
    weekday = SelectField(lazy_gettext("Jour de la semaine"), coerce=int, default=0)
    interval = SelectField(lazy_gettext("À quel rythme ?"), coerce=int, default=1)
    ends = RadioField(
        lazy_gettext("Jusqu’à quand ?"),
        choices=options(
            (
                (NEVER, lazy_gettext("sans fin")),
                (ON, lazy_gettext("jusqu’à une date")),
                (TIMES, lazy_gettext("un nombre de fois")),
            )
        ),
        default=NEVER,
    )
    last_day = DateField(lazy_gettext("Dernier jour"), [Optional()])
    times = IntegerField(lazy_gettext("Nombre de fois"), [Optional(), NumberRange(1, MOST_TIMES)])
    kept: str | None = None

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        language = current_language()
        self.days.choices = options((code, weekday_name(number, language)) for number, code in enumerate(WEEKDAYS))
        self.weekday.choices = options((str(number), weekday_name(number, language)) for number in range(7))
        self.rank.choices = options(
            [
                (SAME_DAY, gettext("à la même date que le premier jour")),
                *((str(rank), gettext("%(rank)s… du mois", rank=rank_name(rank, language))) for rank in RANKS),
                (LAST_DAY, gettext("le dernier jour du mois")),
            ]
        )
        self.interval.choices = options(INTERVALS.items())

    @property
    def has_sound_dates(self) -> bool:
        """Whether nothing that decides about its dates is wrong, whatever else may be."""
        return not set(self.errors) & _ABOUT_DATES

    @property
    def is_filled_in(self) -> bool:
        """Whether somebody's answers are in it, those carried through a sign-in among them."""
        return request.method == "POST"

    def begin_with(self, rrule: str | None, start: datetime, zone: ZoneInfo) -> None:
        """Shows a rule that stands already; to be called before the form is read."""
        if not rrule:
            return
        rule = parse_rule(rrule, start, zone)
        self._offer(rule, rrule, start, zone)
        if self.is_filled_in:
            return
        self.repeats.data = KEPT if self.kept else rule.frequency.lower()
        self.interval.data = rule.interval
        self.days.data = [WEEKDAYS[each] for each in rule.weekdays]
        if rule.nth_weekdays:
            self.rank.data, self.weekday.data = str(rule.nth_weekdays[0][0]), rule.nth_weekdays[0][1]
        elif rule.month_days == (-1,):
            self.rank.data = LAST_DAY
        self.ends.data = ON if rule.until else TIMES if rule.count else NEVER
        self.last_day.data, self.times.data = rule.until, rule.count

    def rule(self, start: datetime, zone: ZoneInfo) -> str | None:
        """The rule as RFC 5545 writes it, for a series that starts at this local time."""
        repeats = self.repeats.data
        if repeats == ONCE:
            return None
        if repeats == KEPT:
            return self.kept
        parts = [f"FREQ={repeats.upper()}", f"INTERVAL={self.interval.data or 1}"]
        if repeats == WEEKLY and self.days.data:
            parts.append(f"BYDAY={','.join(self.days.data)}")
        if repeats == MONTHLY and self.rank.data == LAST_DAY:
            parts.append("BYMONTHDAY=-1")
        elif repeats == MONTHLY and self.rank.data not in (None, SAME_DAY):
            parts.append(f"BYDAY={self.rank.data}{WEEKDAYS[self.weekday.data]}")
        if self.ends.data == ON and self.last_day.data:
            parts.append(f"UNTIL={self.last_day.data:%Y%m%d}")
        if self.ends.data == TIMES and self.times.data:
            parts.append(f"COUNT={self.times.data}")
        return rule_text(parse_rule(";".join(parts), start, zone), start, zone)

    def validate(self, extra_validators: Any = None) -> bool:
        sound = bool(super().validate(extra_validators))
        if self.repeats.data in (ONCE, KEPT):
            return sound
        if self.ends.data == ON and not self.last_day.errors:
            first = self["day"].data
            if self.last_day.data is None:
                self.blame("last_day", gettext("Indiquez le dernier jour."))
            elif first is not None and self.last_day.data < first:
                self.blame("last_day", gettext("Le dernier jour vient avant le premier."))
        if self.ends.data == TIMES and self.times.data is None and not self.times.errors:
            self.blame("times", gettext("Indiquez combien de fois."))
        return sound and not self.errors

    def blame(self, name: str, sentence: str) -> None:
        """Says beside a field what is wrong with it."""
        self[name].errors = [*self[name].errors, sentence]

    def _offer(self, rule: Rule, rrule: str, start: datetime, zone: ZoneInfo) -> None:
        """Adds to the choices what this rule says and they do not."""
        if str(rule.interval) not in INTERVALS:
            one_in = gettext("une fois sur %(number)s", number=rule.interval)
            self.interval.choices = options([*INTERVALS.items(), (str(rule.interval), one_in)])
        if _is_sayable(rule, start):
            return
        self.kept = rrule
        words = ", ".join(filter(None, (how(rrule, start, zone, current_language()) for how in (rhythm, ending))))
        self.repeats.choices = [*self.repeats.choices, *options([(KEPT, words)])]


def _is_sayable(rule: Rule, start: datetime) -> bool:
    """Whether the fields of this form can say the rule."""
    if rule.week_start:
        return False
    if rule.frequency == "DAILY":
        return not rule.weekdays
    if rule.frequency == "WEEKLY":
        return True
    if rule.frequency == "YEARLY" or rule.months or rule.positions:
        return False
    if rule.nth_weekdays:
        return not rule.month_days and len(rule.nth_weekdays) == 1 and rule.nth_weekdays[0][0] in RANKS
    return rule.month_days in ((start.day,), (-1,))
