"""Concerns, apart from everything that belongs to a mentorship (H16)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("request_lookup", sa.String(length=64), nullable=False),
        sa.Column("pair_lookup", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'taken', 'closed')", name=op.f("ck_cases_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("request_lookup", name=op.f("uq_cases_request_lookup")),
    )
    op.create_index(op.f("ix_cases_pair_lookup"), "cases", ["pair_lookup"], unique=False)
    op.create_index(op.f("ix_cases_state"), "cases", ["state"], unique=False)
