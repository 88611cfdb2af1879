"""Quantiles of a forecast, derived from joint sample paths."""

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Base, rule


class Forecast(Base):
    """Quantiles of people for one place and horizon.

    ``measure`` *arrivals*: people arriving on day ``horizon_days`` (``aggregation`` daily) or from day 1 to it
    (cumulative, taken on the paths: a sum's quantile is not the sum of quantiles). *stock*: people present at the end
    of that day. Real-valued, finite, at least zero, ascending.
    """

    __tablename__ = "forecast"
    __table_args__ = (
        rule("measure_known", "measure in ('arrivals', 'stock')"),
        rule("aggregation_known", "aggregation in ('daily', 'cumulative')"),
        rule("horizon_range", "horizon_days >= 1 and horizon_days <= 366"),
        rule("quantile_range", "q05 >= 0 and q95 <= 1000000000"),
        rule(
            "quantile_order",
            "q05 <= q10 and q10 <= q25 and q25 <= q50 and q50 <= q75 and q75 <= q90 and q90 <= q95",
        ),
    )

    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("forecast_run.id", ondelete="CASCADE"), primary_key=True)
    place_id: Mapped[str] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(primary_key=True)
    aggregation: Mapped[str] = mapped_column(primary_key=True)
    horizon_days: Mapped[int] = mapped_column(primary_key=True)
    q05: Mapped[float]
    q10: Mapped[float]
    q25: Mapped[float]
    q50: Mapped[float]
    q75: Mapped[float]
    q90: Mapped[float]
    q95: Mapped[float]
