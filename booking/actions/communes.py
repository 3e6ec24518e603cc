"""Communes: finding the one somebody names, to search near it. Open data of the package, read once."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from io import StringIO

from booking.actions.beneficiaries import name_key
from booking.actions.distance import Place, kilometres
from booking.data import read_text


@dataclass(frozen=True)
class Commune:
    """A commune with its centre (degrees)."""

    insee: str
    name: str
    postcode: str
    latitude: float
    longitude: float

    @property
    def label(self) -> str:
        """The name with its postcode, since names repeat: ``Treignac (19260)``."""
        return f"{self.name} ({self.postcode})"

    @property
    def point(self) -> Place:
        return self.latitude, self.longitude


@cache
def all_communes() -> tuple[Commune, ...]:
    return tuple(
        Commune(row["insee"], row["nom"], row["code_postal"], float(row["latitude"]), float(row["longitude"]))
        for row in csv.DictReader(StringIO(read_text("communes.csv")))
    )


@cache
def _by_key() -> dict[str, tuple[Commune, ...]]:
    found: dict[str, tuple[Commune, ...]] = {}
    for commune in all_communes():
        for key in (_key(commune.name), _key(commune.label), commune.postcode, commune.insee):
            found[key] = (*found.get(key, ()), commune)
    return found


def _key(text: str) -> str:
    return (name_key(text) or "").replace("(", "").replace(")", "").replace("saint ", "st ")


def named(text: str, near: Iterable[Place] = ()) -> Commune | None:
    """The commune of that name, ``name (postcode)``, postcode or INSEE code; of several, the closest to ``near``."""
    found = _by_key().get(_key(text), ())
    points = tuple(near)
    return min(found, key=lambda each: _closest(each.point, points), default=None)


def around(points: Iterable[Place], within_km: float) -> list[Commune]:
    """The communes within that distance of any of the points, by name."""
    places = tuple(points)
    return sorted(
        (each for each in all_communes() if places and _closest(each.point, places) <= within_km),
        key=lambda each: _key(each.name),
    )


def _closest(point: Place, others: tuple[Place, ...]) -> float:
    return min((kilometres(point, other) for other in others), default=0.0)
