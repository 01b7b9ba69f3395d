"""The lifecycle's funnel: who is at each stage, who came and went, and where they went."""

from store import stages
from tests.store.happening import rows
from tests.store.keeping import BOUGHT, Keeping, ago


async def lifecycle(keeping: Keeping) -> None:
    await keeping.stages(repeat={**BOUGHT, "times": {"at_least": 2}}, customer=BOUGHT, lead=None)
    await keeping.fill()


async def figures(keeping: Keeping, **span: float) -> dict[str, tuple[int, int, int, dict[str, float | None]]]:
    async with keeping.database.transaction() as session:
        funnel = await stages.funnel(session, ago(**span))
    return {
        each.stage: (each.contacts, each.arrived, each.left, {move.to: each.rate(move) for move in each.moves})
        for each in funnel
    }


async def test_the_funnel_counts_people_and_their_moves(keeping: Keeping) -> None:
    await lifecycle(keeping)
    for user in ("anna", "bert", "cleo", "dora"):
        await keeping.happens(user)
    await keeping.route()
    for user in ("anna", "bert", "anna"):
        await keeping.happens(user, "Order Completed")
        await keeping.route()
    assert await figures(keeping, days=1) == {
        "repeat": (1, 1, 0, {}),
        "customer": (1, 2, 1, {"repeat": 0.5}),
        "lead": (2, 4, 2, {"customer": 0.5}),
    }


async def test_moves_before_the_while_that_is_asked_for_do_not_count(keeping: Keeping) -> None:
    await lifecycle(keeping)
    await keeping.happens("anna", "Order Completed")
    await keeping.route()
    assert (await figures(keeping, seconds=-60))["customer"] == (1, 0, 0, {})


async def test_without_stages_there_is_no_funnel_and_nobody_has_a_stage(keeping: Keeping) -> None:
    await keeping.happens("anna")
    await keeping.route()
    assert await figures(keeping, days=1) == {}
    assert await rows(keeping.database, "SELECT stage FROM contacts") == [(None,)]
