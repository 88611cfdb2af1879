"""Failures of the forecasting house, in the tree of `data.errors`."""

import os
from datetime import date

from data.errors import WaypostError


class LookAhead(WaypostError):
    """A model asked for a day that was not yet known; ``asked`` is that day, ``origin`` the last one it may see."""

    exit_code = os.EX_SOFTWARE
    http_status = 500

    def __init__(self, asked: date, origin: date) -> None:
        super().__init__(asked, origin)
        self.asked, self.origin = asked, origin

    def __str__(self) -> str:
        days = (self.asked - self.origin).days
        return f"{self.asked} was asked for, {days} days after {self.origin}, the last day that was known"


class ContractBroken(WaypostError):
    """A forecaster handed out paths that break the contract; nothing of them is used."""

    exit_code = os.EX_SOFTWARE
    http_status = 500

    def __init__(self, model: str, what: str) -> None:
        super().__init__(model, what)
        self.model, self.what = model, what

    def __str__(self) -> str:
        return f"The forecaster {self.model} broke its contract: {self.what}"


class UnknownSituation(WaypostError):
    """No situation of that id was known at the end of ``origin`` (None: at any time)."""

    exit_code = os.EX_DATAERR
    http_status = 404

    def __init__(self, situation_id: str, origin: date | None) -> None:
        super().__init__(situation_id, origin)
        self.situation_id, self.origin = situation_id, origin

    def __str__(self) -> str:
        when = "" if self.origin is None else f" on {self.origin}"
        return f"No situation {self.situation_id} was known{when}"


class ArtifactRefused(WaypostError):
    """A stored model may not answer; ``check`` names what does not match, ``reason`` says it with both values.

    ``check`` is *missing*, *look-ahead*, *version*, *python*, *scikit-learn*, *skops*, *SHA-256*, *format*, *types*,
    *name* or *data cut-off*.
    """

    exit_code = os.EX_DATAERR
    http_status = 503

    def __init__(self, model: str, check: str, reason: str) -> None:
        super().__init__(model, check, reason)
        self.model, self.check, self.reason = model, check, reason

    def __str__(self) -> str:
        return f"The stored model {self.model} was refused: {self.reason}"
