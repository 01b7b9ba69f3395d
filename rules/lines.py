"""Lines of carts and orders, read out of what shops send (the Segment e-commerce spec). Pure.

Shops send what they like: a value that cannot be right (a price of "abc", minus two pieces) is as if it were not there.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, TypeAlias

_CENT = Decimal("0.01")
_LARGEST = Decimal(10) ** 12
MOST = 1_000_000
"""No line has more pieces."""

Properties: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """One product (in one variant), so many pieces of it. `price` is of one piece."""

    product_id: str
    name: str | None = None
    variant: str | None = None
    quantity: int = 1
    price: Decimal | None = None
    image_url: str | None = None
    url: str | None = None

    @property
    def total(self) -> Decimal | None:
        """The price of all pieces; None when the price is not known."""
        return None if self.price is None else self.price * self.quantity

    def as_context(self, *, priced: bool) -> dict[str, Any]:
        """Plain data for templates. A product without a name is shown by its id; not `priced`, prices are left out."""
        return {
            "name": self.name or self.product_id,
            "variant": self.variant,
            "quantity": self.quantity,
            "price": self.price if priced else None,
            "total": self.total if priced else None,
            "image_url": self.image_url,
            "url": self.url,
        }


def order_lines(properties: Properties) -> tuple[Line, ...]:
    """What was ordered: the `products` of an `Order Completed`."""
    products = properties.get("products")
    lines: tuple[Line, ...] = ()
    for product in products if isinstance(products, list | tuple) else ():
        if isinstance(product, Mapping):
            lines = added(lines, line_of(product))
    return lines


def line_of(product: Properties) -> Line | None:
    """The line that a product makes; None when it does not say which product it is."""
    product_id = identity(product)
    if product_id is None:
        return None
    return Line(
        product_id=product_id,
        name=text(product.get("name")),
        variant=text(product.get("variant")),
        quantity=quantity(product.get("quantity")) or 1,
        price=price(product.get("price")),
        image_url=link(product.get("image_url")),
        url=link(product.get("url")),
    )


def identity(product: Properties) -> str | None:
    """By what the product is known: its id, else the stock number, else the name."""
    known = (text(product.get(key)) for key in ("product_id", "sku", "name"))
    return next((each for each in known if each), None)


def added(lines: tuple[Line, ...], new: Line | None) -> tuple[Line, ...]:
    """The lines with one more; of what lies there already, there are more pieces."""
    if new is None:
        return lines
    for number, line in enumerate(lines):
        if (line.product_id, line.variant) == (new.product_id, new.variant):
            return (*lines[:number], _merged(line, new), *lines[number + 1 :])
    return (*lines, new)


def _merged(line: Line, new: Line) -> Line:
    """What is said last counts; what it does not say stays."""
    return Line(
        product_id=line.product_id,
        name=new.name or line.name,
        variant=line.variant,
        quantity=min(line.quantity + new.quantity, MOST),
        price=line.price if new.price is None else new.price,
        image_url=new.image_url or line.image_url,
        url=new.url or line.url,
    )


def text(value: object) -> str | None:
    """A text; numbers are texts too, since shops number their products and variants."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() or None if isinstance(value, str) else None


def link(value: object) -> str | None:
    """A full web address; letters can show no other."""
    told = text(value)
    return told if told and re.fullmatch(r"https?://[^\s/]+\S*", told) else None


def currency(value: object) -> str | None:
    """A currency by its three letters (ISO 4217). Without one a price says nothing."""
    told = text(value)
    return told.upper() if told and re.fullmatch(r"[A-Za-z]{3}", told) else None


def quantity(value: object) -> int | None:
    """A whole number of pieces, at least one."""
    number = _number(value)
    return int(number) if number is not None and 1 <= number <= MOST and number == int(number) else None


def price(value: object) -> Decimal | None:
    """An amount of money, of two places."""
    number = _number(value)
    return abs(number).quantize(_CENT, ROUND_HALF_UP) if number is not None and 0 <= number < _LARGEST else None


def total(lines: Iterable[Line]) -> Decimal | None:
    """The price of all lines; None when that of one is not known."""
    totals = [line.total for line in lines]
    known = [each for each in totals if each is not None]
    return sum(known, Decimal("0.00")) if len(known) == len(totals) else None


def _number(value: object) -> Decimal | None:
    if not isinstance(value, int | float | str | Decimal) or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value).strip())
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() else None
