"""How far apart two places are, as the crow flies."""

from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_KM = 6371.0
Place = tuple[float, float]
"""Latitude and longitude in degrees."""


def kilometres(one: Place, other: Place) -> float:
    """The great-circle distance on a sphere (haversine formula)."""
    latitude, other_latitude = radians(one[0]), radians(other[0])
    half = sin((other_latitude - latitude) / 2) ** 2
    half += cos(latitude) * cos(other_latitude) * sin(radians(other[1] - one[1]) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(half)))
