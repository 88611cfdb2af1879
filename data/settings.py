"""Settings by concern, read from the environment (prefix ``WAYPOST_``) when the caller asks, never at import.

An empty variable counts as not set. The full list, which is also the documentation of the settings:

===================== ======================== =====================================================
variable              default                  meaning
===================== ======================== =====================================================
WAYPOST_DATABASE_URL  (none: embedded)         an existing PostgreSQL >= 14 with PostGIS >= 3.3
WAYPOST_VAR           ``var`` in the project   folder of everything generated
WAYPOST_HOST          127.0.0.1                address the dashboard listens on
WAYPOST_PORT          8050                     port the dashboard listens on
WAYPOST_AUDIENCE      operational              for whom the dashboard is: public, partners or operational
WAYPOST_SOURCES       gdacs,usgs               sources that the worker looks at by itself ("none": no source)
===================== ======================== =====================================================
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import ConfigurationMissing

PROJECT_ROOT = Path(__file__).resolve().parent.parent


def _from_environment(prefix: str) -> SettingsConfigDict:
    return SettingsConfigDict(env_prefix=prefix, env_ignore_empty=True, frozen=True, hide_input_in_errors=True)


class DatabaseSettings(BaseSettings):
    """Which database to use. ``url`` None means the embedded cluster; it may hold a password, so no repr shows it."""

    model_config = _from_environment("WAYPOST_DATABASE_")

    url: str | None = Field(default=None, repr=False)


class PathSettings(BaseSettings):
    """Where generated files live. ``var`` is absolute: a relative value is taken from the working folder."""

    model_config = _from_environment("WAYPOST_")

    var: Path = PROJECT_ROOT / "var"

    @field_validator("var")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()


class ServerSettings(BaseSettings):
    """Where the dashboard listens (only this machine, unless told otherwise), and whom it is for (`data.access`)."""

    model_config = _from_environment("WAYPOST_")

    host: str = "127.0.0.1"
    port: int = Field(default=8050, ge=1, le=65535)
    audience: Literal["public", "partners", "operational"] = "operational"


class ScheduleSettings(BaseSettings):
    """Which sources are looked at by themselves: ids with commas, by default open ones without a key."""

    model_config = _from_environment("WAYPOST_")

    sources: str = "gdacs,usgs"


class Settings(BaseModel):
    """All groups together, for a caller that needs several."""

    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    paths: PathSettings = Field(default_factory=PathSettings)
    server: ServerSettings = Field(default_factory=ServerSettings)
    schedule: ScheduleSettings = Field(default_factory=ScheduleSettings)


def read_settings() -> Settings:
    """Read every group from the environment.

    Raises ConfigurationMissing naming the variable and what is wrong with it, never its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "WAYPOST_" + "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigurationMissing(name, first["msg"]) from None
