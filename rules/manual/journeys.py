"""Chapters about journeys: what starts and ends them, and their steps."""

from rules.clocks import LocalTime, PropertyDate, TraitDate
from rules.journey import Goal, Journey
from rules.manual.chapter import Chapter, Entry
from rules.matches import EventMatch
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

JOURNEYS = (
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
`exit_on`, `restart_on`, `wait_for` and `goal` name events. The name alone is enough (a goal also needs its `within`);
more is said in a mapping. In a journey with a `key`, each of them says `same: order_id` (this order's events alone) or
`same: false` (of all orders).
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
            Entry("`enrol`", Enrol, (), "\n- enrol: outreach-follow-up\n"),
            Entry("`exit`", Exit, (), "\n- exit: bought in the meantime\n"),
        ),
    ),
)
