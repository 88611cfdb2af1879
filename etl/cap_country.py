"""Which country an alert is about, and whether its shape lies there only with latitude and longitude exchanged."""

import re
from functools import cache

import shapely
from hdx.location.country import Country
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from etl.countries import iso3_of_code, names
from etl.outlines import outlines

_WMO_AUTHORITY = re.compile(r"(?:^|[^0-9.])2\.49\.0\.[0-9]\.([0-9]{1,3})(?=\.)")
"""Identifiers that WMO's Register of Alerting Authorities hands out name the country by its ISO 3166-1 number."""
_COUNTRY_DOMAIN = re.compile(r"[a-z0-9-]\.([a-z]{2})(?=/|:|$)")
_COUNTRY_CODE = re.compile(r"iso[ _-]?3166\b[^=;]*=([a-z]{2,3})(?=[-;]|$)", re.IGNORECASE)
_NEAR_DEGREES = 3.0
"""Warnings for the sea lie off the land: so far from it (some 330 km) a shape still counts as being at its country."""


def country_of(sender: str, identifier: str, geocodes: str) -> str | None:
    """Return the alpha-3 code of the country an alert is about; None where nothing in it tells.

    By a country's code among the areas, else by WMO's number of the authority, else by the sender's domain.

    >>> country_of("alerts@meteo.example", "urn:oid:2.49.0.1.148.0.2024", ""), country_of("w@met.example.ke", "1", "")
    ('TCD', 'KEN')
    """
    codes = {iso3_of_code(code) for code in _COUNTRY_CODE.findall(geocodes)} - {None}
    if codes:
        return codes.pop() if len(codes) == 1 else None
    for text in (identifier, sender):
        if (number := _WMO_AUTHORITY.search(text)) and (iso3 := _iso3_of_number(int(number[1]))):
            return iso3
    domain = _COUNTRY_DOMAIN.search(sender.casefold().partition("://")[2] or sender.casefold())
    return iso3_of_code(domain[1].replace("uk", "gb")) if domain else None


def check_axes(area_wkt: str, iso3: str) -> None:
    """Raise ValueError where a shape lies far from a country, and within it once its axes are exchanged (F20).

    A country without an outline is not checked, nor a shape that is near it both ways: that cannot be known.
    """
    outline = outlines().get(iso3)
    if outline is None:
        return
    shapely.prepare(outline)  # outlines have thousands of positions, and so may areas
    shape = shapely.from_wkt(area_wkt)
    if _near(shape, outline):
        return
    exchanged = shapely.transform(shape, lambda positions: positions[:, ::-1])
    if outline.intersects(exchanged):
        at = shape.representative_point()
        raise ValueError(
            f"area around latitude {at.y:g}, longitude {at.x:g} is far from {names()[iso3]}, which the alert is about, "
            "and within it once the axes are swapped: CAP writes latitude,longitude"
        )


def _near(shape: BaseGeometry, outline: BaseGeometry) -> bool:
    """Tell whether a shape lies at a country, also where either reaches over the antimeridian."""
    return any(shapely.dwithin(outline, translate(shape, turn), _NEAR_DEGREES) for turn in (0.0, -360.0, 360.0))


@cache
def _iso3_of_number(number: int) -> str | None:
    """Return the alpha-3 code behind an ISO 3166-1 number, None where there is no such country."""
    code = Country.get_iso3_from_m49(number, use_live=False)
    return str(code) if code else None
