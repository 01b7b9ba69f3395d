"""Which patterns are allowed, and what they mean to Python. That PostgreSQL agrees is tried in tests/store."""

import time

import pytest

from rules.patterns import LONGEST, as_sql, compiled, portable
from rules.values import SEARCHED

ALLOWED = [
    *(
        "",
        "gold",
        "^SE-[0-9]{4}$",
        r"^\d+(\.\d{2})?$",
        "a|b|",
        "(?:ab)+",
        "[^,;]*",
        r"[\w.+-]+@example\.org",
        "(?i)gold",
    ),
    *(r"\bsale\b", "å", "a.*?b", "[a-zåäö]", "x{2,}", r"\(\[\{", "()"),
]
REFUSED = [
    ("(", "not closed"),
    (")", "not opened"),
    ("*a", "nothing before '*'"),
    ("a|+", "nothing before '+'"),
    ("a**", "nothing before '*'"),
    ("^*", "nothing before"),
    (r"\b+", "nothing before"),
    ("(a+)+", "could search without end"),
    ("(a|aa)*b", "could search without end"),
    ("((a*))*", "could search without end"),
    ("(a*b){3}", "could search without end"),
    ("a{256}", "more than 255 times"),
    ("a{2,1}", "min repeat greater than max repeat"),
    ("a{,3}", "'{,3}' is not allowed"),
    ("a{x}", "not allowed"),
    (r"\1", "not allowed"),
    (r"(a)\1", "not allowed"),
    ("(?=a)", "not allowed"),
    ("(?<name>a)", "not allowed"),
    ("a(?i)b", "not allowed"),
    (r"\A", "not allowed"),
    (r"\p{L}", "not allowed"),
    ("a++", "nothing before"),
    ("[]", "not allowed"),
    ("[[:alpha:]]", "not allowed"),
    ("[z-a]", "no range"),
    (r"[\d-z]", "no range"),
    ("[a&&b]", "'&&' stands in a set"),
    ("[a", "not allowed"),
    ("a\x00", "not allowed"),
    ("\ud800", "not allowed"),
    ("x" * (LONGEST + 1), "longer than 200"),
]


@pytest.mark.parametrize("pattern", ALLOWED)
def test_a_pattern_is_allowed(pattern: str) -> None:
    assert portable(pattern) is None
    assert compiled(pattern) is not None


@pytest.mark.parametrize(("pattern", "reason"), REFUSED, ids=ascii)
def test_a_pattern_is_refused_with_the_reason_and_found_nowhere(pattern: str, reason: str) -> None:
    assert reason in (portable(pattern) or "")
    assert compiled(pattern) is None
    assert as_sql(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("end$", "end\n", False),
        ("a.b", "a\nb", True),
        (r"\w", "å", False),
        (r"\d", "\u0661", False),
        ("(?i)gold", "GOLD", True),
        ("(?i)k", "\u212a", False),
        ("(?i)å", "Å", False),
        (r"\bsale\b", "a sale!", True),
    ],
)
def test_classes_are_of_ascii_and_lines_are_nothing_special(pattern: str, text: str, found: bool) -> None:
    expression = compiled(pattern)
    assert expression is not None
    assert bool(expression.search(text)) is found


def test_no_allowed_pattern_of_one_repetition_searches_for_long() -> None:
    began = time.perf_counter()
    for pattern in ("a*b", "(?:ab)+c", r"(\d+)-", "^a+$"):
        expression = compiled(pattern)
        assert expression is not None
        expression.search("a" * SEARCHED)
    assert time.perf_counter() - began < 1
