"""The page of the shipped journeys is what their files say."""

from tests.content.contexts import TEMPLATES
from tests.content.journeys_page import page
from tests.content.playing import SHIPPED
from tests.content.purposes import PURPOSES


def test_every_shipped_journey_is_told() -> None:
    assert sorted(name for journeys in PURPOSES.values() for name in journeys) == sorted(SHIPPED.journeys)


def test_the_page_is_up_to_date() -> None:
    kept = (TEMPLATES.parent / "docs" / "journeys.md").read_text(encoding="utf-8")
    assert kept == page() + "\n", "make it anew: python -m tests.content.journeys_page > docs/journeys.md"
