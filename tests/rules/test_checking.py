"""Every mistake that one file can hold, beside the same file without it."""

import pytest

from tests.rules.examples import HEAD, journey, marked, read, told

STEPS = {
    "a way that an earlier one always takes": (
        """
  - branch:
      - when: {trait: orders, gte: 3}
        then: [{send: loyal}]
      - when: {trait: orders, gte: 5} #! steps > #1 > branch > #2 > when: this never comes about: whenever it holds, #1 holds, which is asked before
        then: [{send: ambassador}]
""",
        """
  - branch:
      - when: {trait: orders, gte: 5}
        then: [{send: ambassador}]
      - when: {trait: orders, gte: 3}
        then: [{send: loyal}]
""",
    ),
    "a way that is written twice": (
        """
  - branch:
      - when: {event: Order Completed, within: 7d}
        then: [{send: a}]
      - when: {event: Order Completed, within: 7d} #! steps > #1 > branch > #2 > when: this never comes about: whenever it holds, #1 holds, which is asked before
        then: [{send: b}]
""",
        """
  - branch:
      - when: {event: Order Completed, within: 7d}
        then: [{send: a}]
      - when: {event: Order Completed, within: 30d}
        then: [{send: b}]
""",
    ),
    "a number that is nowhere": (
        """
  - branch:
      - when: {trait: orders, gte: 3, lt: 2} #! steps > #1 > branch > #1 > when: this condition contradicts itself, so it never holds
        then: [{send: a}]
""",
        """
  - branch:
      - when: {trait: orders, gte: 2, lt: 3}
        then: [{send: a}]
""",
    ),
    "two cities at once": (
        """
  - branch:
      - when: #! steps > #1 > branch > #1 > when: this condition contradicts itself, so it never holds
          all:
            - {trait: city, is: Turku}
            - {trait: city, in: [Oslo, Malmö]}
        then: [{send: a}]
""",
        """
  - branch:
      - when:
          any:
            - {trait: city, is: Turku}
            - {trait: city, in: [Oslo, Malmö]}
        then: [{send: a}]
""",
    ),
    "an otherwise after every case is taken": (
        """
  - branch:
      - when: {trait: city, exists: true}
        then: [{send: a}]
      - when: {trait: city, exists: false}
        then: [{send: b}]
      - otherwise: #! steps > #1 > branch > #3 > otherwise: this never comes about: one of the ways before it always is taken
          - send: c
""",
        """
  - branch:
      - when: {trait: city, is: Turku}
        then: [{send: a}]
      - when: {trait: city, exists: false}
        then: [{send: b}]
      - otherwise:
          - send: c
""",
    ),
    "a step behind the end": (
        """
  - send: a
  - exit: done
  - send: b #! steps > #3: this is never reached: the step before it always ends the run
  - wait: 1d
""",
        """
  - send: a
  - send: b
  - exit: done
""",
    ),
    "a step behind a split whose every way ends": (
        """
  - split:
      - {share: 50, name: short, then: [{send: a}, {exit: short}]}
      - {holdout: 50}
  - send: b #! steps > #2: this is never reached: the step before it always ends the run
""",
        """
  - split:
      - {share: 50, name: short, then: [{send: a}]}
      - {holdout: 50}
  - send: b
""",
    ),
    "a step behind an exit in a repeat": (
        """
  - repeat:
      every: 1d #! warning: steps > #1 > repeat > every: there is never a second round: the steps always end the run
      at_most: 3
      steps:
        - exit: enough
        - send: a #! steps > #1 > repeat > steps > #2: this is never reached: the step before it always ends the run
  - send: b #! steps > #2: this is never reached: the step before it always ends the run
""",
        """
  - repeat:
      every: 1d
      at_most: 3
      steps:
        - send: a
  - send: b
""",
    ),
    "an otherwise without a timeout": (
        """
  - wait_for: {event: Email Opened}
    otherwise: #! steps > #1 > otherwise: without a 'timeout' this is never reached; add one, such as 'timeout: 1d'
      - send: a
""",
        """
  - wait_for: {event: Email Opened}
    timeout: 1d
    otherwise:
      - send: a
""",
    ),
    "rounds without a pause": (
        """
  - repeat:
      every: 0s #! steps > #1 > repeat > every: this repeats without a pause; write how often a round begins, such as 'every: 1d'
      until: {trait: city, exists: true}
      steps: [{set: {traits: {asked: true}}}]
""",
        """
  - repeat:
      every: 0s
      until: {trait: city, exists: true}
      steps: [{set: {traits: {asked: true}}}, {wait: 1d}]
""",
    ),
    "rounds that follow each other too soon": (
        """
  - repeat:
      every: 5s #! warning: steps > #1 > repeat > every: a round every 5 seconds keeps a run busy; is 'every: 1d' meant?
      until: {trait: city, exists: true}
      steps: [{set: {traits: {asked: true}}}]
""",
        """
  - repeat:
      every: 5m
      until: {trait: city, exists: true}
      steps: [{set: {traits: {asked: true}}}]
""",
    ),
    "a wait that only letters could end": (
        """
  - wait_for:
      condition: {letter: welcome} #! steps > #1 > wait_for > condition: nobody tells a waiting run of letters and journeys, so this would never end; wait a while, and ask in a branch
""",
        """
  - wait_for:
      condition: {letter: welcome, was: opened}
""",
    ),
    "a wait for what never changes": (
        """
  - wait_for:
      condition: {property: total, gt: 5} #! steps > #1 > wait_for > condition: what this asks never changes while the run waits; ask in a branch
""",
        """
  - wait_for:
      condition: {trait: total, gt: 5}
""",
    ),
    "a where that asks for more than properties": (
        """
  - wait_for:
      event: Order Completed
      where: {trait: city, is: Turku} #! steps > #1 > wait_for > where: 'where' asks for properties of the event; ask for the rest in a branch
""",
        """
  - wait_for:
      event: Order Completed
      where: {property: city, is: Turku}
""",
    ),
    "a pattern that takes for ever": (
        """
  - branch:
      - when: {trait: city, matches: "(a+)+"} #! steps > #1 > branch > #1 > when > matches: this pattern cannot be searched for: what '+' repeats holds a repetition or an alternative, and could search without end
""",
        """
  - branch:
      - when: {trait: city, matches: "a+"}
""",
    ),
    "a wait of three years": (
        """
  - wait: 1095d #! steps > #1 > wait: 1095 days is too long; a wait lasts two years at most
""",
        """
  - wait: 365d
""",
    ),
    "a zone that is none": (
        """
  - wait_until: {trait: birthday, time: "09:00", zone: Europe/Stockhom} #! steps > #1 > wait_until > zone: there is no time zone 'Europe/Stockhom'; did you mean 'Europe/Stockholm'?
""",
        """
  - wait_until: {trait: birthday, time: "09:00", zone: Europe/Stockholm}
""",
    ),
}


@pytest.mark.parametrize(("bad", "good"), STEPS.values(), ids=STEPS)
def test_steps_that_make_no_sense_are_told_and_the_others_are_not(bad: str, good: str) -> None:
    assert told(read(journey(bad))) == marked(journey(bad)) != []
    assert told(read(journey(good))) == []


HEADS = {
    "a marketing letter without a topic": (
        "class: marketing #! class: every marketing letter belongs to a topic that people can leave; add one, as 'topic: offers'\n"
        "trigger: {event: Signed Up}\n",
        "class: transactional\ntrigger: {event: Signed Up}\n",
    ),
    "a date of every year, once": (
        "class: transactional\ntrigger:\n  date: birthday\n"
        "  yearly: true #! trigger > yearly: a contact enters once ever, and so never in the second year; write 're_entry: always', or leave 'yearly' out\n",
        "class: transactional\ntrigger:\n  date: birthday\n  yearly: true\nre_entry: always\n",
    ),
    "a date of every year, every other year": (
        "class: transactional\ntrigger:\n  date: birthday\n"
        "  yearly: true #! trigger > yearly: 're_entry: after 400d' leaves out years; write 're_entry: always'\n"
        "re_entry: after 400d\n",
        "class: transactional\ntrigger:\n  date: birthday\n  yearly: true\nre_entry: after 300d\n",
    ),
    "a calendar line of four fields": (
        "class: transactional\ntrigger:\n  segment: loyal\n"
        "  schedule: 0 9 * * #! trigger > schedule: '0 9 * *' has 4 fields; write five: minute, hour, day, month and weekday, as '0 9 * * mon'\n",
        "class: transactional\ntrigger: {schedule: 0 9 * * mon, segment: loyal}\n",
    ),
    "a day that never comes": (
        "class: transactional\ntrigger:\n  segment: loyal\n"
        "  schedule: 0 9 30 feb * #! trigger > schedule: there is no such day in any of these months\n",
        "class: transactional\ntrigger: {schedule: 0 9 29 feb *, segment: loyal}\n",
    ),
    "lateness that is none": (
        "class: transactional\ntrigger:\n  event: Order Completed\n"
        "  late: 30m #! warning: trigger > late: events of the last hour always count; 'late' is for older ones\n",
        "class: transactional\ntrigger: {event: Order Completed, late: 2d}\n",
    ),
    "an order where no order is": (
        "class: transactional\ntrigger: {segment: loyal}\nexit_on:\n  event: Order Completed\n"
        "  same: order_id #! exit_on > same: a run that a segment starts has no 'order_id' to compare with; leave 'same' out\n",
        "class: transactional\ntrigger: {segment: loyal}\nexit_on:\n  event: Order Completed\n",
    ),
    "a key that a date does not have": (
        "class: transactional\nkey: properties.order_id\n"
        "trigger: #! trigger: what a date starts has no property 'order_id' that could be its key; leave 'key' out\n"
        "  date: birthday\n",
        "class: transactional\nkey: properties.order_id\ntrigger:\n  event: Order Completed\n",
    ),
    "a trigger that cannot be": (
        "class: transactional\ntrigger:\n  event: Order Completed\n"
        "  where: {property: total, gt: 100, lt: 50} #! trigger > where: this condition contradicts itself, so it never holds\n",
        "class: transactional\ntrigger:\n  event: Order Completed\n  where: {property: total, gt: 50, lt: 100}\n",
    ),
}


@pytest.mark.parametrize(("bad", "good"), HEADS.values(), ids=HEADS)
def test_heads_that_make_no_sense_are_told_and_the_others_are_not(bad: str, good: str) -> None:
    begun = "journey: tried\ntitle: Tried\n"
    steps = "  - send: a\n"
    files = journey(steps, begun + bad)
    assert told(read(files)) == marked(files) != []
    assert told(read(journey(steps, begun + good))) == []


def test_a_wait_may_not_outlast_the_limit() -> None:
    steps = """
  - wait: 3d
  - wait: 5d #! steps > #2 > wait: this ends 8 days after the beginning at the earliest; 'limit' ends the run after 5 days
  - send: a
"""
    files = journey(steps, f"{HEAD}limit: 5d\n")
    assert told(read(files)) == marked(files)
    assert told(read(journey(steps, f"{HEAD}limit: 9d\n"))) == []


def test_only_the_soonest_way_counts_against_the_limit() -> None:
    steps = """
  - wait_for: {event: Email Opened}
    timeout: 4d
  - wait: 4d
  - wait_for: {event: Email Opened}
    timeout: 2d #! steps > #3 > timeout: this ends 6 days after the beginning at the earliest; 'limit' ends the run after 5 days
"""
    files = journey(steps, f"{HEAD}limit: 5d\n")
    assert told(read(files)) == marked(files)


SEGMENT = "segment: tried\ntitle: Tried\n"
SEGMENTS = {
    "a property, though there is no run": (
        "when: {property: total, gt: 5} #! when > property: only a run has an event whose properties can be asked for; ask for a trait, or for an event with a 'where'\n",
        "when: {event: Order Completed, where: {property: total, gt: 5}}\n",
    ),
    "the same order, though there is no run": (
        "when: {event: Order Paid, same: order_id} #! when > same: only a run has 'order_id' to compare with; leave 'same' out\n",
        "when: {event: Order Paid}\n",
    ),
    "since the enrolment, though there is none": (
        "when: {event: Order Paid, within: enrolment} #! when > within: only a run has a beginning that one can count from; write a duration, such as 'within: 30d'\n",
        "when: {event: Order Paid, within: 30d}\n",
    ),
    "at least three and at most two": (
        "when: {event: Order Paid, times: {at_least: 3, at_most: 2}} #! when: this condition contradicts itself, so it never holds\n",
        "when: {event: Order Paid, times: {at_least: 2, at_most: 3}}\n",
    ),
}


@pytest.mark.parametrize(("bad", "good"), SEGMENTS.values(), ids=SEGMENTS)
def test_segments_ask_what_can_be_told_of_a_contact(bad: str, good: str) -> None:
    files = {"segments/tried.yaml": SEGMENT + bad}
    assert told(read(files)) == marked(files)
    assert told(read({"segments/tried.yaml": SEGMENT + good})) == []


def test_a_stage_that_an_earlier_one_always_takes_is_told() -> None:
    text = """\
stages:
  - {stage: loyal, title: Loyal, when: {event: Order Completed, times: {at_least: 3}}}
  - {stage: champion, title: Champion, when: {event: Order Completed, times: {at_least: 9}}} #! stages > #2 > when: this never comes about: whenever it holds, #1 holds, which is asked before
  - {stage: lead, title: Lead}
"""
    files = {"policies/stages.yaml": text}
    assert told(read(files)) == marked(files)
    first, loyal, champion, lead = text.splitlines()
    assert told(read({"policies/stages.yaml": "\n".join((first, champion, loyal, lead))})) == []


def test_a_stage_that_nobody_is_left_for_is_told() -> None:
    text = """\
stages:
  - {stage: known, title: Known, when: {trait: city, exists: true}}
  - {stage: unknown, title: Unknown, when: {trait: city, exists: false}}
  - {stage: lead, title: Lead} #! stages > #3: nobody is at this stage: one of those before it always is taken
"""
    files = {"policies/stages.yaml": text}
    assert told(read(files)) == marked(files)


COUPON = "coupon: tried\ntitle: Tried\nvalue: {percent: 10}\n"


def test_a_coupon_ends_on_a_day_or_after_a_while() -> None:
    text = (
        f"{COUPON}codes: {{code: SPRING}}\n"
        "valid: {until: in 10d} #! valid > until: 'in 10d' is never the same day; write how long from the letter, such as 'for: 10d'\n"
    )
    files = {"coupons/tried.yaml": text}
    assert told(read(files)) == marked(files)
    assert told(read({"coupons/tried.yaml": f"{COUPON}codes: {{code: SPRING}}\nvalid: {{for: 7d}}\n"})) == []


def test_a_pool_that_always_warns_is_told() -> None:
    text = (
        f"{COUPON}codes:\n  pool: generated\n  generate: 50\n"
        "  warn_below: 100 #! warning: codes > warn_below: only 50 codes are made ahead, so this always warns\n"
    )
    files = {"coupons/tried.yaml": text}
    assert told(read(files)) == marked(files)
    assert told(read({"coupons/tried.yaml": text.replace("50", "500")})) == []
