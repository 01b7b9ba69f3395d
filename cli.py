"""`kundresa ...`: every command, put together. The commands themselves stand in `commands/`, a module a subject."""

from collections.abc import Callable
from functools import partial
from typing import Any

import typer
from typer.core import TyperGroup

from commands import (
    coupons,
    doctor,
    explain,
    journeys,
    language,
    listening,
    privacy,
    segments,
    serving,
    stack,
    suppressions,
    translations,
    versions,
)
from commands.output import REFUSED, UNREACHABLE, CommandError
from local.errors import DatabaseFailedError, ExtraMissingError, NotRunningError, ServerAwayError, StackError

# The work is imported inside the commands, so that `--help` does not wait for libraries that it does not need.

_EXTRA = ("psutil",)  # a module of the extra `local`, which the image is without
_AWAY = (DatabaseFailedError, NotRunningError, ServerAwayError)

# In the order in which `--help` lists them.
_SUBJECTS = (
    stack,
    journeys,
    versions,
    coupons,
    explain,
    segments,
    suppressions,
    privacy,
    doctor,
    serving,
    listening,
    translations,
    language,
)


class _Commands(TyperGroup):
    """Turns the errors that a person can do something about into one line and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return _run(partial(super().invoke, ctx))
        except (StackError, CommandError) as error:
            typer.secho(f"Error: {error}", err=True, fg="red")
            raise typer.Exit(UNREACHABLE if isinstance(error, _AWAY) else REFUSED) from error


def _run(command: Callable[[], Any]) -> Any:
    try:
        return command()
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        raise ExtraMissingError(error.name) from error


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Lifecycle e-mail for shops: every contact's journey is a durable Temporal workflow.",
    epilog="Exit codes: 0 done, 1 mistakes or refused, 2 wrong arguments, 3 a server cannot be reached.",
)
for _subject in _SUBJECTS:
    _subject.register(app)


if __name__ == "__main__":
    app()
