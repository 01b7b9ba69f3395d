"""The chapters of the manual: what is said in words, and in which order the forms are told."""

from dataclasses import dataclass

from pydantic import BaseModel

from rules.clocks import LocalTime, PropertyDate, TraitDate
from rules.conditions import (
    All,
    AnyOf,
    Comparison,
    EventHappened,
    InJourney,
    LetterWas,
    Measure,
    Not,
    PropertyIs,
    SegmentIs,
    StageIs,
    Times,
    TopicIs,
    TraitIs,
)
from rules.coupon import Amount, Benefit, Coupon, FixedCode, Percent, Pool, Validity
from rules.journey import Goal, Journey
from rules.matches import EventMatch
from rules.policies import Cap, Lifecycle, Pacing, QuietHours, Stage
from rules.segment import Segment
from rules.steps import (
    Becomes,
    Branch,
    Call,
    Case,
    Change,
    Enrol,
    Exit,
    Holdout,
    Notify,
    Otherwise,
    Repeat,
    Rounds,
    Send,
    Set,
    Split,
    Variant,
    Wait,
    WaitFor,
    WaitUntil,
    Webhook,
)
from rules.triggers import OnDate, OnEvent, OnRequest, OnSchedule, OnSegment


@dataclass(frozen=True)
class Entry:
    """One form under its heading: the parts that it has besides itself, and an example."""

    heading: str
    form: type[BaseModel]
    parts: tuple[type[BaseModel], ...] = ()
    example: str = ""


@dataclass(frozen=True)
class Chapter:
    """A heading, some words, the forms, and a file that ships as an example of all.

    `compares`: the table of what comparisons mean comes after.
    """

    heading: str
    words: str
    entries: tuple[Entry, ...] = ()
    file: str = ""
    compares: bool = False


CHAPTERS = (
    Chapter(
        "A journey",
        """
A journey is a file in `journeys/`: what starts it, what ends it, and its steps. This one ships with Kundresa:
""",
        (
            Entry("What a journey says", Journey),
            Entry(
                "The goal",
                Goal,
                (),
                """
goal: {event: Order Completed, within: 14d}
""",
            ),
        ),
        "journeys/cart-abandonment.yaml",
    ),
    Chapter(
        "Triggers: what starts a journey",
        """
`trigger` is one of these, or a list of several. A filter that does not fit is recorded with its reason, so that
`kundresa explain` can tell why somebody did not enter.
""",
        (
            Entry(
                "`event`",
                OnEvent,
                (),
                """
trigger:
  event: [Order Completed, Order Updated]
  where: {property: status, is: awaiting_payment}
""",
            ),
            Entry(
                "`segment`",
                OnSegment,
                (),
                """
trigger: {segment: quiet-customers}
""",
            ),
            Entry(
                "`date`",
                OnDate,
                (),
                """
trigger: {date: children.birthday, yearly: true, offset: -14d, time: "10:00"}
re_entry: always
""",
            ),
            Entry(
                "`schedule`",
                OnSchedule,
                (),
                """
trigger: {schedule: 0 9 * * mon, segment: quiet-customers, per_second: 20}
re_entry: always
""",
            ),
            Entry(
                "`api`",
                OnRequest,
                (),
                """
trigger: {api: true}
""",
            ),
        ),
    ),
    Chapter(
        "Events that count",
        """
`exit_on`, `restart_on`, `wait_for` and `goal` name events. The name alone is enough; more is said in a mapping. In a
journey with a `key`, each of them says `same: order_id` (this order's events alone) or `same: false` (of all orders).
""",
        (
            Entry(
                "An event",
                EventMatch,
                (),
                """
exit_on:
  - Order Completed
  - event: Order Updated
    where: {not: {property: status, is: awaiting_payment}}
""",
            ),
        ),
    ),
    Chapter(
        "Steps",
        """
Steps follow each other. Every step may have an `id`, a name of its own; without one it is named by what it says
(`wait-3d`), and two alike are numbered. When a journey changes, people inside are brought to the step of the same name.
""",
        (
            Entry("`send`", Send, (), "\n- send: birthday\n  coupon: birthday-gift\n  ttl: 14h\n"),
            Entry("`wait`", Wait, (), "\n- wait: 1h\n  restart_on: [Product Added, Product Removed]\n"),
            Entry(
                "`wait_until`",
                WaitUntil,
                (LocalTime, TraitDate, PropertyDate),
                """
- wait_until: {time: "09:30", weekday: [mon, tue, wed, thu, fri]}
- wait_until: {trait: trial_ends_at, offset: -3d, time: "10:00"}
- wait_until: {property: departs_at, offset: -1d}
""",
            ),
            Entry(
                "`wait_for`",
                WaitFor,
                (Becomes,),
                """
- wait_for:
    - {event: Email Link Clicked}
    - {condition: {trait: points, gte: 100}}
  timeout: 23h
  otherwise:
    - send: cart-last-call
""",
            ),
            Entry(
                "`branch`",
                Branch,
                (Case, Otherwise),
                """
- branch:
    - when: {trait: orders_count, gte: 3}
      then:
        - send: win-back
    - otherwise:
        - send: win-back-code
          coupon: come-back
""",
            ),
            Entry(
                "`split`",
                Split,
                (Variant, Holdout),
                """
- split:
    - {share: 45, name: short, then: [{send: win-back}]}
    - {share: 45, name: long, then: [{send: welcome-story}]}
    - {holdout: 10}
""",
            ),
            Entry(
                "`repeat`",
                Repeat,
                (Rounds,),
                """
- repeat:
    every: 30d
    at_most: 6
    until: {event: Order Completed, within: enrolment}
    steps:
      - send: win-back
""",
            ),
            Entry("`set`", Set, (Change,), "\n- set: {traits: {vip: true}, topics: {courses: false}}\n"),
            Entry(
                "`webhook`",
                Webhook,
                (Call,),
                """
- webhook:
    url: https://crm.example/hooks/lead
    traits: [plan]
    properties: [order_id]
""",
            ),
            Entry("`notify`", Notify, (), "\n- notify: support\n  letter: new-lead\n"),
            Entry("`enrol`", Enrol, (), "\n- enrol: win-back-by-hand\n"),
            Entry("`exit`", Exit, (), "\n- exit: bought in the meantime\n"),
        ),
    ),
    Chapter(
        "Conditions",
        """
Conditions stand in `when`, `where`, `until`, `condition`, and in segments and stages. They are looked at when the run
comes to them, never from a stale copy. Inside `where` they ask for properties of that one event alone.
""",
        (
            Entry("`trait`", TraitIs, (), "\nwhen: {trait: address.city, in: [Turku, Oslo]}\n"),
            Entry(
                "`property`", PropertyIs, (), "\nwhen: {event: Order Completed, where: {property: total, gte: 500}}\n"
            ),
            Entry(
                "`event`",
                EventHappened,
                (Times, Measure),
                """
when: {event: Order Completed, times: {at_least: 2}, within: 90d, sum: {property: total, gte: 1000}}
""",
            ),
            Entry("`segment`", SegmentIs, (), "\nwhen: {segment: quiet-customers}\n"),
            Entry("`topic`", TopicIs, (), "\nwhen: {topic: offers}\n"),
            Entry("`stage`", StageIs, (), "\nwhen: {stage: [loyal, ambassador]}\n"),
            Entry("`in_journey`", InJourney, (), "\nwhen: {in_journey: welcome, within: 30d}\n"),
            Entry("`letter`", LetterWas, (), "\nwhen: {letter: welcome-story, was: opened, within: 14d}\n"),
            Entry("`all`", All, (), "\nwhen: {all: [{trait: city, is: Turku}, {event: Order Completed}]}\n"),
            Entry("`any`", AnyOf, (), "\nwhen: {any: [{topic: offers}, {topic: courses}]}\n"),
            Entry("`not`", Not, (), "\nwhen: {not: {event: Order Completed, within: 180d}}\n"),
        ),
    ),
    Chapter(
        "Comparisons",
        """
`trait`, `property` and figures are compared. Several comparisons in one condition must all hold.
""",
        (Entry("How values are compared", Comparison),),
        compares=True,
    ),
    Chapter(
        "Segments",
        """
A segment is a file in `segments/`. Entering and leaving it are events, which start, wake and end journeys; a condition
`segment` always asks for the truth of the moment.
""",
        (Entry("What a segment says", Segment),),
        "segments/quiet-customers.yaml",
    ),
    Chapter(
        "Stages of the lifecycle",
        """
`policies/stages.yaml` lists the stages. Each change is an event, `Stage Changed`, with `from` and `to`.
""",
        (
            Entry(
                "What the file says",
                Lifecycle,
                (Stage,),
                """
stages:
  - stage: customer
    title: Has ordered
    when: {event: Order Completed}
  - stage: lead
    title: Everybody else
""",
            ),
        ),
    ),
    Chapter(
        "Quiet hours and caps",
        """
`policies/pacing.yaml` holds for marketing letters of all journeys. A journey says what becomes of its letters then.
""",
        (
            Entry(
                "What the file says",
                Pacing,
                (QuietHours, Cap),
                """
quiet_hours: {from: "21:00", to: "08:00"}
caps:
  - {at_most: 2, per: 1d}
  - {at_most: 3, per: 7d, topic: offers}
""",
            ),
        ),
    ),
    Chapter(
        "Coupons",
        """
A coupon is a file in `coupons/`. Within one run a contact keeps the same code, however many letters show it; a code of
a pool is given once. An empty pool holds the letter back and says so.
""",
        (
            Entry("What a coupon says", Coupon),
            Entry("The codes", FixedCode, (Pool,)),
            Entry("The value", Percent, (Amount, Benefit)),
            Entry("The validity", Validity),
        ),
        "coupons/birthday-gift.yaml",
    ),
)
