"""A pair may start later than its cohort, with milestones that the mentee did with an earlier mentor (P6)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrolments", sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("enrolments", sa.Column("earned", sa.JSON(), nullable=True))
