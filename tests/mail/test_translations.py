"""Languages of letters: chosen for each contact, with their words, plurals, dates and sums."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mail.catalogues import collected, faults, update
from mail.rendering import Content, Letters
from mail.translations import TranslationBroken, Translations
from tests.mail.letter_folder import CONTEXT, Write, plain

HEAD = 'msgid ""\nmsgstr ""\n"Language: sv\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
SWEDISH = f"""{HEAD}
msgid "Hello %(name)s, 10 %% off & more"
msgstr "Hej %(name)s, 10 %% rabatt & mer"

msgid "One point"
msgid_plural "%(points)s points"
msgstr[0] "En poäng"
msgstr[1] "%(points)s poäng"

msgid "Look \\"around\\""
msgstr "Se dig \\"omkring\\""

msgid "news"
msgstr "nyheter"
"""
TEXT = """{% trans name=contact.first_name %}
  Hello {{ name }}, 10 % off &
  more
{% endtrans %}
{% trans count=points, points=points | number %}One point{% pluralize %}{{ points }} points{% endtrans %}
{{ price | money("EUR") }} {{ now | date }} {{ _(topic) }} {{ "a@b.example" | mailto }} {{ locale }}
"""
BODY = plain(
    "<mj-button href='https://x.example'>[= _('Look \"around\"') =]</mj-button><mj-text>" + TEXT + "</mj-text>"
)
GIVEN = {**CONTEXT, "points": 1250, "price": 1234.5, "now": datetime(2026, 11, 21, tzinfo=UTC), "topic": "news"}

Speak = Callable[..., Content]


def catalogue(folder: Path, language: str, text: str) -> Path:
    path = folder / language / "LC_MESSAGES" / "letters.po"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


@pytest.fixture
def speak(write: Write, tmp_path: Path) -> Speak:
    """Write the letter to somebody who speaks these languages, with these values."""
    catalogue(tmp_path / "locale", "sv", SWEDISH)
    write(body=BODY, text=TEXT, subject="{{ _('news') }}")
    letters = Letters(tmp_path, Translations(tmp_path / "locale"))
    return lambda *locales, **given: letters.render("cart", {**GIVEN, **given, "locales": locales})


def test_a_letter_is_written_in_the_language_of_the_contact(speak: Speak) -> None:
    content = speak("sv-FI", "en")
    assert (content.subject, content.language) == ("nyheter", "sv-FI")
    assert content.text.splitlines() == [
        "Hej Åsa, 10 % rabatt & mer",
        "1\xa0250 poäng",
        "1\xa0234,50\xa0€ 21 november 2026 nyheter a@b.example sv-FI",
    ]
    for words in ("Hej Åsa, 10 % rabatt & mer", 'Se dig "omkring"', '<a href="mailto:a@b.example">a@b.example</a>'):
        assert words in content.html


def test_one_and_many_are_told_apart(speak: Speak) -> None:
    assert "En poäng" in speak("sv", points=1).text
    assert "One point" in speak("en", points=1).text


@pytest.mark.parametrize(
    ("locales", "tag"),
    [
        ((None, "sv"), "sv"), (("sv_SE.UTF-8",), "sv-SE"), (("sv-SE,sv;q=0.9",), "sv-SE"), ((" SV ",), "sv"),
        (("fi-FI", "sv"), "sv"), (("fi", None), "en"), ((), "en"), (("en-US", "sv"), "en-US"), ((5, "x" * 99), "en"),
        (("", "../../etc"), "en"), (("zh-Hant-TW",), "en"),
    ],
)  # fmt: skip
def test_the_first_language_that_is_spoken_is_chosen(speak: Speak, locales: tuple[object, ...], tag: str) -> None:
    assert speak(*locales).language == tag


def test_dates_and_sums_are_those_of_the_country(speak: Speak) -> None:
    assert "€1,234.50 21 November 2026" in speak("en").text
    assert "€1,234.50 November 21, 2026" in speak("en-US").text


def test_what_a_contact_typed_is_escaped_in_every_language(speak: Speak) -> None:
    content = speak("sv", contact={"first_name": "<b>%(x)s</b>"})
    assert "Hej &lt;b&gt;%(x)s&lt;/b&gt;," in content.html
    assert "Hej <b>%(x)s</b>," in content.text


def test_a_topic_that_nobody_translated_is_shown_as_it_is(speak: Speak) -> None:
    assert "gardening" in speak("sv", topic="gardening").text


def test_without_translations_all_is_english(write: Write, tmp_path: Path) -> None:
    write(body=BODY, text=TEXT, subject="Hi")
    content = Letters(tmp_path).render("cart", {**GIVEN, "locales": ("sv",)})
    assert content.language == "en"
    assert content.text.startswith("Hello Åsa, 10 % off & more\n1,250 points\n")


def test_a_file_that_cannot_be_read_is_told_with_its_name(tmp_path: Path) -> None:
    catalogue(tmp_path, "sv", "msgid nonsense")
    with pytest.raises(TranslationBroken, match=r"letters\.po"):
        Translations(tmp_path)


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ('msgid "news"\nmsgstr ""', "'news' is not translated"),
        ('#, fuzzy\nmsgid "news"\nmsgstr "nyheter"', "'news' is marked as unsure (fuzzy)"),
        ('msgid "olds"\nmsgstr "gammalt"', "'olds' is no longer used"),
        ('msgid "Hello %(name)s"\nmsgstr "Hej %(namn)s"', "'Hello %(name)s' has a placeholder that the original lacks"),
        ('msgid "Hello %(name)s"\nmsgstr "Hej"', "'Hello %(name)s' lacks a placeholder of the original"),
        ('msgid "news"\nmsgstr "10 % nytt"', "'news' has a placeholder that the original lacks"),
        ('msgid "One"\nmsgid_plural "%(n)s"\nmsgstr[0] "En"\nmsgstr[1] ""', "'%(n)s' is not translated"),
    ],
)
def test_what_is_wrong_in_a_file_is_told(tmp_path: Path, entry: str, fault: str) -> None:
    path = catalogue(tmp_path, "sv", HEAD + entry)
    assert fault in list(faults(path, {"news": ["x"], "Hello %(name)s": ["x"], ("One", "%(n)s"): ["x"]}))


def test_a_file_is_brought_up_to_date_and_keeps_what_is_still_used(write: Write, tmp_path: Path) -> None:
    write(body=BODY, text=TEXT, subject="{{ _('news') }} {{ _('weather') }}")
    path = catalogue(tmp_path / "_locale", "sv", SWEDISH + '\nmsgid "olds"\nmsgstr "gammalt"\n')
    places = collected(Letters(tmp_path))
    update(path, places)
    assert list(faults(path, places)) == ["'weather' is not translated"]
    assert "gammalt" not in path.read_text()
    assert '#: cart\nmsgid "news"\nmsgstr "nyheter"' in path.read_text()
    assert "Babel" not in path.read_text()


def test_a_new_language_begins_with_all_messages_open(write: Write, tmp_path: Path) -> None:
    write(body=BODY, text=TEXT, subject="Hi")
    path = tmp_path / "_locale" / "fi" / "LC_MESSAGES" / "letters.po"
    places = collected(Letters(tmp_path))
    update(path, places)
    assert len(list(faults(path, places))) == len(places)


def test_the_files_of_one_language_are_read_together(tmp_path: Path) -> None:
    catalogue(tmp_path, "sv", SWEDISH)
    (tmp_path / "sv" / "LC_MESSAGES" / "pages.po").write_text(HEAD + 'msgid "Confirm"\nmsgstr "Bekräfta"\n')
    messages = Translations(tmp_path).choose("sv").messages
    assert (messages.gettext("news"), messages.gettext("Confirm")) == ("nyheter", "Bekräfta")
