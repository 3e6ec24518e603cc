"""What every form of ours shares: it survives a lost session, cleans what was typed, and lists its faults."""

import secrets
from collections.abc import Iterable
from typing import Any

from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import Field
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from booking.actions import phones
from booking.refusals import Invalid
from booking.web import carried

_UNWRITABLE = {code: None for code in range(32) if chr(code) not in "\t\n\r"}


def trimmed(value: Any) -> Any:
    """Text without the spaces around it and without control characters, which no database or mail can hold."""
    return value.translate(_UNWRITABLE).strip() if isinstance(value, str) else value


class Form(FlaskForm):
    """``validate_on_submit`` is false for a form that was carried through the sign-in: it is shown again first."""

    class Meta(FlaskForm.Meta):
        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Any:
            filters = unbound_field.kwargs.get("filters", [])
            if "password" not in options["name"] and unbound_field.field_class.__name__ in _TEXTS:
                filters = [trimmed, *filters]
            return unbound_field.bind(form=form, filters=filters, **options)

    def is_submitted(self) -> bool:
        return bool(super().is_submitted()) and not carried.shown_again()

    @property
    def status(self) -> int:
        """422 for a form that was sent and is shown because of its faults, else 200."""
        return 422 if self.is_submitted() else 200

    def take_faults(self, refusal: Invalid, names: dict[str, str] | None = None, wording: Any = None) -> None:
        """Puts the faults that an action found beside the fields they are about; the others above the form.

        ``names`` maps a pointer (``/beneficiary/phone``) to a field where they differ; ``wording`` maps a code to
        a sentence in the reader's language.
        """
        for fault in refusal.faults:
            pointer = fault.pointer.strip("/")
            name = (names or {}).get(fault.pointer, pointer.replace("/", "_"))
            sentence = (wording or {}).get(fault.code) or gettext("Cette valeur ne convient pas.")
            if name in self:
                self[name].errors = [*self[name].errors, sentence]
            else:
                self.form_errors.append(sentence)


_TEXTS = {"StringField", "EmailField", "TelField", "TextAreaField", "SearchField", "URLField"}


class Phone:
    """Accepts a phone number as people write it and turns it into E.164; an empty field stays empty."""

    def __call__(self, form: Any, field: Field) -> None:
        if not field.data:
            field.data = None
            return
        number = phones.normalised(field.data)
        if number is None:
            raise ValidationError(gettext("Ce numéro de téléphone semble incomplet. Exemple : 05 36 49 12 34."))
        field.data = number


def options(pairs: Iterable[tuple[str, Any]]) -> list[SelectChoice]:
    """The choices of a select or of radio buttons, from (value, label)."""
    return [SelectChoice(value, label) for value, label in pairs]


def form_key() -> str:
    """A fresh key for a form that books: the same press sent twice has one effect."""
    return secrets.token_urlsafe(16)
