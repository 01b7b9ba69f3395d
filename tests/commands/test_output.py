"""One way to print: plain text in pipes, one JSON document on request, tables on a terminal."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest

from commands.output import Output, RefusedError, Table, Tree, lines

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
NOBODY = UUID(int=7)
ROWS = Table(("journey", "inside", "since"), [("welcome", 12, AT), ("cart-abandonment", None, None)], title="Live")
BRANCHES = Tree("welcome: changed", [Tree("+ wait-2h", [Tree("12 inside")]), Tree("- wait-1h")])


@dataclass(frozen=True)
class Seen:
    name: str
    at: datetime
    contact: UUID


def test_a_table_in_a_pipe_stands_in_columns_and_is_never_cut_off() -> None:
    assert list(lines(ROWS)) == [
        "Live",
        "journey           inside  since",
        "welcome           12      2026-11-21 09:30:00",
        "cart-abandonment",
    ]
    wide = Table(("text",), [("x" * 500,)])
    assert list(lines(wide))[1] == "x" * 500


def test_a_tree_in_a_pipe_is_indented() -> None:
    assert list(lines(BRANCHES)) == ["welcome: changed", "  + wait-2h", "    12 inside", "  - wait-1h"]


def test_json_is_one_document_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    seen = Seen("Åsa", AT, NOBODY)
    Output(as_json=True).show({"seen": [seen], "names": {"b", "a"}}, ROWS, BRANCHES, "a line")
    told = capsys.readouterr().out
    assert json.loads(told) == {
        "seen": [{"name": "Åsa", "at": AT.isoformat(), "contact": str(NOBODY)}],
        "names": ["a", "b"],
    }
    assert "Åsa" in told


def test_on_a_terminal_a_table_has_lines_and_what_looks_like_markup_is_left_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    Output().show(None, Table(("name",), [("[red]welcome[/red]",)]), BRANCHES, "[bold]as it is[/bold]")
    told = capsys.readouterr().out
    assert "┃" in told
    assert "└──" in told
    assert "[red]welcome[/red]" in told
    assert "[bold]as it is[/bold]" in told


def test_where_nobody_can_be_asked_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RefusedError, match=r"Remove 12 codes\? Nothing was done.*--yes"):
        Output().confirm("Remove 12 codes?", yes=False)
    Output().confirm("Remove 12 codes?", yes=True)


def test_progress_is_for_people_and_leaves_the_result_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with Output().progress("Filling", 10) as done:
        done(5)
    assert capsys.readouterr().out == ""
