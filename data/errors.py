"""The one exception tree: every failure a person can act on, with the numbers inside.

An error is translated once at the edge: a command ends with its ``exit_code`` (the ``sysexits.h`` numbers), a web
answer carries its ``http_status``, and both show ``str(error)``. No message ever holds a password.
Arguments are kept as given, so that an error survives pickling between worker processes.
"""

import os
from pathlib import Path


class WaypostError(Exception):
    """Something went wrong that is not a fault of the program; the text says what to do."""

    exit_code: int = os.EX_SOFTWARE
    http_status: int = 500


class DatabaseUnavailable(WaypostError):
    """The database does not answer, or is not one we can work with.

    ``where`` names the server or folder without any password, ``reason`` is what it said.
    """

    exit_code = os.EX_UNAVAILABLE
    http_status = 503

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(where, reason)
        self.where, self.reason = where, reason

    def __str__(self) -> str:
        return f"The database at {self.where} cannot be used: {self.reason}"


class DatabaseReadOnly(WaypostError):
    """The database takes no changes at the moment: a replica, or one that was set so. ``said`` is the server's word."""

    exit_code = os.EX_UNAVAILABLE
    http_status = 503

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said

    def __str__(self) -> str:
        return "This database is read-only at the moment: nothing can be changed, everything can be read."


class SchemaOutdated(WaypostError):
    """The database holds another schema revision than this program; ``found`` is None when it holds none.

    ``is_newer`` tells that a newer program made it.
    """

    exit_code = os.EX_CONFIG
    http_status = 503

    def __init__(self, found: str | None, wanted: str, *, is_newer: bool = False) -> None:
        super().__init__(found, wanted)
        self.found, self.wanted, self.is_newer = found, wanted, is_newer

    def __str__(self) -> str:
        held = f"The database schema is at revision {self.found or 'none'}, this program needs {self.wanted}"
        remedy = "update this program" if self.is_newer else "./waypost run brings an older one up to date"
        return f"{held}: {remedy}"


class DiskFull(WaypostError):
    """The disk below ``path`` has ``free_mb`` megabytes (10^6 bytes) left, and ``needed_mb`` are needed."""

    exit_code = os.EX_IOERR
    http_status = 507

    def __init__(self, path: Path, free_mb: int, needed_mb: int) -> None:
        super().__init__(path, free_mb, needed_mb)
        self.path, self.free_mb, self.needed_mb = path, free_mb, needed_mb

    def __str__(self) -> str:
        return (
            f"The disk is full: {self.free_mb} MB are free at {self.path}, at least {self.needed_mb} MB are needed. "
            "No data were lost; free some space and start again"
        )


class PortInUse(WaypostError):
    """Another program already listens on ``host``:``port``."""

    exit_code = os.EX_UNAVAILABLE
    http_status = 503

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self.host, self.port = host, port

    def __str__(self) -> str:
        return f"Port {self.port} on {self.host} is in use by another program; choose another one with --port"


class ConfigurationMissing(WaypostError):
    """The setting or program named ``name`` is absent or unusable; ``reason`` says how to put it right."""

    exit_code = os.EX_CONFIG
    http_status = 503

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


class InputRejected(WaypostError):
    """A file, row or request was refused; ``place`` says which (file, line, field), ``reason`` why."""

    exit_code = os.EX_DATAERR
    http_status = 422

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(place, reason)
        self.place, self.reason = place, reason

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


class PayloadRejected(InputRejected):
    """A whole payload was refused (wrong format, cut off, not what the source publishes); nothing of it landed."""


class IdentityBreak(WaypostError):
    """Too many known rows of ``table_name`` are absent from what claims to be the whole: the source changed its ids.

    ``vanished`` of ``known`` rows would be deleted; up to ``max_share`` of them is believed.
    """

    exit_code = os.EX_DATAERR
    http_status = 422

    def __init__(self, table_name: str, vanished: int, known: int, max_share: float) -> None:
        super().__init__(table_name, vanished, known, max_share)
        self.table_name, self.vanished, self.known, self.max_share = table_name, vanished, known, max_share

    def __str__(self) -> str:
        return (
            f"{self.table_name}: {self.vanished} of {self.known} known rows are absent, more than "
            f"{self.max_share:.0%}; nothing was deleted"
        )


class ExpectationBroken(WaypostError):
    """A payload was readable but breaks what its source declares (``metric``: ``value`` against ``bound``)."""

    exit_code = os.EX_DATAERR
    http_status = 422

    def __init__(self, metric: str, value: float, bound: float) -> None:
        super().__init__(metric, value, bound)
        self.metric, self.value, self.bound = metric, value, bound

    def __str__(self) -> str:
        side = "at least" if self.value < self.bound else "at most"
        return f"{self.metric} is {self.value:g}, expected {side} {self.bound:g}; the last good data are kept"
