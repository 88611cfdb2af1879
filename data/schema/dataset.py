"""Data sets that organisations share: who owns them, under which agreement, for whom, until when."""

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Versioned, rule


class Dataset(Versioned):
    """One shared data set. Rows loaded under it are read only by its audience and until it expires.

    ``audience`` is the widest circle that may read: *public* (everybody), *partners* (donors and planners as well),
    *operational* (planners and crisis cells). ``expires_date`` missing: no end agreed.
    """

    __tablename__ = "dataset"
    key = ("id",)

    @classmethod
    def rules(cls) -> tuple[object, ...]:
        """Return the vocabulary of audiences."""
        return (rule("audience_known", "audience in ('public', 'partners', 'operational')"),)

    id: Mapped[str]
    title: Mapped[str]
    owner: Mapped[str]
    agreement: Mapped[str]
    audience: Mapped[str]
    expires_date: Mapped[date | None]
    note: Mapped[str] = mapped_column(server_default="")
