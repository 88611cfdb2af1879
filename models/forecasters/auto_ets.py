"""AutoETS of statsforecast (extra *forecasts*)."""

from typing import Any, ClassVar

from models.automatic import Automatic


class AutoEts(Automatic):
    """Exponential smoothing, its form chosen by the corrected Akaike criterion."""

    name: ClassVar[str] = "auto_ets"
    version: ClassVar[str] = "3"
    role: ClassVar[str] = "baseline"
    title: ClassVar[str] = "AutoETS"

    def _model(self) -> Any:
        """Return AutoETS without season."""
        from statsforecast.models import AutoETS

        return AutoETS(season_length=1)
