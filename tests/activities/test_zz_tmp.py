import asyncio
from datetime import UTC, datetime
from typer.testing import CliRunner
from cli import app
from activities.decisions import Decisions, Question
from rules.conditions import Condition
from pydantic import TypeAdapter
from tests.activities.office import *
from tests.activities import test_pacing as tp
ASK = TypeAdapter(Condition)
SETTINGS = {"KUNDRESA_WRITE_KEYS": "write-key", "KUNDRESA_ADMIN_KEY": "admin-key-long", "KUNDRESA_SECRET": "s" * 16}
async def test_x(office, capsys):
    first = await tp.enters(office) if hasattr(tp,'enters') else await office.enters()
    print(first)
    await Decisions(office.database,"UTC").decide(Question(first.enrolment,(ASK.validate_python({"all":[{"trait":"plan","is":"gold"},{"event":"Order Completed","times":{"at_least":2}}]}),),datetime.now(UTC),"branch"))
    async with office.database.transaction() as s:
        from sqlalchemy import text
        import orjson
        await s.execute(text("INSERT INTO policies (name, hash, definition) VALUES ('pacing','x', cast(:d as jsonb))"),{"d":orjson.dumps({"caps":[{"at_most":1,"per":"1d"}]}).decode()})
    try:
        print(await office.sending().send(first))
    except Exception as e: print("E", e)
    from dataclasses import replace
    try:
        print(await office.sending().send(replace(first, step="again")))
    except Exception as e: print("E", e)
    env = SETTINGS | {"KUNDRESA_DATABASE_URL": office.database.url, "KUNDRESA_DATA": "/nonexistent"}
    c = (await office.row("SELECT contact_id::text AS c FROM enrolments"))["c"]
    for args in (["explain",c],["explain",c,"--letter","hello"],["results","tried"],["explain",c,"--json"]):
        r = await asyncio.to_thread(CliRunner().invoke, app, args, env=env)
        print(r.output[:3000])
    assert 0
