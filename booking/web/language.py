"""The two languages of the screens. French is written in the templates; English comes from the catalogues.

``booking/locale/en/*.po`` holds one catalogue for each family of screens (people, day, planner, ...); all are
read at start, so nothing has to be compiled. ``python tools/catalogues.py`` adds the sentences that lack one.
"""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, Domain, get_locale

LANGUAGES = ("fr", "en")
COOKIE = "langue"
FOLDER = Path(__file__).parent.parent / "locale"


class _French(NullTranslations):
    """The sentences as they stand in the templates; in French, none is singular too."""

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return msgid1 if abs(n) < 2 else msgid2

    ungettext = ngettext


@cache
def catalogue(language: str) -> NullTranslations:
    """Every sentence of one language, from all of its catalogues."""
    if language == "fr":
        return _French()
    merged = Catalog(locale=language)
    for file in sorted((FOLDER / language).glob("*.po")):
        with file.open("rb") as source:
            for message in read_po(source, locale=language):
                if message.id and message.string:
                    merged.add(message.id, message.string, context=message.context)
    binary = BytesIO()
    write_mo(binary, merged)
    binary.seek(0)
    return Translations(binary)


class _Sentences(Domain):
    def get_translations(self) -> NullTranslations:
        return catalogue(current_language())


class _Languages(Babel):
    @property
    def domain_instance(self) -> Domain:
        return self._sentences

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._sentences = _Sentences()
        super().__init__(*arguments, **options)


def current_language() -> str:
    """``fr`` or ``en``: the reader's."""
    locale = get_locale()
    return locale.language if locale is not None and locale.language in LANGUAGES else "fr"


def _chosen() -> str:
    if not has_request_context():
        return "fr"
    asked = request.cookies.get(COOKIE)
    if asked in LANGUAGES:
        return asked
    actor = g.get("actor")
    return actor.language if actor is not None and actor.language in LANGUAGES else "fr"


def install(app: Flask) -> None:
    _Languages(app, default_locale="fr", locale_selector=_chosen)
