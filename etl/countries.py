"""ISO 3166-1 alpha-3 codes from other spellings of a country, offline."""

from functools import cache

from hdx.location.country import Country
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import ConfigurationMissing


class CountrySettings(BaseSettings):
    """Which countries the sources that are fetched country by country ask for (WAYPOST_COUNTRIES, read when asked)."""

    model_config = SettingsConfigDict(env_prefix="WAYPOST_", env_ignore_empty=True, frozen=True)

    countries: str = ""


HELP = "the countries to fetch, as ISO 3166-1 alpha-3 codes with commas between them (CAF,TCD)"


def wanted() -> list[str]:
    """Return the alpha-3 codes of WAYPOST_COUNTRIES; raise ConfigurationMissing when there are none or unknown ones."""
    codes = [code.strip().upper() for code in CountrySettings().countries.split(",") if code.strip()]
    if not codes:
        raise ConfigurationMissing("WAYPOST_COUNTRIES", f"is not set: {HELP}")
    if strange := sorted(set(codes) - known()):
        raise ConfigurationMissing("WAYPOST_COUNTRIES", f"names no countries by {', '.join(strange)[:200]}; {HELP}")
    return codes


@cache
def known() -> frozenset[str]:
    """Return all alpha-3 codes, read once from the data of hdx-python-country."""
    return frozenset(Country.countriesdata(use_live=False)["countries"])


@cache
def names() -> dict[str, str]:
    """Return what every country is called in English, by its alpha-3 code."""
    return {code: str(Country.get_country_name_from_iso3(code, use_live=False)) for code in known()}


@cache
def iso3_of_code(code: str) -> str | None:
    """Return the alpha-3 code behind an alpha-2 or alpha-3 code, None where there is no such country.

    >>> iso3_of_code("CF"), iso3_of_code("caf"), iso3_of_code("ZZ")
    ('CAF', 'CAF', None)
    """
    upper, countries = code.strip().upper(), known()
    if len(upper) == 2:
        upper = Country.get_iso3_from_iso2(upper, use_live=False) or ""
    return upper if upper in countries else None


@cache
def iso3_of_name(name: str) -> str | None:
    """Return the alpha-3 code of a country that is exactly named, in English or as a code; no likeness is tried.

    >>> iso3_of_name("Moldova"), iso3_of_name("Russian Federation"), iso3_of_name("Moldavia")
    ('MDA', 'RUS', None)
    """
    known()
    code = Country.get_iso3_country_code(name.strip(), use_live=False) if name.strip() else None
    return str(code) if code else None
