"""What is asked all day, and a sweep's step for each mentorship, reads no table whole that grows with the years."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_people_created_at"), "people", ["created_at"], unique=False)
    for name, column, rows in (("waiting", "issued_at", "credential IS NULL"), ("invalid", "status_index", "status <> 'valid'")):
        op.create_index(f"ix_certificates_{name}", "certificates", [column], unique=False, sqlite_where=sa.text(rows), postgresql_where=sa.text(rows))
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_notices_key_beginning", "notices", ["key"], unique=False, postgresql_ops={"key": "varchar_pattern_ops"})
