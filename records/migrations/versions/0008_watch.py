"""What the service's figures are counted by, and when all journals were last verified."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audits",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_audits")),
    )
    op.create_index(op.f("ix_door_messages_at"), "door_messages", ["at"], unique=False)
    op.create_index(op.f("ix_notices_at"), "notices", ["at"], unique=False)
