"""AutoTheta of statsforecast (extra *forecasts*)."""

from typing import Any, ClassVar

from models.automatic import Automatic


class AutoTheta(Automatic):
    """The Theta method, its variant chosen by mean squared error."""

    name: ClassVar[str] = "auto_theta"
    version: ClassVar[str] = "3"
    role: ClassVar[str] = "baseline"
    title: ClassVar[str] = "AutoTheta"

    def _model(self) -> Any:
        """Return AutoTheta without season."""
        from statsforecast.models import AutoTheta as Library

        return Library(season_length=1)
