"""Alembic's entry: runs in the transaction of the connection that records.migrate hands in."""

from alembic import context

from records.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, compare_type=True, compare_server_default=True)
context.run_migrations()
