"""The tables, for statements that are put together from parts."""

from typing import Final

from sqlalchemy import Table
from sqlmodel import SQLModel

import store.models  # noqa: F401  (it registers every table)

CONSENTS: Final[Table] = SQLModel.metadata.tables["consents"]
CONTACTS: Final[Table] = SQLModel.metadata.tables["contacts"]
ENROLMENTS: Final[Table] = SQLModel.metadata.tables["enrolments"]
EVENTS: Final[Table] = SQLModel.metadata.tables["events"]
MESSAGES: Final[Table] = SQLModel.metadata.tables["messages"]
