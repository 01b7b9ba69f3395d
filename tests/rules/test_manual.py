"""The manual is made of the models: nothing is missing in it, its examples are right, and the file is up to date."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from rules import patterns, values
from rules.files import Folders
from rules.library import Library
from rules.manual.writing import CHAPTERS, manual
from rules.meanings import MEANINGS
from rules.reading import read_all, read_library, read_texts
from rules.steps import Step
from rules.triggers import TRIGGER_KEYS
from tests.rules.examples import HEAD, told

ROOT = Path(__file__).parent.parent.parent
FILES = {
    f"{folder}/{path.name}": path.read_text()
    for folder in ("journeys", "segments", "coupons")
    for path in (ROOT / folder).glob("*.yaml")
}
MANUAL = (ROOT / "docs/language.md").read_text()
READING = read_all(Folders.under(ROOT))
SHIPPED = Library(
    letters=read_library(ROOT / "templates").letters,
    journeys=READING.journeys,
    segments=READING.segments,
    coupons=READING.coupons,
    stages=READING.stages.stages if READING.stages is not None else (),
)
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", MANUAL, re.M | re.S)


def test_the_manual_is_up_to_date() -> None:
    assert manual(FILES) == MANUAL, "write it anew: kundresa language > docs/language.md"


def test_every_form_is_told_in_some_chapter() -> None:
    entries = [entry for chapter in CHAPTERS for entry in chapter.entries]
    assert {form for entry in entries for form in (entry.form, *entry.parts)} == set(MEANINGS) - {Step}


def test_every_key_is_told() -> None:
    keys = {key for form in MEANINGS.values() for key in form}
    assert {key for key in keys if f"`{key}`" not in MANUAL} == set()


def test_every_file_that_is_shown_ships() -> None:
    assert {chapter.file for chapter in CHAPTERS if chapter.file} <= FILES.keys()


def test_what_comparisons_mean_is_told_as_the_code_tells_it() -> None:
    assert values.__doc__ is not None
    assert patterns.__doc__ is not None
    assert values.__doc__.rpartition("|\n")[2].strip() in MANUAL
    assert patterns.__doc__.partition("\n\n")[2].strip() in MANUAL
    assert ".py`" not in MANUAL


def _as_files(example: str) -> Iterator[tuple[str, str]]:
    """An example as the file that it would stand in."""
    value = yaml.safe_load(example)
    steps = "steps: [{wait: 1d}]\n"
    head = HEAD.replace("trigger: {event: Signed Up}\n", "")
    if isinstance(value, list):
        yield "journeys/tried.yaml", f"{HEAD}steps:\n{example}"
    elif "trigger" in value and "journey" not in value:
        yield "journeys/tried.yaml", f"{head}{example}{steps}"
    elif value.keys() & {"exit_on", "goal"} and "journey" not in value:
        yield "journeys/tried.yaml", f"{HEAD}{example}{steps}"
    elif "when" in value and "segment" not in value:
        yield "segments/tried.yaml", f"segment: tried\ntitle: Tried\n{example}"
    elif "stages" in value:
        yield "policies/stages.yaml", example
    elif "caps" in value:
        yield "policies/pacing.yaml", example
    else:
        kind = next(kind for kind in ("journey", "segment", "coupon") if kind in value)
        yield f"{kind}s/{value[kind]}.yaml", example


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_reads_without_a_mistake(example: str) -> None:
    assert told(read_texts(dict(_as_files(example)), SHIPPED)) == []


def test_there_is_an_example_of_every_trigger_step_and_condition() -> None:
    silent = [
        entry.heading
        for chapter in CHAPTERS
        for entry in chapter.entries
        if entry.heading.startswith("`") and not entry.example
    ]
    assert silent == []
    assert {heading for heading in TRIGGER_KEYS if f"### `{heading}`" not in MANUAL} == set()
