"""Countries and territories as ACLED names them, where that is none of the usual names."""

from etl.countries import iso3_of_name, known

KOSOVO = "XKX"
"""Has no code in ISO 3166-1; this is the one that our outlines use."""
NAMES = {
    "Bailiwick of Guernsey": "GGY", "Bailiwick of Jersey": "JEY", "Brunei": "BRN", "Caribbean Netherlands": "BES",
    "Curacao": "CUW", "Democratic Republic of Congo": "COD", "East Timor": "TLS", "Ivory Coast": "CIV",
    "Kosovo": KOSOVO, "Laos": "LAO", "North Korea": "PRK", "Republic of Congo": "COG", "Reunion": "REU",
    "Saint-Barthelemy": "BLM", "Saint-Martin": "MAF", "South Korea": "KOR", "Taiwan": "TWN", "Turkey": "TUR",
    "Vatican City": "VAT", "Vietnam": "VNM",
}  # fmt: skip


def country_of(name: str) -> str | None:
    """Return the alpha-3 code of a country as ACLED names it, None where there is none.

    >>> country_of("Republic of Congo"), country_of("Kosovo"), country_of("Mali"), country_of("Congo")
    ('COG', 'XKX', 'MLI', 'COG')
    """
    return NAMES.get(name.strip()) or iso3_of_name(name)


def is_country(code: str) -> bool:
    """Tell whether a text is an alpha-3 code, or that of Kosovo."""
    return code == KOSOVO or code in known()
