"""What a letter cannot do without, told by its text alone."""

from pathlib import Path

import pytest

from mail.required import required, required_by_letters
from mail.sandbox import text_environment

TEXTS = {
    "what is read": ("Hello {{ contact.city }}", {"contact.city"}),
    "what is read after a test of it": ("{% if coupon %}{{ coupon.code }}{% endif %}", {"coupon"}),
    "what is read after a test of something else": (
        "{% if topic %}{{ coupon.code }}{% endif %}",
        {"topic", "coupon.code"},
    ),
    "what is read where a test failed": ("{% if event.a is defined %}a{% else %}{{ event.b }}{% endif %}", {"event.b"}),
    "what has a default": ("{{ contact.city | default('town') }}", set()),
    "what is asked for with care": ("{{ contact.get('city') }}", set()),
    "what is asked for with care before": (
        "{% if contact.get('city') and contact['town'] %}{{ contact.city }}{{ contact.street }}{% endif %}",
        {"contact.town", "contact.street"},
    ),
    "one of two": ("{{ coupon.code if coupon else 'none' }}", {"coupon"}),
    "and": ("{% if coupon and coupon.until %}x{% endif %}", {"coupon"}),
    "what the text gives itself": ("{% set city = contact.city %}{{ city }}", {"contact.city"}),
    "what a loop gives": ("{% for line in order.lines %}{{ line.title }}{% endfor %}", {"order.lines"}),
}


@pytest.mark.parametrize(("text", "names"), TEXTS.values(), ids=TEXTS)
def test_a_name_is_required_unless_a_test_or_a_default_stands_before_it(
    tmp_path: Path, text: str, names: set[str]
) -> None:
    assert set(required(text_environment(tmp_path), text)) == names


def test_what_an_included_text_reads_is_required_too_unless_it_is_included_after_a_test(tmp_path: Path) -> None:
    (tmp_path / "code.txt").write_text("{{ coupon.code }}")
    environment = text_environment(tmp_path)
    assert set(required(environment, '{% include "code.txt" %}')) == {"coupon.code"}
    assert set(required(environment, '{% if coupon %}{% include "code.txt" %}{% endif %}')) == {"coupon"}


def test_every_shipped_letter_is_looked_at() -> None:
    templates = Path(__file__).parent.parent.parent / "templates"
    found = required_by_letters(templates)
    assert found.keys() == {path.parent.name for path in templates.glob("[!_.]*/subject.txt")}
    assert "coupon.code" in found["birthday"]
    assert not any(name.startswith("coupon") for name in found["welcome-story"])


def test_a_broken_letter_is_left_to_those_who_tell_of_it(tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    for part in ("subject.txt", "body.mjml", "body.txt"):
        (tmp_path / "odd" / part).write_text("{% if %}")
    assert required_by_letters(tmp_path) == {}
