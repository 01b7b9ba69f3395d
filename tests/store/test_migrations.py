"""The migrations and the models tell of the same tables."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

import store.models
from store.migrations import run
from store.migrations.run import current, head, upgrade
from store.session import Database
from store.suppressions import COMPLAINT, HARD, Suppression, add, of


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


async def test_addresses_that_take_no_mail_are_kept_on_the_way_back_and_forth(database: Database) -> None:
    def back(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(run.__file__).parent))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.downgrade(config, "0002")

    async with database.transaction() as session:
        gone = Suppression("anna@example.org", HARD, "bounced")
        await add(session, gone, Suppression("anna@example.org", COMPLAINT, "marked as spam"))
    try:
        async with database.engine.begin() as connection:
            await connection.run_sync(back)
            told = await connection.execute(text("SELECT address, reason FROM suppressions"))
            assert [tuple(row) for row in told] == [("anna@example.org", "bounced")]
    finally:
        await upgrade(database.url)
    async with database.transaction() as session:
        assert [(each.address, each.scope, each.actor) for each in await of(session, "anna@example.org")] == [
            ("anna@example.org", "hard", "relay")
        ]
