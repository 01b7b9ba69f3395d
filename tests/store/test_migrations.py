"""The migrations and the models tell of the same tables."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlmodel import SQLModel

import store.models
from store.migrations.run import current, head, upgrade
from store.session import Database


def differences(connection: Connection) -> list[object]:
    assert store.models.Event.metadata is SQLModel.metadata
    return list(compare_metadata(MigrationContext.configure(connection), SQLModel.metadata))


async def test_the_migrated_database_is_what_the_models_say(database: Database) -> None:
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_migrating_again_changes_nothing(database: Database) -> None:
    await upgrade(database.url)
    async with database.engine.connect() as connection:
        assert await current(connection) == head()
