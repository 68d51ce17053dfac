"""A certificate may have later editions (a changed name), and tells since when it is revoked or superseded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # SQLite makes the table anew: it must go on never to give a number twice, and what reflection does not see stands here again.
    kept = (sa.CheckConstraint("status IN ('valid', 'revoked', 'superseded')", name=op.f("ck_certificates_status")),)
    with op.batch_alter_table("certificates", table_args=kept, table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(sa.Column("edition", sa.Integer(), nullable=False, server_default="1"))
        batch.add_column(sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
        batch.drop_constraint(op.f("uq_certificates_mentorship_person"), type_="unique")
        batch.create_unique_constraint(op.f("uq_certificates_mentorship_person_edition"), ["mentorship", "person", "edition"])
