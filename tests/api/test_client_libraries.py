"""Unmodified Segment-compatible client libraries, from PyPI and from npm, send to us."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

from segment.analytics.client import Client as Analytics

from store.session import Database
from tests.api.serving import WRITE_KEY, Running
from tests.store.happening import rows, value

ANALYTICS_NODE = "3.1.0"
BIN = Path(sys.executable).parent
CACHE = Path(sys.prefix) / "cache" / f"analytics-node-{ANALYTICS_NODE}"
NAMES = {"Identified", "Order Completed", "Page Viewed", "Screen Viewed", "Grouped", "Aliased"}

SCRIPT = """
const { Analytics } = require('@segment/analytics-node');
const { host, writeKey, userId, email, browser } = JSON.parse(process.argv[1]);
const analytics = new Analytics({ host, writeKey, maxRetries: 0, flushAt: 10 });
analytics.on('error', (error) => { console.error(error); process.exitCode = 1; });
analytics.identify({ userId, anonymousId: browser, traits: { email, firstName: 'Maja' } });
analytics.track({ userId, event: 'Order Completed', properties: { total: 118.5 } });
analytics.page({ userId, name: 'Cart' });
analytics.screen({ userId, name: 'Home' });
analytics.group({ userId, groupId: 'g1' });
analytics.alias({ userId, previousId: browser });
analytics.closeAndFlush();
"""


async def sent(stored: Database, user_id: str) -> dict[str, object]:
    """The events of the user's contact, by name, with their properties."""
    found = await rows(
        stored,
        "SELECT name, properties FROM events JOIN identities USING (contact_id) WHERE kind = 'user' AND value = :id",
        id=user_id,
    )
    assert len(found) == len(NAMES)
    return dict(found)


async def check(stored: Database, user_id: str, email: str) -> None:
    events = await sent(stored, user_id)
    assert events.keys() == NAMES
    assert events["Order Completed"] == {"total": 118.5}
    traits = await value(
        stored,
        "SELECT traits FROM contacts c JOIN identities ON contact_id = c.id WHERE kind = 'email' AND value = :email",
        email=email,
    )
    assert traits == {"email": email, "firstName": "Maja", "first_name": "Maja"}


def send_from_python(url: str, user_id: str, email: str, *, gzip: bool) -> list[object]:
    failures: list[object] = []
    analytics = Analytics(
        WRITE_KEY, host=url, gzip=gzip, max_retries=0, on_error=lambda error, _: failures.append(error)
    )
    analytics.identify(user_id=user_id, anonymous_id="b1", traits={"email": email, "firstName": "Maja"})
    analytics.track(user_id=user_id, event="Order Completed", properties={"total": 118.5})
    analytics.page(user_id=user_id, name="Cart")
    analytics.screen(user_id=user_id, name="Home")
    analytics.group(user_id=user_id, group_id="g1")
    analytics.alias(previous_id=str(uuid4()), user_id=user_id)
    analytics.shutdown()
    return failures


async def test_the_library_from_pypi_sends_every_call(api: Running, stored: Database) -> None:
    for gzip in (False, True):
        user_id = str(uuid4())
        assert await asyncio.to_thread(send_from_python, api.url, user_id, f"{user_id}@shop.example", gzip=gzip) == []
        await check(stored, user_id, f"{user_id}@shop.example")


async def test_the_library_from_npm_sends_every_call(api: Running, stored: Database) -> None:
    await asyncio.to_thread(install)
    user_id = str(uuid4())
    told = {"host": api.url, "writeKey": WRITE_KEY, "userId": user_id, "email": f"{user_id}@shop.example"}
    program = [str(BIN / "node"), "-e", SCRIPT, json.dumps(told | {"browser": str(uuid4())})]
    done = await asyncio.to_thread(subprocess.run, program, cwd=CACHE, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    await check(stored, user_id, f"{user_id}@shop.example")


def install() -> None:
    if (CACHE / "node_modules" / "@segment" / "analytics-node" / "package.json").exists():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    package = f"@segment/analytics-node@{ANALYTICS_NODE}"
    command = [
        str(BIN / "npm"),
        "install",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--prefix",
        str(CACHE),
        package,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
