"""Alembic's entry: the connection is handed in by `store.migrations.run`."""

from alembic import context
from sqlmodel import SQLModel

import store.models  # noqa: F401  (fills the metadata that autogenerate compares with)

context.configure(connection=context.config.attributes["connection"], target_metadata=SQLModel.metadata)
with context.begin_transaction():
    context.run_migrations()
