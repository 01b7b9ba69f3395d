"""One contact becomes another: memberships, what is due and decisions go along, and nobody enters twice."""

from datetime import UTC, datetime

from rules.decisions import Noted
from store import due
from store.decisions import note
from tests.store.happening import rows, value
from tests.store.keeping import BOUGHT, GONE_QUIET, Keeping, ago

BROWSED = {"event": "Product Viewed", "times": {"at_least": 2}}


async def meet(keeping: Keeping) -> None:
    """The browser turns out to be Anna's."""
    await keeping.happens("anna", "Signed In", anonymous_id="browser")


async def browse(keeping: Keeping) -> None:
    await keeping.happens(None, "Product Viewed", anonymous_id="browser")


async def test_whoever_was_in_a_segment_as_a_browser_does_not_enter_it_again(keeping: Keeping) -> None:
    await keeping.publish(buyers=BOUGHT)
    await keeping.fill()
    await keeping.happens(None, "Order Completed", anonymous_id="browser")
    await keeping.happens("anna")
    await keeping.route()
    since = await value(keeping.database, "SELECT since FROM memberships")
    await meet(keeping)
    await keeping.route()
    assert await keeping.members("buyers") == {"anna"}
    assert await value(keeping.database, "SELECT since FROM memberships") == since
    assert len(await keeping.told()) == 1


async def test_together_they_may_be_what_neither_was_alone(keeping: Keeping) -> None:
    await keeping.publish(browsed=BROWSED)
    await keeping.stages(browsing=BROWSED, lead=None)
    await keeping.fill()
    await browse(keeping)
    await keeping.happens("anna")
    await keeping.route()
    assert await keeping.members("browsed") == set()
    await meet(keeping)
    await keeping.route()
    assert await keeping.members("browsed") == {"anna"}
    assert [what for user, _, what in await keeping.told() if user == "anna"][-2:] == ["browsed", "browsing"]


async def test_what_was_due_for_the_one_is_due_for_the_other(keeping: Keeping) -> None:
    await keeping.publish(quiet=GONE_QUIET)
    await keeping.fill()
    await keeping.happens(None, "Order Completed", anonymous_id="browser", occurred_at=ago(days=10))
    await keeping.happens("anna", "Order Completed", occurred_at=ago(days=5))
    await keeping.route()
    await meet(keeping)
    assert await keeping.due() == [("anna", "segment", "quiet")]
    await keeping.route()
    assert await keeping.due() == [("anna", "segment", "quiet")]
    at = await value(keeping.database, "SELECT at FROM due")
    assert 24 <= (at - datetime.now(UTC)).days <= 25


async def test_a_look_at_somebody_who_was_merged_becomes_a_look_at_the_other(keeping: Keeping) -> None:
    await keeping.publish(buyers=BOUGHT)
    await keeping.fill()
    await browse(keeping)
    await keeping.happens("anna")
    (browser,) = [each for (each,) in await rows(keeping.database, _BROWSER)]
    await meet(keeping)
    await keeping.route()
    async with keeping.database.transaction() as session:
        await due.look_at_all(session, [browser])
    await keeping.sweep()
    assert await rows(keeping.database, "SELECT 1 FROM due") == []


async def test_decisions_about_the_one_are_told_of_the_other(keeping: Keeping) -> None:
    await browse(keeping)
    await keeping.happens("anna")
    (browser,) = [each for (each,) in await rows(keeping.database, _BROWSER)]
    async with keeping.database.transaction() as session:
        await note(session, [Noted(None, datetime.now(UTC), browser, "tried", "refused", "not now")])
    await meet(keeping)
    anna = await value(keeping.database, "SELECT contact_id FROM identities WHERE kind = 'user'")
    assert await rows(keeping.database, "SELECT contact_id FROM decisions") == [(anna,)]


_BROWSER = "SELECT contact_id FROM identities WHERE kind = 'anonymous'"
