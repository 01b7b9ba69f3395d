"""Chapters about conditions, and what values are compared with."""

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
from rules.manual.chapter import Chapter, Entry

CONDITIONS = (
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
)
