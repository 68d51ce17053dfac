"""A person may ask for a new calendar link; what was handed out before then opens nothing any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_links",
        sa.Column("mentorship", sa.String(length=120), nullable=False),
        sa.Column("person", sa.String(length=40), nullable=False),
        sa.Column("valid_after", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mentorship", "person", name=op.f("pk_calendar_links")),
    )
