"""The cart that a contact has left, and an order, told from the shop's events (the Segment e-commerce spec). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from rules.facts import Happening
from rules.lines import (
    Line,
    Properties,
    added,
    currency,
    identity,
    line_of,
    link,
    order_lines,
    price,
    quantity,
    text,
    total,
)


@dataclass(frozen=True)
class Cart:
    """What lies in the cart, in the order in which it was put there."""

    lines: tuple[Line, ...] = ()
    currency: str | None = None
    url: str | None = None

    @property
    def total(self) -> Decimal | None:
        """The sum of the lines; None when the price of one of them is not known."""
        return total(self.lines)

    def as_context(self) -> dict[str, Any]:
        """Plain data for templates; sums are Decimals of two places."""
        priced = self.currency is not None
        lines = [line.as_context(priced=priced) for line in self.lines]
        total = self.total if priced else None
        return {"lines": lines, "total": total, "currency": self.currency, "url": self.url}


def cart(events: Sequence[Happening]) -> Cart:
    """The cart after these events, which come in the order in which they happened."""
    now = Cart()
    for event in events:
        now = _after(now, event)
    return now


def order(properties: Properties) -> dict[str, Any]:
    """What was ordered, as plain data for templates, out of the properties of an `Order Completed`."""
    lines, known = order_lines(properties), currency(properties.get("currency"))
    told = price(properties.get("total"))
    return {
        "id": text(properties.get("order_id")),
        "lines": [line.as_context(priced=known is not None) for line in lines],
        "total": (total(lines) if told is None else told) if known else None,
        "currency": known,
        "shipping": price(properties.get("shipping")) if known else None,
        "tracking_url": link(properties.get("tracking_url")),
        "address": text(properties.get("address")),
    }


def _after(now: Cart, event: Happening) -> Cart:
    told = event.properties
    match event.name:
        case "Product Added":
            return _seen(replace(now, lines=added(now.lines, line_of(told))), told)
        case "Product Removed":
            return _seen(replace(now, lines=_removed(now.lines, told)), told)
        case "Cart Viewed" | "Checkout Started":
            # Without a list of products these only tell that the cart was looked at.
            lines = order_lines(told) if isinstance(told.get("products"), list | tuple) else now.lines
            return _seen(replace(now, lines=lines), told)
        case "Order Completed":
            return Cart()
        case _:
            return now


def _seen(now: Cart, told: Properties) -> Cart:
    url = link(told.get("checkout_url")) or link(told.get("cart_url"))
    return replace(now, currency=currency(told.get("currency")) or now.currency, url=url or now.url)


def _removed(lines: tuple[Line, ...], product: Properties) -> tuple[Line, ...]:
    named, variant = identity(product), text(product.get("variant"))
    meant = [line for line in lines if line.product_id == named and variant in (None, line.variant)]
    fewer = quantity(product.get("quantity"))
    if fewer is None or not meant:
        return tuple(line for line in lines if line not in meant)
    # So many pieces leave one line: the one that was put there last, if the event does not tell the variant.
    left = replace(meant[-1], quantity=meant[-1].quantity - fewer)
    changed = (left if line is meant[-1] else line for line in lines)
    return tuple(line for line in changed if line.quantity > 0)
