"""Letters from real folders: composed, compiled by MJML, filled in for contacts; and what is refused, and where."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

from mail.rendering import (
    LetterBroken,
    LetterError,
    LetterNotFound,
    VariableMissing,
)
from tests.mail.letter_folder import CONTEXT, Write, plain, written


class Links(HTMLParser):
    """Every `href` of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str | None] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name == "href"]


def test_a_letter_is_composed_compiled_and_filled_in(write: Write) -> None:
    content = write().render("cart", CONTEXT)
    assert content.subject == "Åsa, your cart waits"
    assert content.text == "Hello Åsa,\n* Towel\n* Throw\nSkerry & Sons\nhttps://shop.example/u/v1.x?a=1&b=2"
    assert [text in content.html for text in ("1: Towel", "2: Throw", "€19.00", "€129.50", "For Åsa")] == [True] * 5
    assert Links(content.html).found == [
        "https://shop.example/towel",
        "https://shop.example/throw",
        "https://shop.example/u/v1.x?a=1&b=2",
    ]
    assert "mj-" not in content.html.replace("mj-column", "").replace("mj-outlook", "")


def test_a_condition_leaves_out_whole_elements(write: Write) -> None:
    dear = CONTEXT | {"cart": {"total": 500, "currency": "EUR", "lines": [{"name": "Boat", "url": "", "price": 500}]}}
    html = write().render("cart", dear).html
    assert "Boat" not in html
    assert "€500.00" in html


def test_a_letter_is_compiled_once(write: Write, tmp_path: Path) -> None:
    letters = write()
    first = letters.render("cart", CONTEXT)
    (tmp_path / "cart" / "body.mjml").write_text("broken <")
    assert letters.render("cart", CONTEXT) == first


def test_a_letter_reads_the_names_that_it_reads(write: Write) -> None:
    assert write().variables("cart") == {"contact", "shop", "links", "cart"}


def test_folders_that_begin_with_an_underscore_are_no_letters(write: Write, tmp_path: Path) -> None:
    letters = write()
    (tmp_path / ".git").mkdir()
    (tmp_path / "another").mkdir()
    assert letters.names() == ["another", "cart"]


@pytest.mark.parametrize("name", ["nothing", "_base", "..", "", "cart/../cart", "/etc"])
def test_an_unknown_letter_is_told(write: Write, name: str) -> None:
    with pytest.raises(LetterNotFound):
        write().render(name, CONTEXT)


# --- escaping


HOSTILE = "<script>alert(\"1\")</script> & 'x'"


def test_html_is_escaped_and_subject_and_text_are_not(write: Write) -> None:
    content = write().render("cart", CONTEXT | {"contact": {"first_name": HOSTILE}})
    assert "<script" not in content.html
    assert "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt; &amp; &#39;x&#39;" in content.html
    assert HOSTILE in content.text
    assert content.subject.startswith(HOSTILE)


def test_a_value_that_looks_like_a_template_stays_text(write: Write) -> None:
    content = write().render("cart", CONTEXT | {"contact": {"first_name": "{{ shop.name }} [= 1 =] {% if %}"}})
    assert "{{ shop.name }} [= 1 =] {% if %}" in content.html
    assert "{{ shop.name }} [= 1 =] {% if %}" in content.text


@pytest.mark.parametrize("name", ["Anna\r\nBcc: x@y.example", "Anna\nB", "Anna\u2028B", "Anna\x00\x1bB", " Anna \t"])
def test_a_subject_is_a_single_line(write: Write, name: str) -> None:
    subject = write().render("cart", CONTEXT | {"contact": {"first_name": name}}).subject
    assert subject.isprintable()
    assert subject.startswith("Anna")


# --- what is missing


@pytest.mark.parametrize(
    ("part", "named"),
    [
        ("{{ nowhere }}", "nowhere"),
        ("{{ contact.city }}", "contact.city"),
        ("{% if contact.city %}x{% endif %}", "contact.city"),
        ("{% for x in contact.orders %}x{% endfor %}", "contact.orders"),
        ("{{ contact.city.street }}", "contact.city"),
        ("{{ nowhere * 2 }}", "nowhere"),
        ("{{ nowhere | money('EUR') }}", "nowhere"),
        ("{{ nowhere() }}", "nowhere"),
    ],
)
def test_a_missing_variable_is_an_error_that_names_it(write: Write, part: str, named: str) -> None:
    for text, body in ((part, ""), ("", part)):
        with pytest.raises(VariableMissing) as missing:
            written(write, text=text, body=body)
        assert (missing.value.letter, missing.value.variable) == ("cart", named)


def test_a_letter_may_say_what_stands_in_for_a_missing_variable(write: Write) -> None:
    text = "{{ contact.city | default('there') }}{% if nowhere is defined %}x{% endif %}"
    assert written(write, text=text).text == "there"


# --- mistakes of authors


@pytest.mark.parametrize(
    ("body", "file", "line", "words"),
    [
        ("<mjml>\n<mj-body>\n<mj-section>\n</mj-body>\n</mjml>", "cart/body.mjml", 4, "</mj-body> closes nothing"),
        ("<mjml>\n<mj-body>\n", "cart/body.mjml", 2, "never closed"),
        (plain("\n<mj-txt>x</mj-txt>\n"), "cart/body.mjml", 2, "no <mj-txt>"),
        (plain("\n<mj-text>{{ 1 + }}</mj-text>"), "cart/body.mjml", 2, "end of print"),
        (plain("\n<mj-text>{% if x %}</mj-text>\n"), "cart/body.mjml", None, "endif"),
        (plain("\n<mj-divider foo='{{ contact.id }}' />"), "cart/body.mjml", 2, "MJML drops {{ contact.id }}"),
        (plain("\n<mj-text>{% include 'x' %}</mj-text>"), "cart/body.mjml", 2, "[% %]"),
        ("[% extends '_base/layout.mjml' %]\n[% block body %]", "cart/body.mjml", 2, "endblock"),
        ("[% extends '_base/none.mjml' %]", "_base/none.mjml", None, "no such file"),
        ("\n\n[= nothing =]", "cart/body.mjml", None, "nothing"),
        ("just text", "cart/body.mjml", None, "MJML"),
    ],
)
def test_a_broken_letter_is_told_with_its_place(
    write: Write, body: str, file: str, line: int | None, words: str
) -> None:
    letters = write(body=body)
    with pytest.raises(LetterBroken) as broken:
        letters.render("cart", CONTEXT)
    assert broken.value.file == file
    assert line is None or broken.value.line == line
    assert words in str(broken.value)


def test_a_mistake_in_a_shared_file_is_told_there(write: Write, tmp_path: Path) -> None:
    letters = write()
    (tmp_path / "_base" / "foot.mjml").write_text("<p>\n{{ shop.name | }}\n</p>")
    with pytest.raises(LetterBroken) as broken:
        letters.variables("cart")
    assert (broken.value.file, broken.value.line) == ("_base/foot.mjml", 2)


def test_a_mistake_in_a_text_is_told_with_its_line(write: Write) -> None:
    with pytest.raises(LetterBroken) as broken:
        write(text="one\n{% for x in y %}\n{% endif %}").variables("cart")
    assert (broken.value.file, broken.value.line) == ("cart/body.txt", 3)


def test_a_missing_part_is_told(write: Write, tmp_path: Path) -> None:
    letters = write()
    (tmp_path / "cart" / "body.txt").unlink()
    with pytest.raises(LetterBroken, match=r"cart/body\.txt: there is no such file"):
        letters.render("cart", CONTEXT)


def test_an_error_never_quotes_a_contact(write: Write) -> None:
    for text in ("{{ contact.first_name | date }}", "{{ contact.first_name + 1 }}", "{{ contact[contact] }}",
                 "{{ contact.first_name | money('EUR') }}", "{{ contact.first_name | safe_url }}"):  # fmt: skip
        with pytest.raises(LetterError) as error:
            written(write, text=text, context=CONTEXT | {"contact": {"first_name": "Secretname"}})
        assert "Secretname" not in str(error.value)
