"""What a refusal means: by its enhanced code, else by what its text says, else by its basic code."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from rules.feedback import Hardness

_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_BASIC = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")
_VAGUE = re.compile(r"[45]\.0\.0|[45]\.1\.0")


@dataclass(frozen=True)
class Meaning:
    """What a refusal means, and the code that says so."""

    category: str
    hardness: Hardness
    code: str | None = None


@dataclass(frozen=True)
class _Rules:
    """The entries of `bounces.toml`."""

    codes: dict[str, Meaning]
    texts: tuple[tuple[re.Pattern[str], Meaning], ...]
    basic: dict[str, Meaning]


@cache
def _rules() -> _Rules:
    told = tomllib.loads(files("mail.feedback").joinpath("bounces.toml").read_text(encoding="utf-8"))
    return _Rules(
        codes={code: _meaning(entry) for entry in told["codes"] for code in entry["codes"]},
        texts=tuple((re.compile(entry["text"], re.IGNORECASE), _meaning(entry)) for entry in told["texts"]),
        basic={code: _meaning(entry) for entry in told["basic"] for code in entry["codes"]},
    )


def _meaning(entry: dict[str, Any]) -> Meaning:
    return Meaning(entry["category"], entry["hardness"])


def classify(status: str | None, text: str) -> Meaning:
    """Read a refusal: the status that a report names, if any, and the server's words.

    A status that tells nothing gives way to an enhanced code in the words.
    """
    enhanced, basic = _enhanced(status, text), _first(_BASIC, text)
    found = _by_code(enhanced) or _by_text(text) or _rules().basic.get(basic or "") or Meaning("not told", "soft")
    hardness = found.hardness
    # Nothing that may pass by itself says that an address is dead, whatever its words are.
    if hardness == "hard" and (enhanced or basic or "5").startswith("4"):
        hardness = "soft"
    return Meaning(found.category, hardness, enhanced or basic)


def _enhanced(status: str | None, text: str) -> str | None:
    told = _first(_ENHANCED, status or "")
    return (_first(_ENHANCED, text) or told) if told is None or _VAGUE.fullmatch(told) else told


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found[1] if found else None


def _by_code(code: str | None) -> Meaning | None:
    """The entry of the code, or of the longest beginning of it that has one, its class alone excepted."""
    parts = (code or "").split(".")
    entries = (".".join(parts[:length]) for length in range(len(parts), 1, -1))
    return next((_rules().codes[entry] for entry in entries if entry in _rules().codes), None)


def _by_text(text: str) -> Meaning | None:
    return next((meaning for pattern, meaning in _rules().texts if pattern.search(text)), None)
