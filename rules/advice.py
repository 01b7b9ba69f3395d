"""What to write instead: pydantic's errors in the words of those who write journeys."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Any

from pydantic_core import ErrorDetails

_NOUNS = {
    "send": "step",
    "all": "condition",
    "when": "way of a branch",
    "share": "way of a split",
    "schedule": "trigger",
    "condition": "thing to wait for",
    "trait": "moment to wait for",
    "percent": "value of a coupon",
    "pool": "kind of code",
}
_EXAMPLES = {
    "journey": "'journey: ' and the name of the file",
    "title": "'title: ' and a line for people",
    "class": "'class: marketing' or 'class: transactional'",
    "trigger": "'trigger: {event: Order Completed}'",
    "steps": "'steps:' and below it a list",
    "event": "'event: Order Completed'",
    "goal": "'goal: {event: Order Completed, within: 14d}'",
    "time": "'time: \"09:30\"'",
    "within": "a time, such as 'within: 5d'",
    "when": "a condition, such as 'when: {trait: city, is: Turku}'",
    "every": "how often a round begins, as 'every: 7d'",
    "letter": "the name of a letter, as 'letter: new-lead'",
    "name": "a name under which this way is measured, as 'name: short-subject'",
    "share": "how many of all shares take this way, as 'share: 50'",
    "segment": "the name of a segment, as 'segment: loyal'",
    "codes": "'codes: {code: SPRING-10}' or 'codes: {pool: generated}'",
    "value": "what it is worth, as 'value: {percent: 10}'",
    "from": "a time of day, as 'from: \"21:00\"'",
    "to": "a time of day, as 'to: \"08:00\"'",
    "at_most": "a number, as 'at_most: 3'",
    "per": "a while, as 'per: 7d'",
    "stages": "'stages:' and below it a list",
    "url": "the address that is called, as 'url: https://shop.example/hook'",
}
_PATTERNS = {
    r"^[a-z][a-z0-9-]*$": "is no name; write lower-case letters, digits and hyphens, such as 'cart-reminder'",
    r"^\S(.*\S)?$": "begins or ends with a space",
    r"^[A-Za-z0-9][A-Za-z0-9_-]{2,39}$": "is no code; write 3 to 40 letters, digits, hyphens and underscores",
    r"^[A-Z0-9-]{0,20}$": "is no prefix; write up to 20 capital letters, digits and hyphens",
    r"^[A-Z]{3}$": "is no currency; write its three letters, such as EUR",
    r"^properties\.[A-Za-z0-9_.]+$": "is no key; write 'properties.' and a property, such as 'properties.order_id'",
}
_SCALARS = "write a text, a number, true or false"
_TEXTS: dict[str, str] = {
    "string_type": "write a text; quotes make one of anything",
    "string_too_short": "write something here",
    "tuple_type": "write a list; every entry begins with '- '",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "int_from_float": "write a whole number",
    "float_type": "write a number",
    "too_short": "write at least one entry",
}


def one_of(words: Iterable[object], joint: str = "or") -> str:
    """The words in quotes, as a sentence lists them."""
    *most, last = (f"'{word}'" for word in words)
    return f"{', '.join(most)} {joint} {last}" if most else last


def meant(word: object, known: Iterable[object]) -> str:
    """The known word that was probably meant, as the end of a sentence; "" when none is near."""
    near = get_close_matches(str(word), map(str, known), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""


def noun(tags: Iterable[str]) -> str:
    """What the things are that these keys tell apart."""
    there = set(tags)
    return next((noun for tag, noun in _NOUNS.items() if tag in there), "thing")


def advice(error: ErrorDetails) -> str:
    """What is wrong with a value, and what to write."""
    context: dict[str, Any] = error.get("ctx", {})
    match error["type"]:
        case "missing":
            key = str(error["loc"][-1])
            return f"'{key}' is missing" + (f"; write {_EXAMPLES[key]}" if key in _EXAMPLES else "")
        case "dict_type" | "model_type":
            example = next((_EXAMPLES[key] for key in map(str, error["loc"][-1:]) if key in _EXAMPLES), None)
            return f"write keys with their values here{f': {example}' if example else ''}"
        case "url_parsing" | "url_scheme":
            return f"{_shown(error)} is no address of the web; write it whole, as 'https://shop.example/hook'"
        case "literal_error":
            return f"{_shown(error)} is not known here; write {context['expected']}"
        case "string_pattern_mismatch":
            return f"{_shown(error)} {_PATTERNS.get(context['pattern'], 'is not written as it must be')}"
        case "string_too_long" | "too_long":
            return f"this is too long; write at most {context['max_length']} characters"
        case "greater_than_equal":
            return f"write {context['ge']} or more"
        case "greater_than":
            return f"write more than {context['gt']}"
        case "less_than_equal":
            return f"write {context['le']} or less"
        case kind:
            return _TEXTS.get(kind) or error["msg"].removeprefix("Value error, ")


def _shown(error: ErrorDetails) -> str:
    return repr(error["input"])


def joined(errors: list[ErrorDetails]) -> str:
    """One advice for a value that was tried as several types, and is none of them."""
    if {"int_type", "string_type"} <= {error["type"] for error in errors}:
        return _SCALARS
    first, *others = errors
    return advice(first) + "".join(f", or {e['ctx']['expected']}" for e in others if e["type"] == "literal_error")


def unknown_key(key: str, known: Collection[str], outer: Collection[str], inside: str) -> str:
    """Advice on a key that is not known where it stands, but perhaps around it."""
    if key in outer:
        return f"'{key}' belongs one level up, beside '{inside}'"
    return f"'{key}' is not known here" + (meant(key, known) or f"; known are {one_of(known, 'and')}")


def two_forms(first: str, second: str, kind: str) -> str:
    """Advice on two things in one mapping."""
    if kind == "condition":
        return f"'{first}' and '{second}' are two conditions; write both in a list under 'all' or 'any'"
    return f"'{first}' and '{second}' are each a {kind}; begin another with '- {second}:'"


def misspelt(written: object, tags: Iterable[object]) -> str | None:
    """The key that was probably meant to be one of the tags."""
    keys = written if isinstance(written, dict) else ()
    return next((key for key in keys if meant(key, tags)), None)


def unknown_form(written: object, tags: Collection[str]) -> str:
    """Advice on something that is none of the things which are possible at its place."""
    kind = noun(tags)
    known = f"a {kind} begins with {one_of(tags)}"
    if (near := misspelt(written, tags)) is not None:
        return f"'{near}' is no {kind}{meant(near, tags)}"
    if isinstance(written, str) and written in tags:
        return f"write '{written}: ' and a value"
    if isinstance(written, dict) and written:
        return f"{one_of(written, 'and')} {'make' if len(written) > 1 else 'makes'} no {kind}; {known}"
    return f"nothing is written here; {known}" if written is None else f"this is no {kind}; {known}"
