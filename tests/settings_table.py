"""The README's table of settings, out of the settings themselves: `python -m tests.settings_table` prints it."""

from pathlib import Path

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from settings import ROOT, Settings

BEGIN, END = "<!-- settings: python -m tests.settings_table -->", "<!-- end of settings -->"


def table() -> str:
    """Every setting: the variable, its default, its meaning."""
    rows = [
        f"| `{Settings.model_config.get('env_prefix', '')}{name.upper()}` | {_default(field)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows])


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    match field.default:
        case None:
            return "unset"
        case Path() as path:
            return f"`{path.relative_to(ROOT)}/`"
        case default:
            # As it is written in an environment variable.
            return f"`{TypeAdapter(type(default)).dump_python(default, mode='json')}`".replace("True", "true").replace(
                "False", "false"
            )


if __name__ == "__main__":
    print(table())  # noqa: T201  (it is a command)
