"""source stops."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003_source_stops"
down_revision: str | None = "0002_feeds"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "source_stop",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("newest_content_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ended_at >= said_at", name=op.f("ck_source_stop_stop_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_stop")),
    )
    op.create_index(
        "uq_source_stop_lasting",
        "source_stop",
        ["source_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("uq_source_stop_lasting", table_name="source_stop", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_table("source_stop")
