"""Patterns mean to PostgreSQL what they mean to Python: of patterns and texts at random."""

from random import Random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rules.patterns import as_sql, compiled, portable
from tests.rules.worlds import EXAMPLES

# Whole pieces, since of single characters hardly any would make a pattern.
_PIECES = [
    *(
        "a",
        "b",
        "B",
        "1",
        " ",
        "\n",
        "\u00e9",
        "\u212a",
        "k",
        "\U0001f389",
        ".",
        "^",
        "$",
        "|",
        "(",
        ")",
        "(?:",
        "*",
        "+",
    ),
    *("?", "*?", "+?", "??", "{2}", "{1,}", "{0,2}", "{0,2}?", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\b", r"\."),
    *(
        r"\n",
        r"\\",
        "[ab]",
        "[^a]",
        "[a-k]",
        r"[\d-]",
        r"[^\w ]",
        r"[\]\[^-]",
        "[-1]",
        "[a^]",
        r"[\s\S]",
        "[b-\U0001f389]",
    ),
    *("{", "}", "[", "]", "-", "/", ",", "_", "#", "(?i)", "a", "b", "1", "a", "b", "[b-\U0001f389]"),
]
_TEXTS = ["a", "b", "1", " ", "\n", "\u00e9", "\u00c9", "\u212a", "k", "K", "\U0001f389", ".", "\\", "]", "-", "_", "A"]
_ASK = text(
    """
    SELECT asked.number, array_agg(told.text COLLATE "C" ~ asked.pattern ORDER BY told.place)
    FROM unnest(cast(:patterns AS text[])) WITH ORDINALITY AS asked (pattern, number)
    CROSS JOIN unnest(cast(:texts AS text[])) WITH ORDINALITY AS told (text, place)
    GROUP BY asked.number ORDER BY asked.number
    """
)


def _pattern(random: Random) -> str:
    return random.choice(["", "", "", "(?i)"]) + "".join(random.choices(_PIECES, k=random.randrange(1, 7)))


def found(pattern: str, texts: list[str]) -> list[bool]:
    expression = compiled(pattern)
    assert expression is not None
    return [expression.search(each) is not None for each in texts]


@settings(max_examples=EXAMPLES // 100, phases=[Phase.generate], deadline=None, derandomize=True, database=None)
@given(seed=st.integers(0, 2**64 - 1))
async def test_portable_patterns_are_found_in_the_same_texts(connection: AsyncConnection, seed: int) -> None:
    random = Random(seed)
    tried = (_pattern(random) for _ in range(200))
    patterns = [pattern for pattern in tried if portable(pattern) is None]
    texts = ["", *("".join(random.choices(_TEXTS, k=random.randrange(1, 6))) for _ in range(30))]
    asked = {"patterns": [as_sql(pattern) for pattern in patterns], "texts": texts}
    in_sql = {patterns[row[0] - 1]: row[1] for row in await connection.execute(_ASK, asked)}
    in_python = {pattern: found(pattern, texts) for pattern in patterns}
    differing = [(pattern, texts) for pattern in patterns if in_sql[pattern] != in_python[pattern]]
    assert len(patterns) > 20
    assert not differing
