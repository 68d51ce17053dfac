"""A coordinator may set a line of the list aside until a date, and closes it with an outcome."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lines", sa.Column("aside_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("lines", sa.Column("outcome", sa.String(length=20), nullable=True))
