"""Money given for humanitarian work, flow by flow."""

from datetime import date

from sqlalchemy.orm import Mapped

from data.schema.base import Versioned, rule


class FundingFlow(Versioned):
    """One flow of money from a donor to a recipient; ``amount_usd`` is US dollars at the date's exchange rate.

    ``is_counted`` is true for what adds up to a plan's funding: new money, paid or committed, no part of another flow.
    Organisations only; a flow to or from a private person has no name.
    """

    __tablename__ = "funding_flow"
    key = ("source_id", "flow_id")
    content_time = "flow_date"

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return ranges and the vocabulary of status."""
        return (
            rule("amount_range", "amount_usd >= 0 and amount_usd <= 1e12"),
            rule("status_known", "status in ('paid', 'commitment', 'pledge')"),
        )

    source_id: Mapped[str]
    flow_id: Mapped[str]
    version: Mapped[int]
    flow_date: Mapped[date]
    amount_usd: Mapped[float]
    status: Mapped[str]
    is_counted: Mapped[bool]
    donor: Mapped[str | None]
    recipient: Mapped[str | None]
    plan_id: Mapped[str | None]
    cluster: Mapped[str | None]
    country_iso3: Mapped[str | None]
    year: Mapped[int | None]
