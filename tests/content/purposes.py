"""What each shipped journey is for, in the order in which a customer meets them."""

PURPOSES: dict[str, dict[str, str]] = {
    "First contact": {
        "double-opt-in": (
            "Nobody gets letters about a topic before saying yes to it from their own mailbox. The button in the "
            "letter opens a page; its click writes down the consent, with where it came from. There is one "
            "reminder, and then silence. The `Subscribed` event that the click makes starts the welcome."
        ),
        "lead-magnet": (
            "Hands over a document that was asked for in a form, at once and to everybody. Who has subscribed "
            "hears again some days later."
        ),
        "contact-form-reply": (
            "Tells who wrote through the contact form that a person reads it, and helps those along who ask about "
            "a product. Marketing follows only for those who have subscribed and not ordered."
        ),
        "new-lead-alert": (
            "Writes to the shop's own staff when a form is filled in or a trial begins. An answer to the letter "
            "goes to the person. How many such letters there are in an hour is bounded."
        ),
        "outreach-follow-up": (
            "Follows up on a first contact that a person made: twice, on working days, and never after an answer. "
            "Start it by event or over the API. The topic `outreach` keeps it apart from the shop's letters."
        ),
        "trial-ending": (
            "Says in time that a trial ends and what happens then. The offer afterwards is marketing, and needs "
            "consent."
        ),
        "mail-course": (
            "Three lessons and an end. A lesson that is done brings the next one on the following working "
            "morning; who is slower gets it after three days."
        ),
    },
    "Subscribers": {
        "welcome": (
            "Introduces the shop in three letters over some days. An order ends it: a customer needs no introduction."
        ),
        "first-purchase-nudge": (
            "For subscribers without an order: a nudge after the welcome, and a code of their own for those who "
            "do not react. One in ten is held out, so that its worth is measured."
        ),
        "list-anniversary": "Thanks for another year on the list, with a small code.",
        "sunset": (
            "Asks subscribers who have not been seen for half a year whether they still want letters. Who does "
            "not answer twice is taken off the topic. An address nobody reads costs the reputation of all others."
        ),
    },
    "Customers": {
        "cart-abandonment": (
            "Reminds of a cart that has gone quiet, with what lies in it at that moment. Who clicks is not asked again."
        ),
        "one-time-buyer": "Asks how the first order holds up, and helps to the second one.",
        "loyalty-reward": "Thanks for the fifth and for the tenth order with a code. Other numbers are other segments.",
        "points": (
            "Tells two weeks before points end, and again two days before if some are left; the dates move when "
            "the trait moves. Says also when the next level is near."
        ),
        "birthday": (
            "A greeting with a present on the day itself, and two weeks before a child's birthday, for each date "
            "in the list. The 29th of February is kept on the 28th in other years."
        ),
        "win-back": (
            "For customers with two orders or more and none for half a year: what is new, and a code for those "
            "who do not react. One in ten is held out."
        ),
    },
    "Orders": {
        "order-thanks": "Confirms an order, and asks for reviews two weeks later unless it was undone.",
        "unpaid-order": (
            "Reminds of an order that waits for a transfer, with amount, reference and account; then tells the "
            "staff. Payment, cancellation or any other status of that very order ends it."
        ),
        "invoice-reminder": (
            "Three days before an invoice is due, and four days after, ahead of a dunning letter with a fee."
        ),
        "back-order": (
            "Says what is late, until when, and what can be done about it; keeps in touch every two weeks; then "
            "tells the staff. In the event, `products` are the ones that are waited for."
        ),
        "return-missing-data": (
            "Asks for what is missing before the money of a return can be paid back, twice, and then tells the "
            "staff. `missing` lists `bank_account`, `return_note`, or what you like in words."
        ),
    },
}
