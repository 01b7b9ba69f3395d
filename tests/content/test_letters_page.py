"""What `docs/letters.md` tells people to write works as it stands."""

import re
import shutil
from pathlib import Path
from textwrap import dedent

from mail.catalogues import collected
from mail.rendering import Letters
from tests.content.contexts import SHOP, TEMPLATES, full

PAGE = (TEMPLATES.parent / "docs" / "letters.md").read_text(encoding="utf-8")


def test_the_letter_of_the_page_can_be_written_and_translated(tmp_path: Path) -> None:
    shutil.copytree(TEMPLATES / "_base", tmp_path / "_base")
    written = PAGE.partition("## Write one")[2].partition("### Languages")[0]
    subject, body, text = (
        dedent(block).strip("\n") for block in re.findall(r"^   ```\n(.*?)^   ```$", written, re.M | re.S)
    )
    (tmp_path / "care-tips").mkdir()
    for part, words in (("subject.txt", subject), ("body.mjml", body), ("body.txt", text)):
        (tmp_path / "care-tips" / part).write_text(words, encoding="utf-8")
    letters = Letters(tmp_path)
    content = letters.render("care-tips", full("welcome-thanks"))
    assert "Wash it cool\nAt 40 degrees, with room in the drum." in content.text
    assert f"More about linen: {SHOP['url']}" in content.text
    assert "Looking after linen" in content.html
    assert {"Wash it cool", "More about linen"} <= set(collected(letters))


def test_every_part_of_the_base_is_told() -> None:
    parts = (TEMPLATES / "_base" / "parts.mjml").read_text(encoding="utf-8")
    inner = {"tile", "name"}
    told = set(re.findall(r"parts\.(\w+)\(", PAGE))
    assert set(re.findall(r"\[% macro (\w+)", parts)) - inner == told
