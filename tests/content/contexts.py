"""What letters are rendered with: a shop, its customers, and what they put into their carts."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from rules.cart import cart, order
from rules.facts import Happening

TEMPLATES = Path(__file__).parents[2] / "templates"
LOCALE = Path(__file__).parents[2] / "locale"
LANGUAGES = ("en", "sv")


def _kind(letter: str) -> str:
    """What the letter extends: marketing, transactional (about an order), request (something was asked for), staff."""
    composed = (TEMPLATES / letter / "body.mjml").read_text(encoding="utf-8")
    found = re.search(r'extends "_base/(\w+)\.mjml"', composed)
    assert found, f"{letter} extends nothing of _base"
    return found[1]


KINDS = {path.parent.name: _kind(path.parent.name) for path in sorted(TEMPLATES.glob("[!_]*/body.mjml"))}
LETTERS = tuple(KINDS)
MARKETING = tuple(letter for letter, kind in KINDS.items() if kind == "marketing")
ORDERS = tuple(letter for letter, kind in KINDS.items() if kind == "transactional")
STAFF = tuple(letter for letter, kind in KINDS.items() if kind == "staff")
WITH_CART = ("cart-reminder", "cart-last-call")
WITH_LINES = ("order-thanks", "order-review", "unpaid-order", "back-order", "back-order-still")

Context = dict[str, Any]

# What each letter cannot do without, of traits and of the event that began the run.
TRAITS: Context = {
    "points": 1,
    "points_expire_at": "2026-12-05",
    "points_to_next_level": 1,
    "next_level": "Oak",
    "subscribed_at": "2025-11-21T08:00:00Z",
}
EVENT: Context = {
    "order_id": "1042",
    "invoice_id": "F-2061",
    "topic": "news",
    "title": "Wood care",
    "download_url": "https://shop.example/wood-care.pdf",
    "plan": "Workshop",
    "ends_at": "2026-11-24T12:00:00Z",
    "due_at": "2026-11-24",
    "missing": ["bank_account"],
}
MORE_TRAITS: Context = {
    "first_name": "Anna",
    "last_name": "Lund",
    "city": "Mariehamn",
    "phone": "+358 18 000 00",
    "company": "Lund & Daughters",
    "points": 1250,
    "points_to_next_level": 40,
}
MORE_OF_THE_EVENT: Context = {
    "form": "contact",
    "message": "Does the birch board stand a dishwasher?",
    "missing": ["bank_account", "return_note", "a photograph of the seam"],
    "payment_reference": "RF18 5390 0754 7034",
    "account": "FI21 1234 5600 0007 85",
    "expected_at": "2026-12-07",
    **{
        name: f"https://shop.example/{name}"
        for name in ("upgrade_url", "course_url", "payment_url", "invoice_url", "order_url", "form_url")
    },
}
PERCENT: Context = {"percent": 10, "amount": None, "currency": None, "benefit": None}
AMOUNT: Context = {"percent": None, "amount": Decimal(20), "currency": "EUR", "benefit": None}

SHOP: Context = {
    "name": "Skerry & Sons",
    "url": "https://shop.example",
    "postal_address": "Strandgatan 1, 22100 Mariehamn, Åland",
    "reply_to": "help@shop.example",
}


def line(name: str, price: str, quantity: int = 1, **known: str) -> Context:
    """Return one line of a cart; what is not `known` (variant, image_url, url) is None."""
    return {
        "name": name,
        "variant": known.get("variant"),
        "quantity": quantity,
        "price": Decimal(price),
        "total": Decimal(price) * quantity,
        "image_url": known.get("image_url"),
        "url": known.get("url"),
    }


def full(letter: str) -> Context:
    """Return what is given to `letter` for a contact and a purchase about which everything is known."""
    lines = [
        line(
            "Washed linen tea towel",
            "19.00",
            2,
            variant="Sea blue, 50 by 70 cm",
            image_url="https://shop.example/pictures/towel.png",
            url="https://shop.example/towel",
        ),
        line(
            "Lambswool throw",
            "129.00",
            variant="Undyed grey",
            image_url="https://shop.example/pictures/throw.png",
            url="https://shop.example/throw",
        ),
        line("Bread board of birch", "42.50", url="https://shop.example/board"),
    ]
    contact = {"email": "anna.lund@example.org", **TRAITS, **MORE_TRAITS}
    return _context(letter, contact, lines, Decimal("6.90"))


def bare(letter: str) -> Context:
    """Return what is given to `letter` for a contact of whom the address alone is known, and a plain purchase."""
    return _context(letter, {"email": "someone@example.org", **TRAITS}, [line("Gift card", "25")], None)


def careless(letter: str) -> Context:
    """Return what a careless shop leaves to say: no currency, prices and links that cannot be right."""
    products = [
        {"product_id": "p1", "price": "abc", "url": "/p1", "image_url": "p1.png"},
        {"name": "Towel", "price": 5},
    ]
    context = bare(letter)
    happened = Happening("Cart Viewed", datetime(2026, 11, 20, tzinfo=UTC), {"products": products, "cart_url": "/cart"})
    known = {"cart": cart([happened]).as_context(), "order": order({"order_id": 7, "products": products})}
    return context | known


def _context(letter: str, contact: Context, lines: list[Context], shipping: Decimal | None) -> Context:
    is_full = shipping is not None
    goods = sum((each["total"] for each in lines), Decimal(0))
    properties = EVENT | (MORE_OF_THE_EVENT if is_full else {})
    trigger = {"name": "Order Completed", "properties": properties, "at": datetime(2026, 11, 20, tzinfo=UTC)}
    marketing = letter in MARKETING
    return {
        "contact": contact,
        "event": properties,
        "event_name": trigger["name"],
        "events": [trigger],
        "shop": SHOP,
        "links": {
            "unsubscribe": "https://letters.shop.example/u/v1.c0ffee" if marketing else None,
            "confirm": "https://letters.shop.example/c/v1.c0ffee",
        },
        "topic": "news" if marketing else None,
        "now": datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
        "untold": 3 if is_full else 0,
        "coupon": _coupon(is_full),
        "cart": {
            "lines": lines,
            "total": goods,
            "currency": "EUR",
            "url": "https://shop.example/cart" if is_full else None,
        },
        "order": {
            "id": "1042",
            "lines": lines,
            "total": goods + (shipping or 0),
            "currency": "EUR",
            "shipping": shipping,
            "tracking_url": "https://parcels.example/track/ax1042" if is_full else None,
            "address": "Anna Lund\nNorragatan 7\n22100 Mariehamn\nÅland" if is_full else None,
        },
    }


def _coupon(is_full: bool) -> Context:
    value = PERCENT if is_full else AMOUNT
    until = datetime(2026, 12, 5, 9, 30, tzinfo=UTC) if is_full else None
    said = "Not for gift cards." if is_full else ""
    return {"code": "OAK-9MKT4R", "name": "loyal", "title": "Loyal", "until": until, "conditions": said, **value}
