"""What happens to customers in the shipped journeys: dates, habits, and the states of their orders.

The first script of a journey is its main way; it is also played through the real workflow.
"""

from datetime import timedelta
from typing import Any

from tests.content.playing import Later, Script

H = timedelta(hours=1)
D = timedelta(days=1)

LINE = {"product_id": "p1", "name": "Birch board", "quantity": 1, "price": 42.5}
ORDER: dict[str, Any] = {"order_id": "1042", "products": [LINE], "total": 42.5, "currency": "EUR"}
INVOICE = {"invoice_id": "F-2061", "order_id": "1042", "due_at": "2026-12-23", "total": 42.5, "currency": "EUR"}
RETURN = {"order_id": "1042", "missing": ["bank_account"], "form_url": "https://shop.example/returns/1042"}
POINTS = {"points": 120, "points_expire_at": "2026-12-07"}
NEAR = {"points_to_next_level": 30, "next_level": "Oak"}

KEEPING = (
    Script("a birthday", "birthday", ((0, "birthday"),), {"trait": "birthday", "date": "2026-11-23"}, "Date Reached"),
    Script(
        "a child's birthday",
        "birthday",
        ((0, "child-birthday"),),
        {"trait": "children.birthday", "date": "2026-12-07"},
        "Date Reached",
    ),
    Script(
        "a year on the list",
        "list-anniversary",
        ((0, "list-anniversary"),),
        {"trait": "subscribed_at", "date": "2026-11-23"},
        "Date Reached",
        {"subscribed_at": "2024-11-23"},
    ),
    Script(
        "the day of signing up is no anniversary",
        "list-anniversary",
        (),
        {"trait": "subscribed_at", "date": "2026-11-23"},
        "Date Reached",
        {"subscribed_at": "2026-11-23"},
    ),
    Script("the fifth order", "loyalty-reward", ((1, "loyalty-reward"),), {"segment": "five-orders"}),
    Script("the tenth order", "loyalty-reward", ((1, "loyalty-reward"),), {"segment": "ten-orders"}),
    Script(
        "points end",
        "points",
        ((0, "points-expiring"), (12, "points-expiring")),
        {"trait": "points_expire_at", "date": "2026-12-07"},
        "Date Reached",
        POINTS,
    ),
    Script(
        "points that are used in time",
        "points",
        ((0, "points-expiring"),),
        {"trait": "points_expire_at", "date": "2026-12-07"},
        "Date Reached",
        POINTS,
        later=(Later(3 * D, "Points Changed", {}, {"points": 0}),),
    ),
    Script(
        "no points are left to end",
        "points",
        (),
        {"trait": "points_expire_at", "date": "2026-12-07"},
        "Date Reached",
        {**POINTS, "points": 0},
    ),
    Script(
        "the next level is near",
        "points",
        ((0, "next-level"),),
        {"segment": "near-next-level"},
        "Segment Entered",
        NEAR,
    ),
    Script(
        "points that last longer are told of later",
        "points",
        ((0, "points-expiring"), (26, "points-expiring")),
        {"trait": "points_expire_at", "date": "2026-12-07"},
        "Date Reached",
        POINTS,
        later=(Later(3 * D, "Traits Changed", {}, {"points_expire_at": "2026-12-21"}),),
    ),
    Script(
        "a quiet customer is missed, then helped",
        "win-back",
        ((1, "win-back"), (15, "win-back-code")),
        {"segment": "quiet-customers"},
    ),
    Script(
        "a click is an answer",
        "win-back",
        ((1, "win-back"),),
        {"segment": "quiet-customers"},
        later=(Later(3 * D, "Email Link Clicked"),),
    ),
    Script(
        "a look is an answer",
        "win-back",
        ((1, "win-back"),),
        {"segment": "quiet-customers"},
        later=(Later(3 * D, "Product Viewed"),),
    ),
    Script(
        "some quiet customers are held out",
        "win-back",
        (),
        {"segment": "quiet-customers"},
        lot="maja",
        ends="holdout",
    ),
    Script(
        "a one-time buyer is helped to a second order",
        "one-time-buyer",
        ((1, "second-order"),),
        {"segment": "one-time-buyers"},
    ),
    Script(
        "who never answers leaves the list",
        "sunset",
        ((0, "sunset-ask"), (14, "sunset-goodbye")),
        {"segment": "unengaged-subscribers"},
        topics=("offers",),
        ends="taken off the list",
    ),
    *(
        Script(
            f"{event} after the {'first' if day < 14 else 'last'} letter keeps them",
            "sunset",
            letters,
            {"segment": "unengaged-subscribers"},
            later=(Later(day * D, event),),
            ends="stays",
        )
        for event in ("Email Link Clicked", "Order Completed", "Page Viewed", "Product Viewed")
        for day, letters in ((1, ((0, "sunset-ask"),)), (15, ((0, "sunset-ask"), (14, "sunset-goodbye"))))
    ),
    Script(
        "a cart is left",
        "cart-abandonment",
        ((0, "cart-reminder"), (1, "cart-last-call")),
        LINE,
        later=(Later(0.5 * H, "Product Added", LINE),),
    ),
    Script(
        "a click spares the last call",
        "cart-abandonment",
        ((0, "cart-reminder"),),
        LINE,
        later=(Later(2 * H, "Email Link Clicked"),),
    ),
)
ORDERING = (
    Script(
        "an order is thanked for and asked about", "order-thanks", ((0, "order-thanks"), (14, "order-review")), ORDER
    ),
    Script(
        "a refund ends that order's letters",
        "order-thanks",
        ((0, "order-thanks"),),
        ORDER,
        later=(Later(D, "Order Refunded", {"order_id": "1042"}),),
        ends="Order Refunded",
    ),
    Script(
        "an order stays unpaid",
        "unpaid-order",
        ((3, "unpaid-order"), (7, "unpaid-order-last"), (10, "order-stuck")),
        {**ORDER, "status": "awaiting_payment"},
        "Order Updated",
    ),
    Script(
        "an order is paid after the first letter",
        "unpaid-order",
        ((3, "unpaid-order"),),
        {**ORDER, "status": "awaiting_payment"},
        "Order Updated",
        later=(Later(5 * D, "Order Paid", {"order_id": "1042"}),),
        ends="Order Paid",
    ),
    Script(
        "another order's payment changes nothing",
        "unpaid-order",
        ((3, "unpaid-order"), (7, "unpaid-order-last"), (10, "order-stuck")),
        {**ORDER, "status": "awaiting_payment"},
        later=(Later(5 * D, "Order Paid", {"order_id": "7"}),),
    ),
    Script("an invoice is forgotten", "invoice-reminder", ((27, "invoice-due"), (34, "invoice-overdue")), INVOICE),
    Script(
        "an invoice is paid in time",
        "invoice-reminder",
        ((27, "invoice-due"),),
        INVOICE,
        later=(Later(29 * D, "Invoice Paid", {"invoice_id": "F-2061"}),),
        ends="Invoice Paid",
    ),
    Script(
        "something is late for very long",
        "back-order",
        (
            (0, "back-order"),
            (14, "back-order-still"),
            (28, "back-order-still"),
            (42, "back-order-still"),
            (56, "order-stuck"),
        ),
        {**ORDER, "status": "backordered"},
    ),
    Script(
        "it comes after all",
        "back-order",
        ((0, "back-order"), (14, "back-order-still")),
        {**ORDER, "status": "backordered"},
        later=(Later(20 * D, "Order Shipped", {"order_id": "1042"}),),
        ends="Order Shipped",
    ),
    Script(
        "a return stays without its data",
        "return-missing-data",
        ((1, "return-missing"), (7, "return-missing-last"), (12, "order-stuck")),
        RETURN,
    ),
    Script(
        "the data comes",
        "return-missing-data",
        ((1, "return-missing"),),
        RETURN,
        later=(Later(3 * D, "Return Details Provided", {"order_id": "1042"}),),
        ends="Return Details Provided",
    ),
)
CUSTOMERS = (*KEEPING, *ORDERING)
