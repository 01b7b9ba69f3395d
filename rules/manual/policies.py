"""Chapters about the other files: segments, stages, pacing and coupons."""

from rules.coupon import Amount, Benefit, Coupon, FixedCode, Percent, Pool, Validity
from rules.manual.chapter import Chapter, Entry
from rules.policies import Cap, Lifecycle, Pacing, QuietHours, Stage
from rules.segment import Segment

POLICIES = (
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
