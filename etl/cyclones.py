"""How strong a tropical cyclone is, for feeds that publish a wind and no alert colour."""

HURRICANE_KT = 64.0
MAJOR_HURRICANE_KT = 96.0
"""Saffir-Simpson scale: category 1 begins at 64 kt, category 3 ("major") at 96 kt (US National Hurricane Center)."""


def level_of_wind(wind_kt: float | None) -> str:
    """Return green below hurricane force, orange from it, red for a major hurricane; green where no wind is known.

    The colour says how strong the wind is, not whom it threatens: that is what GDACS's colours say.

    >>> level_of_wind(63), level_of_wind(64), level_of_wind(96), level_of_wind(None)
    ('green', 'orange', 'red', 'green')
    """
    if wind_kt is None or wind_kt < HURRICANE_KT:
        return "green"
    return "red" if wind_kt >= MAJOR_HURRICANE_KT else "orange"
