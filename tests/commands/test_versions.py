"""`kundresa plan`, `apply` and `versions` on a real database, as people and as programs call them."""

import asyncio
import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from typer.testing import CliRunner

from cli import app
from store.session import Database
from tests.conftest import NewDatabase
from tests.store.enrolling import enrolled
from tests.store.happening import rows

ROOT = Path(__file__).parents[2]
TRIED = """journey: tried
title: Tried
class: transactional
trigger: {event: Signed Up}
steps:
  - wait: 1h
  - send: order-thanks
"""
LONGER = TRIED.replace("1h", "2h")
BUYERS = "segment: buyers\ntitle: Buyers\nwhen: {event: Order Completed}\n"


class Shop:
    """A folder of files, a database, no Temporal, and a shell."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder, self.database = folder, database
        for name in ("journeys", "segments"):
            (folder / name).mkdir()
        for name in ("_base", "order-thanks"):  # every command reads all letters: two are quicker than fifty
            shutil.copytree(ROOT / "templates" / name, folder / "templates" / name)
        self.write("journeys/tried", TRIED)
        self.environment = {
            "KUNDRESA_DATABASE_URL": database.url,
            "KUNDRESA_JOURNEYS_DIR": str(folder / "journeys"),
            "KUNDRESA_TEMPLATES_DIR": str(folder / "templates"),
            "KUNDRESA_DATA": str(folder / "no stack"),
            "KUNDRESA_WRITE_KEYS": "write",
            "KUNDRESA_ADMIN_KEY": "admin-key-of-the-shop",
            "KUNDRESA_SECRET": "secret-of-the-shop",
            "TEMPORAL_ADDRESS": "127.0.0.1:1",
        }

    def write(self, file: str, content: str) -> None:
        (self.folder / f"{file}.yaml").write_text(content)

    async def run(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        """Exit code, output, and what stands beside it. In a thread: commands run loops of their own."""
        runner = CliRunner(env=self.environment | environment)
        done = await asyncio.to_thread(runner.invoke, app, arguments)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    async def json(self, *arguments: str) -> Any:
        code, told, beside = await self.run(*arguments, "--json")
        assert code == 0, beside
        return json.loads(told)

    async def somebody_enters(self) -> None:
        async with self.database.transaction() as session:
            await enrolled(session)

    async def live(self) -> list[tuple[Any, ...]]:
        return await rows(self.database, "SELECT name, live_version, next_version FROM journeys ORDER BY name")


@pytest_asyncio.fixture
async def shop(new_database: NewDatabase, tmp_path: Path) -> AsyncIterator[Shop]:
    database = Database(await new_database())
    yield Shop(tmp_path, database)
    await database.close()


async def test_plan_shows_and_changes_nothing_apply_publishes_and_again_there_is_nothing_to_do(shop: Shop) -> None:
    shop.write("segments/buyers", BUYERS)
    code, told, _ = await shop.run("plan")
    assert code == 0
    assert [line.split()[:3] for line in told.splitlines()[1:3]] == [
        ["journey", "tried", "new"],
        ["segment", "buyers", "new"],
    ]
    assert await shop.live() == []
    code, told, _ = await shop.run("apply")
    assert code == 0
    assert told.splitlines()[:2] == ["tried: version 1, new", "segment buyers: new"]
    assert await shop.live() == [("tried", 1, None)]
    assert (await shop.run("plan"))[1].splitlines()[0] == "Nothing changes: what the files say is published already."
    assert (await shop.run("apply"))[1] == "tried: version 1, unchanged\n"
    (shop.folder / "templates" / "order-thanks" / "subject.txt").write_text("Thank you")
    assert (await shop.run("apply"))[1] == "tried: version 1, unchanged\nletter order-thanks: changed\n"


async def test_plan_tells_people_what_changes_inside_and_who_is_there(shop: Shop) -> None:
    await shop.run("apply")
    await shop.somebody_enters()
    shop.write("journeys/tried", LONGER)
    code, told, _ = await shop.run("plan")
    assert code == 0
    assert told.splitlines() == [
        "kind     name   change   live version  people inside  for them",
        "journey  tried  changed  1             1              pin",
        "tried: changed",
        "  + wait-2h (Wait 2 hours) added",
        "  - wait-1h (Wait 1 hour) removed, nearest: wait-2h",
        "  1 inside version 1",
        "Temporal does not answer: at which steps people are is not known, only how many are inside each version.",
    ]


async def test_plan_as_json_is_one_document_for_programs(shop: Shop) -> None:
    document = await shop.json("plan")
    assert {each["name"]: each["change"] for each in document["files"] if each["kind"] == "journeys"} == {
        "tried": "new"
    }
    assert document["mistakes"] == []
    assert (await shop.json("apply"))["published"][0]["kind"] == "journeys"
    assert [each["number"] for each in await shop.json("versions")] == [1]


async def test_who_is_at_a_step_that_is_gone_needs_a_mapping(shop: Shop) -> None:
    await shop.run("apply")
    await shop.somebody_enters()
    shop.write("journeys/tried", LONGER)
    for command in ("plan", "apply"):
        code, _, said = await shop.run(command, "--journey", "tried=migrate")
        assert code == 1
        assert "step wait-1h of version 1 is gone" in said
        assert "tried:wait-1h=wait-2h" in said
        assert "--map" in said
    assert await shop.live() == [("tried", 1, None)]
    code, told, _ = await shop.run("apply", "--map", "tried:wait-1h=wait-2h")
    assert code == 0
    assert "tried: the people inside are brought over as soon as Temporal answers" in told
    assert await rows(shop.database, "SELECT manner, mapping FROM changeovers") == [("migrate", {"wait-1h": "wait-2h"})]


async def test_draining_waits_and_pinning_ends_the_waiting(shop: Shop) -> None:
    await shop.run("apply")
    await shop.somebody_enters()
    shop.write("journeys/tried", LONGER)
    waits = "; it goes live when everybody inside an older version has finished\n"
    assert (await shop.run("apply", "--journey", "tried=drain"))[1] == f"tried: version 2, changed{waits}"
    assert await shop.live() == [("tried", None, 2)]
    assert (await shop.run("apply"))[1] == f"tried: version 2, unchanged{waits}"
    assert "next" in (await shop.run("versions", "tried"))[1]
    await shop.run("apply", "--journey", "tried=pin")
    assert await shop.live() == [("tried", 2, None)]


async def test_an_old_version_is_live_again_and_nothing_else_changes(shop: Shop) -> None:
    shop.write("journeys/other", TRIED.replace("tried", "other"))
    await shop.run("apply")
    shop.write("journeys/tried", LONGER)
    await shop.run("apply")
    code, told, _ = await shop.run("apply", "--version", "tried=1")
    assert (code, told) == (0, "tried: version 1, changed\n")
    assert await shop.live() == [("other", 1, None), ("tried", 1, None)]
    code, told, _ = await shop.run("versions", "tried", "2")
    assert code == 0
    assert "wait: 2h" in told
    assert [(each["number"], each["state"]) for each in await shop.json("versions", "tried")] == [(2, ""), (1, "live")]


async def test_an_old_version_that_rests_on_what_is_gone_is_refused(shop: Shop) -> None:
    shop.write("segments/buyers", BUYERS)
    shop.write("journeys/tried", TRIED + "  - branch:\n      - {when: {segment: buyers}, then: [{wait: 1d}]}\n")
    assert (await shop.run("apply"))[0] == 0
    (shop.folder / "segments" / "buyers.yaml").unlink()
    shop.write("journeys/tried", TRIED)
    await shop.run("apply")
    code, _, said = await shop.run("apply", "--version", "tried=1")
    assert code == 1
    assert "Nothing was published" in said
    assert "buyers" in said
    assert await shop.live() == [("tried", 2, None)]


async def test_a_broken_file_keeps_its_version_the_others_are_published_and_the_exit_code_says_so(shop: Shop) -> None:
    await shop.run("apply")
    shop.write("journeys/tried", TRIED.replace("1h", "soon"))
    shop.write("journeys/other", TRIED.replace("tried", "other"))
    code, told, _ = await shop.run("apply")
    assert code == 1
    assert "other: version 1, new" in told
    assert "journeys/tried.yaml:6:" in told
    assert "(left as it was)" in told
    assert await shop.live() == [("other", 1, None), ("tried", 1, None)]


async def test_a_journey_may_name_only_a_sender_that_the_settings_know(shop: Shop) -> None:
    shop.write("journeys/tried", TRIED.replace("steps:", "sender: outlet\nsteps:"))
    code, told, beside = await shop.run("apply")
    assert code == 1
    assert "there is no sender 'outlet'; the settings know 'default'" in told + beside
    senders = shop.folder / "senders.toml"
    senders.write_text("[outlet]\n")
    assert (await shop.run("apply", KUNDRESA_SENDERS=str(senders)))[0] == 0
    senders.write_text("[outlet\n")
    code, _, beside = await shop.run("apply", KUNDRESA_SENDERS=str(senders))
    assert (code, "KUNDRESA_SENDERS: " in beside, "is not TOML" in beside) == (1, True, True)


async def test_exit_codes_tell_programs_what_went_wrong(shop: Shop) -> None:
    await shop.run("apply")
    assert (await shop.run("versions", "none"))[0] == 1
    assert (await shop.run("versions", "tried", "9"))[0] == 1
    assert (await shop.run("apply", "--version", "tried=9"))[0] == 1
    code, _, said = await shop.run("apply", "--journey", "trie=end")
    assert (code, "There is no journey trie here to choose for; did you mean 'tried'?" in said) == (1, True)
    for wrong in (("--journey", "tried=move"), ("--map", "tried:a"), ("--version", "tried"), ("--unheard-of",)):
        assert (await shop.run("apply", *wrong))[0] == 2, wrong
    away = {"KUNDRESA_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    for command in ("plan", "apply", "versions", "migrate"):
        code, _, said = await shop.run(command, **away)
        assert code == 3, command
        assert said.count("\n") == 1, "one line"
        assert "nothing cannot be used" in said


async def test_on_a_terminal_people_are_shown_and_asked_before_anything_is_published(shop: Shop) -> None:
    await shop.run("apply")
    await shop.somebody_enters()
    shop.write("journeys/tried", LONGER)
    code, told = await asyncio.to_thread(_typed, shop, ["apply"], "drain\nn\n")
    assert code == 1
    assert "nobody enters until everybody inside has finished" in told
    assert "Nothing was done" in told
    assert await shop.live() == [("tried", 1, None)]
    code, told = await asyncio.to_thread(_typed, shop, ["apply"], "drain\ny\n")
    assert code == 0, told
    assert await shop.live() == [("tried", None, 2)]


def _typed(shop: Shop, arguments: list[str], typed: str) -> tuple[int, str]:
    """The command on a terminal at which somebody types."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", *arguments],
        cwd=shop.folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TERM": "xterm"} | shop.environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    told = b""
    while True:
        try:
            told += os.read(ours, 65_536)
        except OSError:  # the other side has closed the terminal
            break
    os.close(ours)
    return process.wait(timeout=30), told.decode()
