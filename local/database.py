"""What a start does to the database, with the errors that a person can do something about."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from local.errors import DatabaseFailedError
from store.migrations.run import upgrade


async def migrate(database_url: str) -> None:
    """Bring the database to the newest state. Raises DatabaseFailedError."""
    with reached(database_url):
        await upgrade(database_url)


@contextmanager
def reached(database_url: str) -> Iterator[None]:
    """Turn what a database or the way to it says into DatabaseFailedError."""
    try:
        yield
    except (OSError, SQLAlchemyError, asyncpg.PostgresError) as error:
        raise DatabaseFailedError(shown(database_url), str(error).splitlines()[0]) from error


def shown(url: str) -> str:
    """An address without its password."""
    return make_url(url).render_as_string(hide_password=True)
