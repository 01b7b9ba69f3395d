"""A small shop's contacts, goods and one afternoon of traffic, as Segment events."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_SHOP = "https://shop.example"
_PICTURES = "assets/goods"

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who shops: a name, a town, and what they do in the demo."""

    name: str
    town: str
    time_zone: str
    orders: bool = False
    cart: int = 0
    signs_up: bool = False

    @property
    def user_id(self) -> str:
        """The shop's own id of the contact."""
        return f"demo-{self.name.lower()}"

    @property
    def email(self) -> str:
        """An address that belongs to nobody."""
        return f"{self.name.lower()}@example.com"


CUSTOMERS = (
    Customer("Anna", "Mariehamn", "Europe/Mariehamn", cart=2),
    Customer("Ben", "London", "Europe/London", cart=1),
    Customer("Chiara", "Milano", "Europe/Rome", cart=3),
    Customer("Dmitri", "Riga", "Europe/Riga", cart=1, orders=True),
    Customer("Elsa", "Stockholm", "Europe/Stockholm", signs_up=True),
    Customer("Farid", "Berlin", "Europe/Berlin", cart=2, orders=True),
    Customer("Grace", "Los Angeles", "America/Los_Angeles", signs_up=True),
    Customer("Hiro", "Tokyo", "Asia/Tokyo", cart=1),
    Customer("Ines", "Lisbon", "Europe/Lisbon", cart=2, signs_up=True),
    Customer("Jonas", "Turku", "Europe/Helsinki", cart=1, orders=True),
    Customer("Karin", "Oslo", "Europe/Oslo", signs_up=True),
    Customer("Leo", "Vienna", "Europe/Vienna", cart=3),
)

_GOODS = (
    ("mug-birch", "Birch mug", 18.50),
    ("throw-wool", "Wool throw, moss green", 89.00),
    ("lamp-reading", "Reading lamp", 64.00),
    ("board-oak", "Oak serving board", 42.00),
    ("candle-pine", "Pine candle", 14.90),
)


def afternoon(pictures: str) -> Iterator[Event]:
    """Everybody becomes known; some sign up, fill a cart, or order; all subscribe to offers.

    `pictures` is the address of the mailbox, which serves the pictures of the goods.
    """
    for customer in CUSTOMERS:
        lines = _lines(customer, pictures)
        yield _identify(customer)
        if customer.signs_up:
            yield _track(customer, "Signed Up", {"method": "checkout"})
        for line in lines:
            yield _track(customer, "Product Added", {"cart_id": f"cart-{customer.user_id}", **line})
        if customer.orders:
            yield _track(customer, "Order Completed", _order(customer, lines))
        # Last, because an order ends the welcome: those who order here subscribe on the page that confirms it.
        yield _track(customer, "Subscribed", {"topic": "offers"})


def _lines(customer: Customer, pictures: str) -> list[Event]:
    chosen = random.sample(_GOODS, customer.cart)
    return [_line(product_id, name, price, pictures) for product_id, name, price in chosen]


def _line(product_id: str, name: str, price: float, pictures: str) -> Event:
    return {
        "product_id": product_id,
        "name": name,
        "price": price,
        "quantity": random.randint(1, 2),  # noqa: S311 - a demo, not a lottery
        "currency": "EUR",
        "url": f"{_SHOP}/products/{product_id}",
        **({"image_url": f"{pictures}/{_PICTURES}/{product_id}.svg"} if pictures else {}),
    }


def _order(customer: Customer, lines: list[Event]) -> Event:
    total = sum(line["price"] * line["quantity"] for line in lines)
    order_id = f"{customer.name[0]}-{uuid.uuid4().hex[:6].upper()}"
    return {"order_id": order_id, "total": round(total, 2), "currency": "EUR", "products": lines}


def _identify(customer: Customer) -> Event:
    address = {"city": customer.town}
    traits = {
        "email": customer.email,
        "first_name": customer.name,
        "address": address,
        "timezone": customer.time_zone,
    }
    return {"type": "identify", "traits": traits, **_said_by(customer)}


def _track(customer: Customer, event: str, properties: Event) -> Event:
    return {"type": "track", "event": event, "properties": properties, **_said_by(customer)}


def _said_by(customer: Customer) -> Event:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {"userId": customer.user_id, "messageId": str(uuid.uuid4()), "timestamp": now}
