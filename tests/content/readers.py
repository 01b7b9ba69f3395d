"""What happens to readers in the shipped journeys, before they have ordered anything.

The first script of a journey is its main way; it is also played through the real workflow.
"""

from datetime import timedelta

from tests.content.playing import Later, Script

H = timedelta(hours=1)
D = timedelta(days=1)

OFFERS = {"topic": "offers"}
TRIAL = {"plan": "Workshop", "ends_at": "2026-12-07T12:00:00+02:00"}
DOWNLOAD = {"form": "download", "title": "Wood care", "download_url": "https://shop.example/wood.pdf"}


def lesson(day: float, number: int) -> Later:
    """A lesson is done, so many days after the course began."""
    return Later(day * D, "Lesson Completed", {"lesson": number})


WELCOMING = (
    Script(
        "who signs up is welcomed",
        "welcome",
        ((0, "welcome-thanks"), (2, "welcome-story"), (3, "welcome-favourites")),
        OFFERS,
    ),
    Script(
        "an order ends the welcome",
        "welcome",
        ((0, "welcome-thanks"),),
        OFFERS,
        later=(Later(D, "Order Completed"),),
        ends="Order Completed",
    ),
    Script(
        "who never says yes is asked twice and left in peace",
        "double-opt-in",
        ((0, "confirm-subscription"), (2, "confirm-reminder")),
        OFFERS,
        ends="never confirmed",
    ),
    Script(
        "a yes ends the asking",
        "double-opt-in",
        ((0, "confirm-subscription"),),
        OFFERS,
        later=(Later(H, "Subscribed", OFFERS),),
        ends="Subscribed",
    ),
    Script(
        "a yes to something else does not",
        "double-opt-in",
        ((0, "confirm-subscription"), (2, "confirm-reminder")),
        OFFERS,
        later=(Later(H, "Subscribed", {"topic": "news"}),),
        ends="never confirmed",
    ),
    Script(
        "who subscribes hears more after the download",
        "lead-magnet",
        ((0, "lead-magnet"), (3, "lead-magnet-follow-up")),
        DOWNLOAD,
        topics=("offers",),
    ),
    Script(
        "who does not subscribe gets the download alone",
        "lead-magnet",
        ((0, "lead-magnet"),),
        DOWNLOAD,
    ),
    Script(
        "a reader is nudged, then helped",
        "first-purchase-nudge",
        ((10, "first-purchase-nudge"), (17, "first-purchase-code")),
        OFFERS,
    ),
    Script(
        "a click on the nudge spares the code",
        "first-purchase-nudge",
        ((10, "first-purchase-nudge"),),
        OFFERS,
        later=(Later(11 * D, "Email Link Clicked"),),
    ),
    Script(
        "a look at a product spares the code",
        "first-purchase-nudge",
        ((10, "first-purchase-nudge"),),
        OFFERS,
        later=(Later(11 * D, "Product Viewed"),),
    ),
    Script(
        "a customer needs no nudge",
        "first-purchase-nudge",
        (),
        OFFERS,
        before=((40, "Order Completed"),),
        ends="is a customer already",
    ),
    Script("some are held out", "first-purchase-nudge", (), OFFERS, lot="lars", ends="holdout"),
    Script(
        "a lesson that is done brings the next one early",
        "mail-course",
        ((0, "course-lesson-1"), (1, "course-lesson-2"), (2, "course-lesson-3"), (3, "course-finish")),
        later=(lesson(0.1, 1), lesson(1.1, 2), lesson(2.1, 3)),
    ),
    Script(
        "who is slow gets all lessons",
        "mail-course",
        ((0, "course-lesson-1"), (4, "course-lesson-2"), (8, "course-lesson-3"), (14, "course-finish")),
    ),
)
REPLYING = (
    Script(
        "a question about a product is answered and followed up",
        "contact-form-reply",
        ((0, "contact-product"), (4, "contact-follow-up")),
        {"form": "contact", "topic": "product"},
        topics=("offers",),
    ),
    Script(
        "without consent nothing follows",
        "contact-form-reply",
        ((0, "contact-product"),),
        {"form": "contact", "topic": "product"},
    ),
    Script(
        "any other question is answered",
        "contact-form-reply",
        ((0, "contact-reply"),),
        {"form": "contact", "topic": "delivery"},
    ),
    Script(
        "the staff hears of a lead", "new-lead-alert", ((0, "new-lead"),), {"form": "demo", "message": "Ring me up"}
    ),
    Script("the staff hears of a trial", "new-lead-alert", ((0, "new-lead"),), TRIAL, "Trial Started"),
    Script(
        "a first contact is followed up twice", "outreach-follow-up", ((8, "outreach-follow-up"), (16, "outreach-last"))
    ),
    Script(
        "an answer ends it",
        "outreach-follow-up",
        ((8, "outreach-follow-up"),),
        later=(Later(9 * D, "Email Replied"),),
        ends="Email Replied",
    ),
    Script(
        "a trial ends, and is offered again",
        "trial-ending",
        ((11, "trial-ending"), (15, "trial-ended")),
        TRIAL,
        later=(Later(14 * D + 3 * H, "Trial Ended"),),
    ),
    Script("a trial of whose end nobody tells", "trial-ending", ((11, "trial-ending"), (17, "trial-ended")), TRIAL),
)
READERS = (*WELCOMING, *REPLYING)
