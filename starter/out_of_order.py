"""What a command says when something that it needs is not as it should be: settings, keys, records or Temporal."""

from __future__ import annotations

from temporalio.service import RPCError

from gateway.connect import TemporalUnavailable
from gateway.keyring import KeyringUnusable, UnknownKey
from gateway.settings import SettingsInvalid
from records.errors import NoTables, RecordsError, SchemaNewer, SchemaOutdated
from records.errors import UnknownKey as KeyOfRecords


def explained(error: Exception) -> str | None:
    """The error in words for the operator; None for an error that nobody foresaw."""
    match error:
        case SettingsInvalid() | KeyringUnusable() | TemporalUnavailable() | NoTables() | SchemaOutdated() | SchemaNewer():
            return str(error)
        case UnknownKey():  # Temporal's answer is sealed with it
            return f"{error}, which the workers have; give this command the same keys"
        case KeyOfRecords():
            return f"records: {error}; give it back, or give this command the keys that the others have"
        case RecordsError():
            return f"records: {error}"
        case RPCError():
            return f"Temporal: {error.status.name.lower().replace('_', ' ')}: {error.message}"
        case _:
            return None
