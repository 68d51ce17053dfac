"""The tables. Opaque ids, codes and instants are readable; everything else is sealed bytes (`sealed`) or a keyed hash (`*_lookup`)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

from records.errors import SchemaNewer

REVISION = "0009"
"""The newest migration; a test ensures that it leads to these tables."""


def refuse_newer(revision: str) -> None:
    """Raises SchemaNewer. Revisions are numbers of equal length that count up by one."""
    if revision > REVISION:
        raise SchemaNewer(revision, REVISION)


class Utc(TypeDecorator[datetime]):
    """Instants in, instants out: SQLite loses the zone, and Postgres answers in the session's."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("expected an instant with a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        instant: datetime = value
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

_REF = String(40)
_MENTORSHIP = String(120)
_HASH = String(64)

people = Table(
    "people",
    metadata,
    Column("ref", _REF, primary_key=True),
    Column("lookup", _HASH, nullable=False, unique=True),  # stays after erasure, so that a roster does not bring the person back
    Column("email_lookup", _HASH, index=True),
    Column("sealed", LargeBinary),
    Column("created_at", Utc, nullable=False, index=True),
    Column("erased_at", Utc),
)

# Separate from people, so that an erasure rewrites only a small table on Postgres.
data_keys = Table(
    "data_keys",
    metadata,
    Column("person", _REF, ForeignKey("people.ref"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

programmes = Table(
    "programmes",
    metadata,
    Column("id", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", _HASH, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # it names the contacts by the company's ids
    Column("created_at", Utc, nullable=False),
    PrimaryKeyConstraint("id", "version"),
)

texts = Table(
    "texts",
    metadata,
    Column("digest", _HASH, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

cohorts = Table(
    "cohorts",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("programme", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("texts_digest", _HASH, nullable=False),
    Column("starts_at", Utc, nullable=False),
    Column("created_at", Utc, nullable=False),
)

enrolments = Table(
    "enrolments",
    metadata,
    Column("mentorship", _MENTORSHIP, primary_key=True),
    Column("cohort", String(40), ForeignKey("cohorts.id"), nullable=False),
    Column("position", Integer, nullable=False),  # the roster's order within the cohort
    Column("pair", _REF, nullable=False),
    Column("pair_lookup", _HASH, nullable=False),
    Column("pair_sealed", LargeBinary, nullable=False),
    Column("mentor", _REF, ForeignKey("people.ref"), nullable=False, index=True),
    Column("mentee", _REF, ForeignKey("people.ref"), nullable=False, index=True),
    Column("state", String(10), nullable=False),
    Column("starts_at", Utc),  # only if it is not the cohort's
    Column("earned", JSON(none_as_null=True)),  # milestones that the mentee brings along
    Column("started_at", Utc),
    Column("over_at", Utc),
    Column("card", JSON(none_as_null=True)),
    UniqueConstraint("cohort", "pair_lookup"),
    UniqueConstraint("cohort", "position"),
    CheckConstraint("state IN ('pending', 'started', 'over')", name="state"),
)
Index("ix_enrolments_cohort_state", enrolments.c.cohort, enrolments.c.state)

notes = Table(
    "notes",
    metadata,
    Column("id", _REF, primary_key=True),
    Column("author", _REF, ForeignKey("people.ref"), nullable=False, index=True),
    Column("mentorship", _MENTORSHIP, nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("created_at", Utc, nullable=False),
)

# No foreign keys here: the journal keeps what happened, whatever becomes of the other tables.
journal = Table(
    "journal",
    metadata,
    Column("mentorship", _MENTORSHIP, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Utc, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("name", String(60), nullable=False),
    Column("message_id", String(200)),
    Column("by", String(64)),
    Column("outcome", String(10)),
    Column("reason", Text),
    Column("body", Text, nullable=False),  # canonical JSON: the very text that the MAC covers
    Column("key_id", String(64), nullable=False),
    Column("previous", _HASH, nullable=False),
    Column("mac", _HASH, nullable=False),
    PrimaryKeyConstraint("mentorship", "seq"),
)
_named_command = text("kind = 'command' AND message_id IS NOT NULL")
Index("ix_journal_message", journal.c.mentorship, journal.c.message_id, sqlite_where=_named_command, postgresql_where=_named_command)

seals = Table(
    "seals",
    metadata,
    Column("cohort", String(40), nullable=False),
    Column("number", Integer, nullable=False),
    Column("mentorship", _MENTORSHIP, nullable=False, unique=True),
    Column("seq", Integer, nullable=False),
    Column("head", _HASH, nullable=False),
    Column("sealed_at", Utc, nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("previous", _HASH, nullable=False),
    Column("mac", _HASH, nullable=False),
    PrimaryKeyConstraint("cohort", "number"),
)

# What remains of a journal that was deleted when its time was over.
stubs = Table(
    "stubs",
    metadata,
    Column("mentorship", _MENTORSHIP, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("head", _HASH, nullable=False),
    Column("swept_at", Utc, nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("mac", _HASH, nullable=False),
)

certificates = Table(
    "certificates",
    metadata,
    Column("status_index", Integer, primary_key=True, autoincrement=True),
    Column("id", _REF, nullable=False, unique=True),
    Column("mentorship", _MENTORSHIP, nullable=False),
    Column("person", _REF, ForeignKey("people.ref"), nullable=False, index=True),
    Column("issued_at", Utc, nullable=False),
    Column("status", String(10), nullable=False),
    Column("reason_sealed", LargeBinary),
    Column("superseded_by", _REF),
    Column("edition", Integer, nullable=False, server_default="1"),  # 1 is what the programme issued; later ones supersede it
    Column("changed_at", Utc),  # since when it is revoked or superseded
    Column("fields_sealed", LargeBinary, nullable=False),
    Column("credential", Text),
    Column("pdf_sealed", LargeBinary),
    UniqueConstraint("mentorship", "person", "edition"),
    CheckConstraint("status IN ('valid', 'revoked', 'superseded')", name="status"),
    sqlite_autoincrement=True,  # a number is never given twice
)

_without_document, _not_valid = text("credential IS NULL"), text("status <> 'valid'")
Index("ix_certificates_waiting", certificates.c.issued_at, sqlite_where=_without_document, postgresql_where=_without_document)
Index("ix_certificates_invalid", certificates.c.status_index, sqlite_where=_not_valid, postgresql_where=_not_valid)

notices = Table(
    "notices",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("person", _REF, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("exempt", Boolean, nullable=False),
    Column("state", String(12), nullable=False),
    Column("at", Utc, nullable=False, index=True),  # when it was sent, once it was; when it was meant to be, before
    Column("message_id", String(200)),
    Column("why_sealed", LargeBinary),  # a mail server's words often repeat the address
    CheckConstraint("state IN ('intended', 'sent', 'failed', 'over_budget', 'unsubscribed')", name="state"),
)
Index("ix_notices_person_at", notices.c.person, notices.c.at)
# Postgres cannot use the primary key, whose order is that of a language, to find values by their beginning.
Index("ix_notices_key_beginning", notices.c.key, postgresql_ops={"key": "varchar_pattern_ops"}).ddl_if(dialect="postgresql")

unsubscribed = Table(
    "unsubscribed",
    metadata,
    Column("person", _REF, primary_key=True),
    Column("at", Utc, nullable=False),
)

door_messages = Table(
    "door_messages",
    metadata,
    Column("mentorship", _MENTORSHIP, nullable=False),
    Column("message_id", String(200), nullable=False),
    Column("body_lookup", _HASH, nullable=False),
    Column("at", Utc, nullable=False, index=True),
    Column("sent", Boolean, nullable=False),
    PrimaryKeyConstraint("mentorship", "message_id"),
)

# The newest result of a check of everything, so that operators are told when it is bad or too old.
audits = Table(
    "audits",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("at", Utc, nullable=False),
    Column("findings", Integer, nullable=False),
)

calendar_links = Table(
    "calendar_links",
    metadata,
    Column("mentorship", _MENTORSHIP, nullable=False),
    Column("person", _REF, nullable=False),
    Column("valid_after", Utc, nullable=False),
    PrimaryKeyConstraint("mentorship", "person"),
)

lines = Table(
    "lines",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("mentorship", _MENTORSHIP, nullable=False, index=True),
    Column("cohort", String(40), nullable=False, index=True),
    Column("line", String(60), nullable=False),
    Column("side", String(10)),
    Column("opened_at", Utc, nullable=False),
    Column("closed_at", Utc),
    Column("taken_by", _REF),
    Column("taken_at", Utc),
    Column("aside_until", Utc),
    Column("outcome", String(20)),
)

# Concerns (H16). A row alone reveals neither who raised it, nor about whom, nor when.
cases = Table(
    "cases",
    metadata,
    Column("id", _REF, primary_key=True),
    Column("request_lookup", _HASH, nullable=False, unique=True),  # of the submitted form, so that it counts once
    Column("pair_lookup", _HASH, nullable=False, index=True),
    Column("state", String(10), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("words", LargeBinary),  # sealed with the raiser's own key
    CheckConstraint("state IN ('waiting', 'taken', 'closed')", name="state"),
)
