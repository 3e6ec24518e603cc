"""The form in which one takes down who an appointment is for; the same wherever one books or amends."""

from typing import Any

from flask import request, session
from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, EmailField, SelectField, StringField, TelField, TextAreaField
from wtforms.validators import Length, Optional

from booking.actions.appointment_requests import NOTE_LENGTH
from booking.actions.appointment_views import AppointmentView
from booking.actions.beneficiaries import NAME_LENGTH, BeneficiaryDraft
from booking.refusals import Invalid
from booking.web.base_form import Form

FIELDS = {
    "/beneficiary/name": "name",
    "/beneficiary/phone": "phone",
    "/beneficiary/email": "email",
    "/note": "note",
    "/urgency": "urgency",
}
KEPT = "recherche"
"""Where the session keeps what was chosen for the last booking."""


def _plain_lines(text: str | None) -> str | None:
    """Line ends of one letter, as they are counted on the screen."""
    return text.replace("\r\n", "\n") if text else text


class BookingForm(Form):
    """Nothing in it is required: some people give a first name, some only come."""

    name = StringField(
        lazy_gettext("Nom de la personne"),
        [Length(max=NAME_LENGTH, message=lazy_gettext("Ce nom est trop long (120 lettres au plus)."))],
    )
    phone = TelField(lazy_gettext("Téléphone"), [Length(max=40, message=lazy_gettext("Ce numéro est trop long."))])
    email = EmailField(
        lazy_gettext("Adresse mail"), [Length(max=254, message=lazy_gettext("Cette adresse est trop longue."))]
    )
    consent_reminders = BooleanField(lazy_gettext("La personne accepte les rappels par mail"))
    note = TextAreaField(
        lazy_gettext("Note pour la personne qui reçoit"),
        [Length(max=NOTE_LENGTH, message=lazy_gettext("Cette note est trop longue (300 caractères au plus)."))],
        filters=[_plain_lines],
    )
    urgency = SelectField(lazy_gettext("Urgence"), [Optional()], default="")

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.urgency.choices = urgency_choices()

    @property
    def beneficiary(self) -> BeneficiaryDraft | None:
        """The person as typed; ``None`` when nothing was."""
        if not (self.name.data or self.phone.data or self.email.data):
            return None
        return BeneficiaryDraft(
            name=self.name.data or None,
            phone=self.phone.data or None,
            email=self.email.data or None,
            consent_reminders=bool(self.consent_reminders.data),
        )

    def take(self, refusal: Invalid) -> None:
        """Puts what an action found wrong beside its field."""
        self.take_faults(
            refusal,
            FIELDS,
            {
                "phone": gettext("Ce numéro de téléphone semble incomplet. Exemple : 05 36 49 12 34."),
                "email": gettext("Cette adresse mail semble incomplète. Exemple : prenom.nom@exemple.fr."),
                "too_long": gettext("C’est trop long."),
                "unknown_id": gettext("Ce choix n’existe plus, ou ne vous est pas ouvert."),
            },
        )


def urgency_choices() -> list[tuple[str, str]]:
    return [
        ("", gettext("Pas d’urgence particulière")),
        ("felt", gettext("La personne le vit comme urgent")),
        ("real", gettext("Urgence réelle pour l’administration")),
        ("deadline", gettext("Une échéance approche")),
    ]


def filled_from(form: BookingForm, appointment: AppointmentView, *, note: bool) -> None:
    """Takes the person over from an appointment, as far as its reader may see."""
    person = appointment.beneficiary
    if person is not None:
        form.name.data = person.name
        form.phone.data = person.phone
        form.email.data = person.email
        form.consent_reminders.data = person.consent_reminders
    if note:
        form.note.data = appointment.note
        form.urgency.data = appointment.urgency or ""


def kept() -> dict[str, Any]:
    """What was chosen for the last booking in this session."""
    found = session.get(KEPT)
    return dict(found) if isinstance(found, dict) else {}


def keep(choices: dict[str, Any]) -> None:
    """Keeps what was chosen, so that the next search begins there."""
    session[KEPT] = {name: value for name, value in choices.items() if value is not None}


def fields() -> list[tuple[str, str]]:
    """What a form holds besides the token of its session: the same press sent twice is the same."""
    return sorted((name, value) for name, value in request.form.items(multi=True) if name != "csrf_token")
