"""Contacts, their histories and the conditions asked of them, out of few values that lie just at each other's bounds."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st
from pydantic import TypeAdapter

from rules.conditions import MEASURES, Condition
from rules.facts import Facts, Happening, Named, Received, Stay
from rules.policies import Lifecycle

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
_ASK: TypeAdapter[Condition] = TypeAdapter(Condition)

# Every moment is one of these before or after now, so that it falls on the bound of a window, or a tick beside it.
_DISTANCES = [timedelta(minutes=minutes) for minutes in (0, 1, 30, 60, 61, 90, 1_440, 43_200)]
DURATIONS = ["0s", "1m", "30m", "1h", "61m", "1d", "30d"]
RELATIVE = ["now", *(f"{each} ago" for each in DURATIONS), *(f"in {each}" for each in DURATIONS)]
moments = st.builds(
    lambda distance, side, tick: NOW + side * distance + tick * TICK,
    st.sampled_from(_DISTANCES),
    st.sampled_from([-1, -1, 1]),
    st.sampled_from([0, 0, -1, 1]),
)


def _told(moment: datetime, form: int) -> str:
    """A moment as shops write it."""
    match form:
        case 0:
            return moment.isoformat().replace("+00:00", "Z")
        case 1:
            return moment.astimezone(timezone(timedelta(hours=5, minutes=45))).isoformat()
        case 2:
            return moment.replace(tzinfo=None).isoformat(" ")
        case 3:
            return moment.astimezone(timezone(-timedelta(hours=3))).strftime("%Y-%m-%dT%H:%M%z")
        case 4:
            return moment.isoformat(timespec="microseconds").replace("+00:00", "999Z")
        case _:
            return moment.date().isoformat()


dates = st.builds(_told, moments, st.integers(0, 5))
NUMBERS: list[int | float] = [
    *(0, 1, 1.0, -1, 3, 0.1, 0.2, 0.30000000000000004, -0.0, 2.5, 10, 1042),
    *(2**53, 2**53 + 1, float(2**53), 2**63, 12345678901234567890, 1.2345678901234567e19, 1e22),
    *(5e-324, 1.7976931348623157e308, -1.7976931348623157e308, 1e-7),
]
TEXTS = [
    *("", "1", "1042", "true", "null", "Gold", "gold", "gol", "g", "\u00e9", "e\u0301", "\U0001f389", "a.b", "a\nb"),
    *("x" * 999 + "end", "x" * 1_000 + "end", "\\", "%", "'", '"', "[]", "1e3", "b\n", "K", "\u212a", "\u0661"),
    *("2026-02-30", "2026-02-29", "20261121", "2026-W47-6", "2026-11-21T24:00", "2026-11-21T12:00:60Z"),
    *("9999-12-31T23:59:59-15:59", "0001-01-01", "2026-11-21T12", "2026-11-21\n", " 2026-11-21", "2026-11-21T12:00z"),
    *("2026-11-21T12:00+16:00", "2026-11-21T12:00,5Z", "\uff12\uff10\uff12\uff16-11-21", "2026-11-21T12:00:00.5+01"),
]
UNSTORABLE = ["\x00", "a\x00b", "\ud800"]
"""Texts that authors may ask for, and no shop can have sent."""
PATTERNS = [
    *("^g", "d$", "[0-9]+", r"^\d{4}$", "end$", "(?i)GOLD", "(?i)k", "g.ld", "a.b", "^$", r"\bb", r"[^a-z]", "g|x"),
    *(r"\w+", r"\s", "(a|e)", "b$", "\u00e9", "(?:go)+l", r"[\]\\]", r"\.", "(", "(a+)+b", "(?=a)", r"\1"),
]
plain = st.one_of(st.sampled_from(NUMBERS), st.sampled_from(TEXTS), st.booleans(), dates, st.none())
values = st.one_of(
    plain,
    st.lists(plain, max_size=3),
    st.fixed_dictionaries({}, optional={"b": plain, "0": plain}),
    st.just([[1], {"b": "gold"}]),
)
scalars = st.one_of(st.sampled_from(NUMBERS), st.sampled_from([*TEXTS, *UNSTORABLE]), st.booleans(), dates)
bounds = st.one_of(st.sampled_from(RELATIVE), moments.map(lambda moment: _told(moment, 0)), st.just("2026-11-21"))
PATHS = ["a", "b", "a.b", "a.0", "a.b.c", "", "\x00"]
COMPARISONS: dict[str, st.SearchStrategy[Any]] = {
    "is": scalars,
    "in": st.lists(scalars, min_size=1, max_size=3),
    **dict.fromkeys(("gt", "gte", "lt", "lte"), st.sampled_from(NUMBERS).map(float)),
    "contains": scalars,
    "starts_with": st.sampled_from([*TEXTS, *UNSTORABLE]),
    "matches": st.sampled_from(PATTERNS),
    "exists": st.booleans(),
    "before": bounds,
    "after": bounds,
}
TIMES = [{"at_least": 1}, {"at_least": 2}, {"at_most": 0}, {"at_most": 1}, {"exactly": 0}, {"exactly": 2}]
SEGMENTS, STAGES, TOPICS, JOURNEYS, LETTERS = ["one", "two"], ["new", "known", "rest"], ["o", "p"], ["i", "j"], ["l", "m"]
EVENTS = ["A", "B", "Email Opened", "Email Link Clicked"]


def _comparing(key: str, paths: list[str], names: list[str] | None = None) -> st.SearchStrategy[Any]:
    chosen = st.lists(st.sampled_from(names or sorted(COMPARISONS)), min_size=1, max_size=2, unique=True)
    compared = chosen.flatmap(lambda these: st.fixed_dictionaries({name: COMPARISONS[name] for name in these}))
    return st.builds(lambda path, more: {key: path, **more}, st.sampled_from(paths), compared)


def _maybe(name: str, strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(st.just({}), strategy.map(lambda value: {name: value}))


def _merged(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda these: {key: value for part in these for key, value in part.items()})


_named_paths = [path for path in PATHS if path]
_traits = _comparing("trait", _named_paths)
_properties = _comparing("property", _named_paths)
_spans = _merged(
    _maybe("within", st.sampled_from([*DURATIONS, "enrolment"])), _maybe("after", bounds), _maybe("before", bounds)
)
_numeric = _comparing("property", ["a", "b"], ["gt", "gte", "lt", "lte", "is", "exists"])
_figures = st.one_of(
    st.just({}),
    *(_maybe(name, st.one_of(_numeric, _comparing("property", _named_paths))) for name in MEASURES),
)
_letters = _merged(
    st.sampled_from(LETTERS).map(lambda letter: {"letter": letter}),
    st.sampled_from(["received", "opened", "clicked"]).map(lambda was: {"was": was}),
    _maybe("times", st.sampled_from(TIMES)),
    _maybe("within", st.sampled_from(DURATIONS)),
)
_stays = _merged(
    st.sampled_from(JOURNEYS).map(lambda name: {"in_journey": name}),
    _maybe("ever", st.booleans()),
    _maybe("within", st.sampled_from(DURATIONS)),
)
_topics = st.builds(lambda topic, yes: {"topic": topic, "subscribed": yes}, st.sampled_from(TOPICS), st.booleans())


def _happened(where: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return _merged(
        st.sampled_from(EVENTS[:2]).map(lambda name: {"event": name}),
        _maybe("where", where),
        _maybe("same", st.sampled_from(["a", "b", "a.b", ""])),
        _maybe("times", st.sampled_from(TIMES)),
        _spans,
        _figures,
    )


def _joined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        several.map(lambda parts: {"all": parts}),
        several.map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    )


def written(segments: list[str] = SEGMENTS, *, stages: bool = True) -> st.SearchStrategy[Any]:
    """Conditions as authors write them, which refer to these segments only, and to stages."""
    referring = [st.sampled_from(segments).map(lambda name: {"segment": name})] if segments else []
    staged = [st.sampled_from([*STAGES, ["new", "rest"]]).map(lambda stage: {"stage": stage})] if stages else []
    leaves = st.one_of(_traits, _properties, _letters, _stays, _topics, *referring, *staged)
    inner = st.recursive(st.one_of(_properties, leaves, _happened(_properties)), _joined, max_leaves=3)
    return st.recursive(st.one_of(leaves, _happened(inner), _happened(_properties)), _joined, max_leaves=4)


def parsed(condition: Any) -> Condition:
    return _ASK.validate_python(condition)


def _named(one: Any, two: Any, new: Any, known: Any) -> Named:
    lifecycle = Lifecycle.model_validate(
        {
            "stages": [
                {"stage": "new", "title": "New", "when": new},
                {"stage": "known", "title": "Known", "when": known},
                {"stage": "rest", "title": "Others"},
            ]
        }
    )
    return Named({"one": parsed(one), "two": parsed(two)}, lifecycle.stages)


conditions = written().map(parsed)
named = st.builds(
    _named,
    written([], stages=False),
    written(["one"], stages=False),
    written(stages=False),
    written(stages=False),
)


@dataclass(frozen=True)
class History:
    """All that is known of a contact."""

    traits: dict[str, Any]
    events: list[tuple[str, datetime, dict[str, Any]]]
    said: list[tuple[str, bool]]
    stays: list[tuple[str, datetime, datetime | None]]
    letters: list[tuple[str, datetime]]

    def facts(self, named: Named, now: datetime = NOW) -> Facts:
        """The same in memory."""
        return Facts(
            now=now,
            traits=self.traits,
            events=[Happening(*event, seq) for seq, event in enumerate(self.events, 1)],
            topics=dict(self.said),
            stays=[Stay(*stay) for stay in self.stays],
            letters=[Received(*letter) for letter in self.letters],
            named=named,
        )


_objects = st.fixed_dictionaries({}, optional={"a": values, "b": values})
_events = st.one_of(
    st.tuples(st.sampled_from(EVENTS[:2]), moments, _objects),
    st.tuples(
        st.sampled_from(EVENTS[2:]), moments, st.fixed_dictionaries({"letter": st.sampled_from([*LETTERS, 1, None])})
    ),
)
histories = st.builds(
    History,
    traits=_objects,
    events=st.lists(_events, max_size=5),
    said=st.lists(st.tuples(st.sampled_from([*TOPICS, "*"]), st.booleans()), max_size=3),
    stays=st.lists(st.tuples(st.sampled_from(JOURNEYS), moments, st.one_of(st.none(), moments)), max_size=2),
    letters=st.lists(st.tuples(st.sampled_from(LETTERS), moments), max_size=2),
)
