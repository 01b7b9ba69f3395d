"""Reading the settings, with what is wrong told as a person needs it."""

from collections.abc import Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from local.errors import SettingsError
from mail.senders import SendersUnusable, sender_names
from settings import Settings

_PREFIX = "KUNDRESA_"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings in an environment. Raises SettingsError that names every variable which is missing or wrong."""
    variables = {name: _PREFIX + name.upper() for name in Settings.model_fields}
    told = {name: environment[variable] for name, variable in variables.items() if variable in environment}
    try:
        return Settings.model_validate(told)
    except ValidationError as error:
        raise SettingsError([_wrong(one) for one in error.errors()]) from None


def known_senders(settings: Settings) -> frozenset[str]:
    """The names that journeys may give their sender. Raises SettingsError when the file of senders cannot be used."""
    try:
        return sender_names(settings.senders)
    except SendersUnusable as error:
        raise SettingsError([f"{_PREFIX}SENDERS: {error}"]) from error


def _wrong(error: ErrorDetails) -> str:
    # The value is left out: it may be a secret.
    return f"{_PREFIX}{str(error['loc'][0]).upper()}: {error['msg'].removeprefix('Value error, ')}"
