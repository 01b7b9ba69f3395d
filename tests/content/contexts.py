"""What letters are rendered with: a shop, its customers, and what they put into their carts."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rules.cart import cart, order
from rules.facts import Happening

MARKETING = (
    "welcome-thanks",
    "welcome-story",
    "welcome-favourites",
    "cart-reminder",
    "cart-last-call",
    "order-review",
)
TRANSACTIONAL = ("order-thanks",)

Context = dict[str, Any]

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
    contact = {"email": "anna.lund@example.org", "first_name": "Anna", "city": "Mariehamn"}
    return _context(letter, contact, lines, Decimal("6.90"))


def bare(letter: str) -> Context:
    """Return what is given to `letter` for a contact of whom the address alone is known, and a plain purchase."""
    return _context(letter, {"email": "someone@example.org"}, [line("Gift card", "25")], None)


def careless(letter: str) -> Context:
    """Return what a careless shop leaves to say: no currency, prices and links that cannot be right."""
    products = [
        {"product_id": "p1", "price": "abc", "url": "/p1", "image_url": "p1.png"},
        {"name": "Towel", "price": 5},
    ]
    context = _context(letter, {"email": "someone@example.org"}, [line("Gift card", "25")], None)
    happened = Happening("Cart Viewed", datetime(2026, 11, 20, tzinfo=UTC), {"products": products, "cart_url": "/cart"})
    known = {"cart": cart([happened]).as_context(), "order": order({"order_id": 7, "products": products})}
    return context | {name: value for name, value in known.items() if name in context}


def _context(letter: str, contact: Context, lines: list[Context], shipping: Decimal | None) -> Context:
    is_full = shipping is not None
    goods = sum((each["total"] for each in lines), Decimal(0))
    trigger = {"name": "Order Completed", "properties": {"order_id": "1042"}, "at": datetime(2026, 11, 20, tzinfo=UTC)}
    context: Context = {
        "contact": contact,
        "event": trigger["properties"],
        "event_name": trigger["name"],
        "events": [trigger],
        "shop": SHOP,
        "links": None if letter in TRANSACTIONAL else {"unsubscribe": "https://letters.shop.example/u/v1.c0ffee"},
        "topic": None if letter in TRANSACTIONAL else "news",
        "now": datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
    }
    if letter.startswith("cart-"):
        url = "https://shop.example/cart" if is_full else None
        context["cart"] = {"lines": lines, "total": goods, "currency": "EUR", "url": url}
    if letter.startswith("order-"):
        context["order"] = {
            "id": "1042",
            "lines": lines,
            "total": goods + (shipping or 0),
            "currency": "EUR",
            "shipping": shipping,
            "tracking_url": "https://parcels.example/track/ax1042" if is_full else None,
            "address": "Anna Lund\nNorragatan 7\n22100 Mariehamn\nÅland" if is_full else None,
        }
    return context
