from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.checking import check, look
from rules.journey import Journey
from rules.library import Library
from rules.mistakes import InvalidFileError, Mistake
from rules.notation import parse
from rules.reading import read_journey, read_journeys, read_library
from rules.shape import shape
from rules.steps import Send, Set, WaitUntil
from tests.rules import strategies

BROKEN = Path(__file__).parent / "broken"
LIBRARY = Library(letters=frozenset({"hello", "cart-reminder"}))
HEAD = """\
journey: cart
title: A cart
class: marketing
topic: offers
trigger: {event: Cart Viewed}
"""


def mistakes(folder: Path, text: str) -> list[str]:
    path = folder / "cart.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidFileError) as raised:
        read_journey(path, LIBRARY)
    return [str(mistake) for mistake in raised.value.mistakes]


def journey(folder: Path, text: str) -> Journey:
    path = folder / "cart.yaml"
    path.write_text(text, encoding="utf-8")
    return read_journey(path, LIBRARY)


# The parser's own words after "YAML: " depend on which of its two forms is installed.
NOT_YAML = {
    "": "cart.yaml:1: the file: it is empty",
    "# later\n": "cart.yaml:1: the file: it is empty",
    "a: 1\n\tb: 2": "cart.yaml:2: the file: a tab cannot indent; use spaces",
    "a: b: c": "cart.yaml:1: the file: it cannot be read as YAML: mapping values are not allowed",
    "a:\n  - b\n c: 2": "cart.yaml:3: the file: it cannot be read as YAML: while parsing a block mapping, ",
    "a: 1\nb: \x07": "cart.yaml:2: the file: it cannot be read as YAML: ",
    "a: 1\n---\nb: 2": "cart.yaml:2: the file: '---' is not known here; a file holds one thing",
    "[" * 500: "cart.yaml:1: the file: it cannot be read as YAML: it is nested too deeply",
    "a: 1\nb: !!int x": "cart.yaml:2: the file: '!' is not known here; leave it out, or put quotes round the text",
    "- 1": "cart.yaml:1: the file: write keys with their values here",
    "hello": "cart.yaml:1: the file: write keys with their values here",
}


@pytest.mark.parametrize(("text", "begun"), NOT_YAML.items(), ids=range(len(NOT_YAML)))
def test_a_file_that_is_no_journey_at_all_is_told_with_its_line(tmp_path: Path, text: str, begun: str) -> None:
    (told,) = mistakes(tmp_path, text)
    assert told.startswith(begun)


def test_anchors_and_aliases_are_refused_where_they_stand(tmp_path: Path) -> None:
    told = mistakes(tmp_path, "a: &x [1]\nb:\n  - *x\n")
    assert [line.split(" ")[0] for line in told] == ["cart.yaml:1:", "cart.yaml:3:"]


def test_a_file_that_is_not_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "cart.yaml").write_bytes(b"journey: cart\ntitle: p\xe5\n")
    with pytest.raises(InvalidFileError, match=r"^cart\.yaml:2: the file: it is not written in UTF-8$"):
        read_journey(tmp_path / "cart.yaml")


def test_a_file_that_is_not_there_is_a_mistake_too(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match="cannot be opened: No such file"):
        read_journey(tmp_path / "cart.yaml")


def written(path: Path) -> list[str]:
    """What the comments of a file say will be told of its lines."""
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    return [f"{path.name}:{number}: {told.strip()}" for number, line in lines for told in line.split("#! ")[1:]]


@pytest.mark.parametrize("name", ["shape.yaml", "meaning.yaml"])
def test_every_mistake_is_told_at_once_with_line_and_place_and_advice(name: str) -> None:
    path = BROKEN / name
    with pytest.raises(InvalidFileError) as raised:
        read_journey(path, LIBRARY)
    assert sorted(map(str, raised.value.mistakes)) == sorted(written(path))
    lines = [mistake.line for mistake in raised.value.mistakes]
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ("{send: hello}", "cart.yaml:6: steps: write a list; every entry begins with '- '"),
        ("[]", "cart.yaml:6: steps: write at least one entry"),
        ("", "cart.yaml:6: steps: write a list; every entry begins with '- '"),
    ],
)
def test_steps_are_a_list_of_at_least_one(tmp_path: Path, steps: str, told: str) -> None:
    assert mistakes(tmp_path, f"{HEAD}steps: {steps}\n") == [told]


def test_a_pattern_may_not_be_endless(tmp_path: Path) -> None:
    when = f"{{trait: a, matches: {'a' * 201}}}"
    place = "cart.yaml:8: steps > #1 > branch > #1 > when > matches"
    told = f"{place}: this pattern cannot be searched for: it is longer than 200 characters"
    assert mistakes(tmp_path, f"{HEAD}steps:\n  - branch:\n      - when: {when}\n") == [told]


@pytest.mark.parametrize(
    "pattern", ["(", "*", "a{5,2}", "[[a]", "(?P<a", "\\\\"[:1], "a{99999999999}", "(a*)*", "(a+?)+"]
)
def test_a_pattern_that_cannot_be_searched_is_refused(tmp_path: Path, pattern: str) -> None:
    (told,) = mistakes(tmp_path, f"{HEAD}steps:\n  - branch:\n      - when: {{trait: a, matches: '{pattern}'}}\n")
    assert told.startswith("cart.yaml:8: steps > #1 > branch > #1 > when > matches: ")


@pytest.mark.parametrize("pattern", ["^[0-9]{5}$", "(ab)+c", "[ab]*", r"(\+)+", "å.*ö"])
def test_a_pattern_that_ends_is_fine(tmp_path: Path, pattern: str) -> None:
    when = f"{{trait: a, matches: '{pattern}'}}"
    assert journey(tmp_path, f"{HEAD}steps:\n  - branch:\n      - when: {when}\n").journey == "cart"


def test_a_keyed_journey_that_says_false_hears_every_order(tmp_path: Path) -> None:
    keyed = "key: properties.order_id\nexit_on: {event: Order Paid, same: false}\nsteps: [{send: hello}]\n"
    assert journey(tmp_path, HEAD + keyed).exit_on[0].same == ""


GUESSED_ELSEWHERE = f"""
  - set:
      traits: {{a: no, b: 0123, c: 2026-01-01, d: 1_000, e: 12:30, f: 0x1F, g: .inf, h: {"9" * 19}, i: "5"}}
"""
KNOWN = """
  - set:
      traits: {a: 3, b: -1.5, c: 1e3, d: true, e: False, f: null, g: ~, h: }
"""


def test_yaml_guesses_nothing(tmp_path: Path) -> None:
    (step,) = journey(tmp_path, f"{HEAD}steps: {GUESSED_ELSEWHERE}").steps
    assert isinstance(step, Set)
    told = ["no", "0123", "2026-01-01", "1_000", "12:30", "0x1F", ".inf", "9" * 19, "5"]
    assert list(step.set.traits.values()) == told


def test_numbers_and_constants_are_those_of_json(tmp_path: Path) -> None:
    (step,) = journey(tmp_path, f"{HEAD}steps: {KNOWN}").steps
    assert isinstance(step, Set)
    assert list(map(repr, step.set.traits.values())) == ["3", "-1.5", "1000.0", "True", "False", "None", "None", "None"]


def test_a_time_needs_no_quotes(tmp_path: Path) -> None:
    (step,) = journey(tmp_path, f"{HEAD}steps:\n  - wait_until: {{time: 19:30}}\n").steps
    assert isinstance(step, WaitUntil)
    assert f"{step.wait_until.time:%H:%M}" == "19:30"


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    assert journey(tmp_path, f"\ufeff{HEAD}steps: [{{send: hello}}]").journey == "cart"


KEYS = [
    "send",
    "wait",
    "wait_for",
    "branch",
    "when",
    "trait",
    "is",
    "event",
    "where",
    "all",
    "not",
    "otherwise",
    "id",
    "x",
]
SCALARS = ["hello", "1d", "0", "true", "~", "x y", "Cart Viewed", "'", "!a", "&b", "*b", "5", "09:30"]


def _flow_list(items: list[str]) -> str:
    return f"[{', '.join(items)}]"


def _flow_mapping(pairs: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in pairs.items()) + "}"


ANY = st.recursive(
    st.one_of(st.sampled_from(SCALARS), st.text(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(_flow_list),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=3).map(_flow_mapping),
    ),
    max_leaves=8,
)
BEGUN = ["", f"{HEAD}steps: ", f"{HEAD}steps:\n  - send: hello\n    ", "journey: "]


@given(st.sampled_from(BEGUN), ANY, st.text(max_size=3))
def test_reading_tells_mistakes_and_never_raises_anything_else(begun: str, value: str, more: str) -> None:
    text = begun + value + more
    assert all(1 <= mistake.line <= len(text.splitlines()) + 1 for mistake in _told(text))


def _told(text: str) -> list[Mistake]:
    try:
        source, told = parse("cart.yaml", text)
    except InvalidFileError as error:
        return error.mistakes
    read, misshapen = shape(source, Journey)
    assert (read is None) == bool(misshapen)
    return told + misshapen + ([source.mistake(fault) for fault in check(look(read))] if read else [])


@settings(max_examples=50)
@given(strategies.journeys)
def test_every_journey_can_be_checked_and_read_from_its_own_dump(journey: Journey) -> None:
    dumped = journey.model_dump_json(by_alias=True, exclude_defaults=True)
    source, told = parse("cart.yaml", dumped)
    assert not told
    assert shape(source, Journey) == (journey, [])
    assert all(source.mistake(fault).where != "the file" for fault in check(look(journey)))


@given(st.binary(max_size=60))
def test_no_bytes_make_reading_raise_anything_else(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "cart.yaml"
    path.write_bytes(content)
    with pytest.raises(InvalidFileError):
        read_journey(path)


def test_a_broken_file_keeps_no_other_from_being_read(tmp_path: Path) -> None:
    good = f"{HEAD}steps: [{{send: hello}}]"
    (tmp_path / "cart.yaml").write_text(good)
    (tmp_path / "broken.yaml").write_text("a: [")
    (tmp_path / "empty.yaml").write_text("")
    (tmp_path / "other.yml").write_text(good)
    (tmp_path / "notes.txt").write_text("nothing")
    (tmp_path / ".hidden.yaml").write_text("a: [")
    (tmp_path / "folder.yaml").mkdir()
    reading = read_journeys(tmp_path, LIBRARY)
    assert list(reading.journeys) == ["cart"]
    assert [mistake.file for mistake in reading.mistakes] == [
        f"journeys/{name}" for name in ("broken.yaml", "empty.yaml", "folder.yaml", "other.yml")
    ]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    reading = read_journeys(tmp_path / "nowhere", LIBRARY)
    assert not reading.journeys
    assert [mistake.message for mistake in reading.mistakes] == ["there is no such folder"]


def test_a_letter_is_a_folder_with_a_subject(tmp_path: Path) -> None:
    for name in ("hello", "_base", ".git"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "subject.txt").write_text("Hello")
    (tmp_path / "empty").mkdir()
    assert read_library(tmp_path).letters == frozenset({"hello"})


def test_two_hundred_journeys_are_read_at_once(tmp_path: Path) -> None:
    steps = "".join(f"  - send: hello\n    id: letter-{number}\n  - wait: {number}d\n" for number in range(1, 11))
    for number in range(200):
        text = HEAD.replace("journey: cart", f"journey: cart-{number}")
        (tmp_path / f"cart-{number}.yaml").write_text(f"{text}steps:\n{steps}")
    assert len(read_journeys(tmp_path, LIBRARY).journeys) == 200


def test_without_a_library_the_letters_are_not_looked_up(tmp_path: Path) -> None:
    (tmp_path / "cart.yaml").write_text(f"{HEAD}steps: [{{send: unheard-of}}]")
    (step,) = read_journey(tmp_path / "cart.yaml").steps
    assert isinstance(step, Send)
