import unicodedata
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest

from mail.rendering import Content, Letters, ValueUnfit
from mail.translations import Translations
from tests.content.contexts import (
    KINDS,
    LANGUAGES,
    LETTERS,
    LOCALE,
    MARKETING,
    ORDERS,
    SHOP,
    STAFF,
    TEMPLATES,
    WITH_CART,
    WITH_LINES,
    Context,
    bare,
    careless,
    full,
)

PEOPLE = {"full": full, "bare": bare, "careless": careless}
CLIPPED_BY_GMAIL = 102_000
GREETING = {"en": "Hello", "sv": "Hej"}
UNSUBSCRIBE = {"en": "unsubscribe", "sv": "avsluta prenumerationen"}


@pytest.fixture(scope="session")
def letters() -> Letters:
    return Letters(TEMPLATES, Translations(LOCALE))


@pytest.fixture(params=PEOPLE)
def person(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def written(letters: Letters) -> Callable[[str, str, str], Content]:
    """A letter to a person in a language, written once for all tests."""
    return cache(lambda letter, person, told: letters.render(letter, PEOPLE[person](letter) | {"locales": (told,)}))


@pytest.fixture
def content(written: Callable[[str, str, str], Content], letter: str, person: str, language: str) -> Content:
    return written(letter, person, language)


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
    assert set(KINDS.values()) == {"marketing", "transactional", "request", "staff"}


@pytest.mark.parametrize("letter", LETTERS)
def test_every_letter_has_a_subject_html_and_text(content: Content) -> None:
    assert content.subject.strip()
    assert content.html.lstrip().startswith("<!doctype html>")
    assert len(content.text.split()) > 40


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_in_swedish_is_no_longer_english(letters: Letters, letter: str) -> None:
    english, swedish = (letters.render(letter, full(letter) | {"locales": (each,)}) for each in LANGUAGES)
    assert (english.language, swedish.language) == ("en", "sv")
    assert english.subject != swedish.subject
    told = {line for line in english.text.splitlines() if len(line.split()) > 5 and not line.startswith("*")}
    assert not {line for line in told if SHOP["postal_address"] not in line} & set(swedish.text.splitlines())


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_in_html_and_in_text_says_the_same(content: Content) -> None:
    said = Page(content.html).words  # the text alone says "In your cart:" where the page has a rule
    assert len([word for word in content.text.split() if word.isalpha() and word not in said]) <= 2


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
def test_a_letter_can_be_read_aloud(content: Content, language: str) -> None:
    page = Page(content.html)
    assert page.all("html")[0]["lang"] == language
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


@pytest.mark.parametrize("letter", [letter for letter in LETTERS if letter not in STAFF])
def test_a_letter_greets_by_name_where_the_name_is_known(content: Content, person: str, language: str) -> None:
    greeting = f"{GREETING[language]} Anna," if person == "full" else f"{GREETING[language]},"
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
def test_a_marketing_letter_names_its_topic_and_can_be_stopped(content: Content, letter: str, language: str) -> None:
    link = full(letter)["links"]["unsubscribe"]
    page = Page(content.html)
    assert link in page.links
    assert link in content.text
    topic = {"en": "“news”", "sv": "”nyheter”"}[language]
    assert topic in page.words
    assert topic in content.text


@pytest.mark.parametrize("letter", [letter for letter in LETTERS if letter not in MARKETING])
def test_only_marketing_letters_can_be_unsubscribed_from(content: Content, language: str) -> None:
    for part in (content.html, content.text):
        assert UNSUBSCRIBE[language] not in part.lower()
        assert "/u/" not in part


@pytest.mark.parametrize("letter", ORDERS)
def test_a_letter_about_an_order_says_that_it_is_about_that_only(letters: Letters, letter: str) -> None:
    content = letters.render(letter, full(letter))
    for part in (content.html, content.text):
        assert "because of your order" in part


@pytest.mark.parametrize("letter", ["confirm-subscription", "confirm-reminder"])
def test_a_letter_that_asks_for_a_yes_has_the_link_for_it(content: Content, letter: str) -> None:
    link = full(letter)["links"]["confirm"]
    assert link in Page(content.html).links
    assert link in content.text


@pytest.mark.parametrize("letter", [each for each in LETTERS if "coupon" in Letters(TEMPLATES).variables(each)])
def test_a_letter_with_a_coupon_shows_code_value_and_end(letters: Letters, letter: str) -> None:
    percent, amount = (letters.render(letter, each(letter)) for each in (full, bare))
    for words in (Page(percent.html).words, percent.text):
        assert all(said in words for said in ("OAK-9MKT4R", "10 % off", "5 December 2026", "Not for gift cards."))
    for words in (Page(amount.html).words, amount.text):
        assert "€20.00 off" in words
        assert "Valid until" not in words


@pytest.mark.parametrize("letter", [*WITH_CART, *WITH_LINES])
def test_the_lines_of_a_purchase_are_all_there(letters: Letters, letter: str) -> None:
    context = full(letter)
    content = letters.render(letter, context)
    page = Page(content.html)
    for line in _lines(context, letter):
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
    context["order"]["lines"] = context["cart"]["lines"]
    for line in _lines(context, letter):
        line["name"] = line["variant"] = '"><script>alert(1)</script>'
    content = letters.render(letter, context)
    page = Page(content.html)
    assert "<b>x</b>" in page.words
    assert "script>alert" not in content.html
    assert not page.all("b")
    assert not page.all("script")
    assert letter in STAFF or "Hello <b>x</b>," in content.text


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
        ("lead-magnet", "event.download_url"),
        ("trial-ending", "event.upgrade_url"),
        ("unpaid-order", "event.payment_url"),
        ("invoice-due", "event.invoice_url"),
        ("back-order", "event.order_url"),
        ("return-missing", "event.form_url"),
        ("course-lesson-1", "event.course_url"),
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


def _lines(context: Context, letter: str) -> list[Context]:
    lines: list[Context] = context["cart" if letter in WITH_CART else "order"]["lines"]
    return lines
