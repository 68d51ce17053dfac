"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cohorts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("programme", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("texts_digest", sa.String(length=64), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohorts")),
    )
    op.create_table(
        "door_messages",
        sa.Column("mentorship", sa.String(length=120), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("body_lookup", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("mentorship", "message_id", name=op.f("pk_door_messages")),
    )
    op.create_table(
        "journal",
        sa.Column("mentorship", sa.String(length=120), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=True),
        sa.Column("by", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("mentorship", "seq", name=op.f("pk_journal")),
    )
    op.create_index(
        "ix_journal_message",
        "journal",
        ["mentorship", "message_id"],
        unique=False,
        sqlite_where=sa.text("kind = 'command' AND message_id IS NOT NULL"),
        postgresql_where=sa.text("kind = 'command' AND message_id IS NOT NULL"),
    )
    op.create_table(
        "lines",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("mentorship", sa.String(length=120), nullable=False),
        sa.Column("cohort", sa.String(length=40), nullable=False),
        sa.Column("line", sa.String(length=60), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_by", sa.String(length=40), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_lines")),
    )
    op.create_index(op.f("ix_lines_cohort"), "lines", ["cohort"], unique=False)
    op.create_index(op.f("ix_lines_mentorship"), "lines", ["mentorship"], unique=False)
    op.create_table(
        "notices",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("person", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("exempt", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=True),
        sa.Column("why_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("state IN ('intended', 'sent', 'failed', 'over_budget', 'unsubscribed')", name=op.f("ck_notices_state")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notices")),
    )
    op.create_index("ix_notices_person_at", "notices", ["person", "at"], unique=False)
    op.create_table(
        "people",
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("lookup", sa.String(length=64), nullable=False),
        sa.Column("email_lookup", sa.String(length=64), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_people")),
        sa.UniqueConstraint("lookup", name=op.f("uq_people_lookup")),
    )
    op.create_index(op.f("ix_people_email_lookup"), "people", ["email_lookup"], unique=False)
    op.create_table(
        "programmes",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_programmes")),
    )
    op.create_table(
        "seals",
        sa.Column("cohort", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("mentorship", sa.String(length=120), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("cohort", "number", name=op.f("pk_seals")),
        sa.UniqueConstraint("mentorship", name=op.f("uq_seals_mentorship")),
    )
    op.create_table(
        "texts",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_texts")),
    )
    op.create_table(
        "unsubscribed",
        sa.Column("person", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_unsubscribed")),
    )
    op.create_table(
        "certificates",
        sa.Column("status_index", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("mentorship", sa.String(length=120), nullable=False),
        sa.Column("person", sa.String(length=40), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("superseded_by", sa.String(length=40), nullable=True),
        sa.Column("fields_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=True),
        sa.Column("pdf_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("status IN ('valid', 'revoked', 'superseded')", name=op.f("ck_certificates_status")),
        sa.ForeignKeyConstraint(["person"], ["people.ref"], name=op.f("fk_certificates_person")),
        sa.PrimaryKeyConstraint("status_index", name=op.f("pk_certificates")),
        sa.UniqueConstraint("id", name=op.f("uq_certificates_id")),
        sa.UniqueConstraint("mentorship", "person", name=op.f("uq_certificates_mentorship_person")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_certificates_person"), "certificates", ["person"], unique=False)
    op.create_table(
        "data_keys",
        sa.Column("person", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.ref"], name=op.f("fk_data_keys_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_data_keys")),
    )
    op.create_table(
        "enrolments",
        sa.Column("mentorship", sa.String(length=120), nullable=False),
        sa.Column("cohort", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("pair", sa.String(length=40), nullable=False),
        sa.Column("pair_lookup", sa.String(length=64), nullable=False),
        sa.Column("pair_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("mentor", sa.String(length=40), nullable=False),
        sa.Column("mentee", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("card", sa.JSON(none_as_null=True), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'started', 'over')", name=op.f("ck_enrolments_state")),
        sa.ForeignKeyConstraint(["cohort"], ["cohorts.id"], name=op.f("fk_enrolments_cohort")),
        sa.ForeignKeyConstraint(["mentee"], ["people.ref"], name=op.f("fk_enrolments_mentee")),
        sa.ForeignKeyConstraint(["mentor"], ["people.ref"], name=op.f("fk_enrolments_mentor")),
        sa.PrimaryKeyConstraint("mentorship", name=op.f("pk_enrolments")),
        sa.UniqueConstraint("cohort", "pair_lookup", name=op.f("uq_enrolments_cohort_pair_lookup")),
        sa.UniqueConstraint("cohort", "position", name=op.f("uq_enrolments_cohort_position")),
    )
    op.create_index("ix_enrolments_cohort_state", "enrolments", ["cohort", "state"], unique=False)
    op.create_index(op.f("ix_enrolments_mentee"), "enrolments", ["mentee"], unique=False)
    op.create_index(op.f("ix_enrolments_mentor"), "enrolments", ["mentor"], unique=False)
    op.create_table(
        "notes",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("author", sa.String(length=40), nullable=False),
        sa.Column("mentorship", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["author"], ["people.ref"], name=op.f("fk_notes_author")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    op.create_index(op.f("ix_notes_author"), "notes", ["author"], unique=False)
    op.create_index(op.f("ix_notes_mentorship"), "notes", ["mentorship"], unique=False)
