"""Everything that a shop writes, read together: from folders, and from texts in memory."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from rules.files import Folders
from rules.library import Library
from rules.reading import read_all, read_texts
from tests.rules.examples import HEAD

LIBRARY = Library(letters=frozenset({"hello"}))
SHOP = {
    "journeys/tried.yaml": f"{HEAD}steps: [{{send: hello, coupon: ten}}]\n",
    "segments/loyal.yaml": "segment: loyal\ntitle: Loyal\nwhen: {stage: customer}\n",
    "coupons/ten.yaml": "coupon: ten\ntitle: Ten\ncodes: {code: TEN}\nvalue: {percent: 10}\n",
    "policies/stages.yaml": (
        "stages:\n- {stage: customer, title: C, when: {event: Order Completed}}\n- {stage: lead, title: L}\n"
    ),
    "policies/pacing.yaml": "caps: {at_most: 3, per: 7d}\n",
}


def write(root: Path, files: Mapping[str, str]) -> Folders:
    for file, text in files.items():
        (root / file).parent.mkdir(exist_ok=True)
        (root / file).write_text(text)
    return Folders.under(root)


def test_all_that_a_shop_writes_is_read_from_its_folders(tmp_path: Path) -> None:
    reading = read_all(write(tmp_path, SHOP), LIBRARY)
    assert reading.mistakes == reading.warnings == []
    assert (set(reading.journeys), set(reading.segments), set(reading.coupons)) == ({"tried"}, {"loyal"}, {"ten"})
    assert reading.stages is not None
    assert reading.pacing is not None
    assert set(reading.named.segments) == {"loyal"}
    assert [stage.stage for stage in reading.named.stages] == ["customer", "lead"]
    assert reading.broken == frozenset()


def test_texts_are_read_as_files_are(tmp_path: Path) -> None:
    assert read_texts(SHOP, LIBRARY) == read_all(write(tmp_path, SHOP), LIBRARY)
    broken: dict[str, str | bytes] = {**SHOP, "segments/loyal.yaml": "segment: loyal\n", "coupons/ten.yaml": b"\xff"}
    reading = read_texts(broken, LIBRARY)
    assert [(each.file, each.line) for each in reading.mistakes] == [
        ("coupons/ten.yaml", 1),
        ("journeys/tried.yaml", 6),
        ("segments/loyal.yaml", 1),
        ("segments/loyal.yaml", 1),
    ]
    assert reading.broken == {("coupons", "ten"), ("journeys", "tried"), ("segments", "loyal")}


def test_a_shop_without_segments_needs_no_folder_of_them(tmp_path: Path) -> None:
    reading = read_all(write(tmp_path, {"journeys/tried.yaml": f"{HEAD}steps: [{{wait: 1d}}]\n"}), LIBRARY)
    assert (set(reading.journeys), reading.mistakes) == ({"tried"}, [])


def test_the_letters_come_from_the_templates(tmp_path: Path) -> None:
    (tmp_path / "templates/hello").mkdir(parents=True)
    (tmp_path / "templates/hello/subject.txt").write_text("Hello")
    folders = write(tmp_path, {"journeys/tried.yaml": f"{HEAD}steps: [{{send: hello}}, {{send: hallo}}]\n"})
    (mistake,) = read_all(folders).mistakes
    assert mistake.message == "there is no letter 'hallo'; did you mean 'hello'?"


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("letters/hello.yaml", "a: 1", "nothing is read from here; known are "),
        ("policies/prices.yaml", "a: 1", "nothing is read from here; known are "),
        ("journeys/tried.json", "{}", "nothing is read from here; known are "),
        ("segments/vip.yaml", "segment: vips\ntitle: V\nwhen: {topic: a}\n", "the file is called 'vip.yaml', so write"),
        ("segments/vip.yaml", "segment: vip\ntitle: V\nwhen: {topic: a}\nsteps: []\n", "'steps' is not known here"),
    ],
)
def test_a_text_in_the_wrong_place_is_told(file: str, text: str, told: str) -> None:
    (mistake,) = read_texts({file: text}).mistakes
    assert mistake.file == file
    assert told in mistake.message


def test_a_warning_keeps_no_file_from_being_used() -> None:
    text = HEAD.replace("{event: Signed Up}", "{event: Signed Up, late: 5m}") + "steps: [{wait: 1d}]\n"
    reading = read_texts({"journeys/tried.yaml": text})
    (warning,) = reading.warnings
    assert str(warning).startswith("journeys/tried.yaml:5: warning: trigger > late: ")
    assert (set(reading.journeys), reading.mistakes) == ({"tried"}, [])
