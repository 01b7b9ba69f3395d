"""The sandbox of letters: nothing is reached, and nothing grows without end."""

from pathlib import Path

import pytest

import mail.sandbox
from mail.rendering import LetterBroken, LetterTooLarge, VariableMissing
from tests.mail.letter_folder import CONTEXT, Write, plain, written

ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ contact.__class__.__init__.__globals__ }}",
    "{{ '{0.__class__}'.format(contact) }}",
    "{{ '{x.__class__}'.format_map({'x': contact}) }}",
    "{{ contact | attr('__class__') }}",
    "{{ range.__self__ }}",
    "{{ self.__init__.__globals__ }}",
    "{{ contact.update({'first_name': 'x'}) }}",
    "{{ cart.lines.append(1) }}",
    "{{ lipsum(n=100000) }}",
    "{{ cycler.__init__ }}",
    "{{ joiner(',') }}",
    "{% set ns = namespace(x=1) %}",
    "{{ range(1001) | list }}",
    "{{ 'a' * 1000000000 }}",
    "{{ [1] * 1000000000 }}",
    "{{ 10 ** 10000000 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ 'a'.ljust(1000000000) }}",
    "{{ 'a'.center(1000000000) }}",
    "{{ 'a' | center(1000000000) }}",
    "{{ contact.first_name | safe }}",
    "{{ [1, 2] | random }}",
    "{% import 'os' as os %}{{ os }}",
    "{% include '../secret.txt' %}",
    "{% include '/etc/hostname' %}",
]


@pytest.mark.parametrize("escape", ESCAPES)
def test_the_sandbox_holds(write: Write, escape: str) -> None:
    for text, body in ((escape, ""), ("", escape)):
        with pytest.raises((LetterBroken, VariableMissing)):  # refused, and not merely cut at the cap
            written(write, text=text, body=body)
    assert CONTEXT["contact"] == {"first_name": "Åsa"}


@pytest.mark.parametrize("escape", ["[= ''.__class__ =]", "[% include '/etc/hostname' %]", "[= lipsum() =]"])
def test_the_sandbox_holds_while_composing(write: Write, escape: str) -> None:
    with pytest.raises(LetterBroken):
        written(write, body=escape)


def test_markup_can_read_no_files(write: Write, tmp_path: Path) -> None:
    (tmp_path / "secret.mjml").write_text("<mj-text>secret</mj-text>")
    letters = write(body=plain(f'<mj-include path="{tmp_path}/secret.mjml" />'))
    with pytest.raises(LetterBroken):
        letters.render("cart", CONTEXT)


def test_a_letter_without_end_is_stopped(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    loops = "{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}x{% endfor %}" + (
        "{% endfor %}{% endfor %}"
    )
    with pytest.raises(LetterTooLarge):
        written(write, text=loops)
    monkeypatch.setattr(mail.sandbox, "OUTPUT_CAP", 10)
    with pytest.raises(LetterTooLarge):
        written(write, text="å" * 6)
