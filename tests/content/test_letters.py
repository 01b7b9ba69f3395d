import unicodedata
from collections import Counter
from copy import deepcopy
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from mail.rendering import Content, Letters, ValueUnfit
from tests.content.contexts import MARKETING, SHOP, TRANSACTIONAL, Context, bare, careless, full

TEMPLATES = Path(__file__).parents[2] / "templates"
LETTERS = (*MARKETING, *TRANSACTIONAL)
PEOPLE = {"full": full, "bare": bare, "careless": careless}
CLIPPED_BY_GMAIL = 102_000


@pytest.fixture(scope="session")
def letters() -> Letters:
    return Letters(TEMPLATES)


@pytest.fixture(params=PEOPLE)
def person(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def content(letters: Letters, letter: str, person: str) -> Content:
    return letters.render(letter, PEOPLE[person](letter))


class Page(HTMLParser):
    """What a letter's HTML consists of: its elements in order, and its words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def links(self) -> list[str | None]:
        return [each.get("href") for each in self.all("a")]


def test_the_fixtures_know_every_letter_there_is(letters: Letters) -> None:
    assert letters.names() == sorted(LETTERS)


@pytest.mark.parametrize("letter", LETTERS)
def test_every_letter_has_a_subject_html_and_text(content: Content) -> None:
    assert content.subject.strip()
    assert content.html.lstrip().startswith("<!doctype html>")
    assert len(content.text.split()) > 40


@pytest.mark.parametrize("letter", LETTERS)
def test_a_subject_is_one_short_line_without_emoji(content: Content) -> None:
    assert content.subject == content.subject.strip()
    assert len(content.subject) <= 60
    assert content.subject.isprintable()
    assert not [sign for sign in content.subject if unicodedata.category(sign) == "So"]


@pytest.mark.parametrize("letter", LETTERS)
def test_nothing_is_left_unrendered(content: Content) -> None:
    for part in (content.subject, content.html, content.text):
        assert not [mark for mark in ("{{", "}}", "{%", "%}", "[%", "%]", "[=", "=]", "None") if mark in part]


@pytest.mark.parametrize("letter", LETTERS)
def test_no_letter_is_long_enough_to_be_clipped(content: Content) -> None:
    assert len(content.html.encode()) < CLIPPED_BY_GMAIL


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_can_be_read_aloud(content: Content) -> None:
    page = Page(content.html)
    assert page.all("html")[0]["lang"] == "en"
    assert all(image.get("alt") for image in page.all("img"))
    assert all(table.get("role") == "presentation" for table in page.all("table"))
    assert len(page.all("h1")) == 1


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_asks_for_one_thing_only(content: Content) -> None:
    classes = Counter(word for _, each in Page(content.html).elements for word in (each.get("class") or "").split())
    assert classes["button"] <= 1


@pytest.mark.parametrize("letter", LETTERS)
def test_the_text_holds_to_lines_that_every_reader_shows(content: Content) -> None:
    assert max(map(len, content.text.splitlines())) <= 80
    assert "\n\n\n" not in content.text


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_greets_by_name_where_the_name_is_known(content: Content, person: str) -> None:
    greeting = "Hello Anna," if person == "full" else "Hello,"
    assert greeting in Page(content.html).words
    assert content.text.startswith(greeting)


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_tells_who_sends_it_and_to_whom(letters: Letters, letter: str) -> None:
    content = letters.render(letter, full(letter))
    for words in (Page(content.html).words, content.text):
        assert SHOP["name"] in words
        assert SHOP["postal_address"] in words
        assert SHOP["reply_to"] in words
        assert "anna.lund@example.org" in words


@pytest.mark.parametrize("letter", MARKETING)
def test_a_marketing_letter_names_its_topic_and_can_be_stopped(content: Content, letter: str) -> None:
    context = full(letter)
    page = Page(content.html)
    assert context["links"]["unsubscribe"] in page.links
    assert context["links"]["unsubscribe"] in content.text
    assert f"“{context['topic']}”" in page.words
    assert f'"{context["topic"]}"' in content.text


@pytest.mark.parametrize("letter", TRANSACTIONAL)
def test_a_transactional_letter_has_no_unsubscribe(content: Content) -> None:
    for part in (content.html, content.text):
        assert "unsubscribe" not in part.lower()
        assert "because of your order" in part


@pytest.mark.parametrize("letter", [each for each in LETTERS if each.startswith(("cart-", "order-"))])
def test_the_lines_of_a_purchase_are_all_there(letters: Letters, letter: str) -> None:
    context = full(letter)
    content = letters.render(letter, context)
    page = Page(content.html)
    for line in (context.get("cart") or context["order"])["lines"]:
        assert line["name"] in page.words
        assert line["name"] in content.text
        assert line["url"] in page.links
        assert (line["variant"] or "") in page.words
    assert {image["src"] for image in page.all("img")} == {
        "https://shop.example/pictures/towel.png",
        "https://shop.example/pictures/throw.png",
    }


@pytest.mark.parametrize(
    ("letter", "of"), [("cart-reminder", "cart"), ("cart-last-call", "cart"), ("order-thanks", "order")]
)
def test_prices_quantities_and_the_sum_are_told(letters: Letters, letter: str, of: str) -> None:
    content = letters.render(letter, full(letter))
    total = {"cart": "209.50", "order": "216.40"}[of]
    for words in (Page(content.html).words, content.text):
        assert all(amount in words for amount in ("19.00", "38.00", "129.00", "42.50", total))


def test_a_cart_without_an_address_of_its_own_leads_to_the_shop(letters: Letters) -> None:
    content = letters.render("cart-reminder", bare("cart-reminder"))
    assert f"Go back to your cart: {SHOP['url']}" in content.text


def test_a_parcel_can_be_followed_once_its_tracking_is_known(letters: Letters) -> None:
    known, unknown = (letters.render("order-thanks", each("order-thanks")) for each in (full, bare))
    assert "https://parcels.example/track/ax1042" in Page(known.html).links
    assert "https://parcels.example/track/ax1042" in known.text
    assert "Follow your parcel" not in unknown.html + unknown.text


@pytest.mark.parametrize("letter", LETTERS)
def test_what_customers_typed_is_never_markup(letters: Letters, letter: str) -> None:
    context = full(letter)
    context["contact"]["first_name"] = "<b>x</b>"
    for line in _lines(context):
        line["name"] = line["variant"] = '"><script>alert(1)</script>'
    content = letters.render(letter, context)
    page = Page(content.html)
    assert "<b>x</b>" in page.words
    assert not page.all("b")
    assert not page.all("script")
    assert "Hello <b>x</b>," in content.text


@pytest.mark.parametrize(
    ("letter", "place"),
    [
        ("welcome-thanks", "shop.url"),
        ("welcome-story", "links.unsubscribe"),
        ("cart-reminder", "cart.url"),
        ("cart-reminder", "cart.lines.0.url"),
        ("cart-last-call", "cart.lines.1.image_url"),
        ("order-thanks", "order.tracking_url"),
        ("order-thanks", "order.lines.0.url"),
        ("order-review", "order.lines.0.image_url"),
    ],
)
def test_a_letter_with_a_link_that_runs_a_script_is_refused(letters: Letters, letter: str, place: str) -> None:
    context = deepcopy(full(letter))
    *path, last = place.split(".")
    holder: Any = context
    for step in path:
        holder = holder[int(step) if step.isdigit() else step]
    holder[last] = "javascript:alert(1)"
    with pytest.raises(ValueUnfit, match="safe_url"):
        letters.render(letter, context)


def _lines(context: Context) -> list[Context]:
    purchase: Context = context.get("cart") or context.get("order") or {"lines": []}
    lines: list[Context] = purchase["lines"]
    return lines
