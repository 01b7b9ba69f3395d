"""The image: everything that runs is in it, nothing else, and it needs no more than the product's own dependencies."""

import re
import sys
import tomllib
from functools import cache
from glob import glob
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

from tests.test_rooms import imported, python_files

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES: list[str] = PROJECT["tool"]["setuptools"]["packages"]
ROOMS = ("activities", "api", "commands", "mail", "rules", "store", "workflows")
STARTED = ("cli.py", "worker.py", "settings.py")

# What comes with a declared dependency and is its other half.
COMPANIONS = {"pydantic-core": "pydantic", "starlette": "fastapi", "protobuf": "temporalio"}
# What the command line uses of `local` outside the embedded stack.
ALWAYS = ("local/configuration.py", "local/database.py", "local/errors.py", "local/journeys.py")


@cache
def distributions() -> dict[str, set[str]]:
    """The distributions that hold each top-level module."""
    return {module: {canonical(name) for name in names} for module, names in packages_distributions().items()}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(requirements: list[str]) -> set[str]:
    return {canonical(re.split(r"[\[<>=!~; ]", requirement)[0]) for requirement in requirements}


def test_the_product_imports_only_what_it_declares() -> None:
    core = declared(PROJECT["project"]["dependencies"])
    files = [file for room in ROOMS for file in python_files(room)]
    files += [ROOT / name for name in (*STARTED, *ALWAYS)]
    foreign = {
        module.split(".")[0]: file.relative_to(ROOT).as_posix()
        for file in files
        for module in imported(file)
        if module.split(".")[0] not in sys.stdlib_module_names
    }
    ours = {*ROOMS, "local", "settings", "worker", "cli"}
    owners = {module: distributions().get(module, {module}) for module in foreign.keys() - ours}
    missing = {
        foreign[module]: module
        for module, names in owners.items()
        if not {COMPANIONS.get(name, name) for name in names} & core
    }
    assert missing == {}, "these imports are not among the dependencies, so the image lacks them"


def test_every_package_of_the_tree_is_installed() -> None:
    found = {file.parent.relative_to(ROOT).as_posix() for room in (*ROOMS, "local") for file in python_files(room)}
    assert {folder.replace("/", ".") for folder in found} == set(PACKAGES)


def test_files_that_are_no_code_are_installed_with_their_packages() -> None:
    patterns: dict[str, list[str]] = PROJECT["tool"]["setuptools"].get("package-data", {})
    installed = {
        ROOT / found
        for package, shapes in patterns.items()
        for shape in shapes
        for found in glob(f"{package.replace('.', '/')}/{shape}", root_dir=ROOT, recursive=True)  # noqa: PTH207  (as setuptools)
    }
    present = {
        file
        for package in PACKAGES
        for file in (ROOT / package.replace(".", "/")).rglob("*")
        if file.is_file() and file.suffix not in {".py", ".pyc"}
    }
    assert present - installed == set()


@pytest.mark.parametrize("package", sorted({package.split(".")[0] for package in PACKAGES}))
def test_the_image_is_built_from_every_package(package: str) -> None:
    assert f"\nCOPY {package} {package}\n" in DOCKERFILE


def test_the_image_is_built_from_every_module() -> None:
    copied = set(re.findall(r"\S+\.py\b", DOCKERFILE))
    assert copied == {f"{module}.py" for module in PROJECT["tool"]["setuptools"]["py-modules"]}


def test_the_build_sees_what_it_copies_and_nothing_else() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    seen = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copies = [line.split()[1:-1] for line in DOCKERFILE.splitlines() if re.match(r"COPY (?!--from)", line)]
    assert seen == {source for sources in copies for source in sources}


def test_nobody_is_root_in_the_container() -> None:
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER (?!0\b|root\b)\d+$", last, re.MULTILINE)


def test_neither_servers_nor_tests_are_installed() -> None:
    installing = [line for line in DOCKERFILE.splitlines() if "pip install" in line]
    assert len(installing) == 1
    assert installing[0].endswith("-c constraints.txt .")


def test_the_image_runs_a_python_that_the_project_allows() -> None:
    found = re.search(r"^ARG PYTHON=3\.(\d+)$", DOCKERFILE, re.MULTILINE)
    assert found is not None
    assert PROJECT["project"]["requires-python"] == ">=3.11"
    assert int(found[1]) >= 11
