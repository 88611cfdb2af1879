"""Which runs were looks."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004_looks"
down_revision: str | None = "0003_source_stops"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("source_run", sa.Column("is_look", sa.Boolean(), server_default="true", nullable=False))


def downgrade() -> None:
    op.drop_column("source_run", "is_look")
