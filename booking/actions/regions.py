"""What follows from where a commune is: the time zone, the public holidays, the school zone."""

import re
from dataclasses import dataclass

from booking.actions import communes, holidays
from booking.actions.communes import Commune

_OVERSEAS = {
    "971": ("America/Guadeloupe", "guadeloupe"),
    "972": ("America/Martinique", "martinique"),
    "973": ("America/Cayenne", "guyane"),
    "974": ("Indian/Reunion", "la-reunion"),
    "975": ("America/Miquelon", "saint-pierre-et-miquelon"),
    "976": ("Indian/Mayotte", "mayotte"),
    "977": ("America/St_Barthelemy", "saint-barthelemy"),
    "978": ("America/Marigot", "saint-martin"),
    "986": ("Pacific/Wallis", "wallis-et-futuna"),
    "987": ("Pacific/Tahiti", "polynesie-francaise"),
    "988": ("Pacific/Noumea", "nouvelle-caledonie"),
}
_ALSACE_MOSELLE = ("57", "67", "68")

ZONES = ("Europe/Paris", *(zone for zone, _ in _OVERSEAS.values()))
PUBLIC_HOLIDAYS = ("metropole", "alsace-moselle", *(code for _, code in _OVERSEAS.values()))


@dataclass(frozen=True)
class Region:
    """The rules of time of a place."""

    timezone: str
    public_holidays: str
    school_zone: str | None


def region_of(insee: str) -> Region:
    """From an INSEE code, or from a postcode, whose first characters are nearly always those of the department."""
    department = insee[:3] if insee[:2] in ("97", "98") else insee[:2]
    if department == "20":  # a Corsican postcode
        department = "2A" if insee[:3] in ("200", "201") else "2B"
    zone, code = _OVERSEAS.get(department, ("Europe/Paris", "metropole"))
    if department in _ALSACE_MOSELLE:
        code = "alsace-moselle"
    return Region(zone, code, holidays.school_zone_of(department))


@dataclass(frozen=True)
class Locality:
    """A commune as somebody wrote it; the rest as far as it is known."""

    name: str
    postcode: str | None
    insee: str | None
    latitude: float | None
    longitude: float | None

    @property
    def region(self) -> Region:
        return region_of(self.insee or self.postcode or "")


def locality(text: str) -> Locality | None:
    """The commune that ``text`` names, ``Treignac`` or ``Treignac 19260``; ``None`` when it cannot be placed: it is
    in no list of ours and bears no postcode."""
    postcode = re.search(r"\b\d{5}\b", text)
    name = re.sub(r"[\s(),]*\b\d{5}\b[\s(),]*", " ", text).strip()
    known: Commune | None = None
    for asked in (f"{name} ({postcode[0]})" if postcode else name, name if not postcode else postcode[0]):
        known = known or communes.named(asked)
    if known is not None and (not postcode or known.postcode == postcode[0]):
        return Locality(name or known.name, known.postcode, known.insee, known.latitude, known.longitude)
    if postcode is None or not name:
        return None
    return Locality(name, postcode[0], None, None, None)
