"""Humanitarian response plans and appeals: what was asked for and what came."""

from datetime import date

from sqlalchemy.orm import Mapped

from data.schema.base import Versioned, rule


class ResponsePlan(Versioned):
    """One plan or appeal of one year in one country; amounts are US dollars, missing where not published.

    ``cluster`` empty is the whole plan; a plan over several countries has one row for each only where the source
    splits it, else ``country_iso3`` is missing.
    """

    __tablename__ = "response_plan"
    key = ("source_id", "plan_id", "year", "cluster")
    content_time = "start_date"

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return ranges."""
        return (
            rule("year_range", "year >= 1990 and year <= 2100"),
            rule("requirements_range", "requirements_usd >= 0 and requirements_usd <= 1e12"),
            rule("funding_range", "funding_usd >= 0 and funding_usd <= 1e12"),
        )

    source_id: Mapped[str]
    plan_id: Mapped[str]
    year: Mapped[int]
    cluster: Mapped[str]
    title: Mapped[str]
    plan_type: Mapped[str | None]
    country_iso3: Mapped[str | None]
    start_date: Mapped[date | None]
    end_date: Mapped[date | None]
    requirements_usd: Mapped[float | None]
    funding_usd: Mapped[float | None]
