from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.cart import Cart, cart, order
from rules.facts import Happening
from rules.lines import Line, order_lines

AT = datetime(2026, 11, 20, tzinfo=UTC)
TOWEL: dict[str, Any] = {"product_id": "towel", "name": "Tea towel", "variant": "blue", "price": 19.9}


def after(*events: tuple[str, dict[str, Any]]) -> Cart:
    return cart([Happening(name, AT, properties) for name, properties in events])


def pieces(left: Cart) -> list[tuple[str, str | None, int]]:
    return [(line.product_id, line.variant, line.quantity) for line in left.lines]


def test_no_events_leave_an_empty_cart() -> None:
    assert cart([]) == Cart()
    assert cart([]).as_context() == {"lines": [], "total": None, "currency": None, "url": None}


def test_products_gather_by_product_and_variant() -> None:
    left = after(
        ("Product Added", TOWEL),
        ("Product Added", {**TOWEL, "quantity": 2}),
        ("Product Added", {**TOWEL, "variant": "red"}),
        ("Product Viewed", {"product_id": "throw"}),
    )
    assert pieces(left) == [("towel", "blue", 3), ("towel", "red", 1)]
    assert left.total == Decimal("79.60")


@pytest.mark.parametrize(
    ("removed", "left"),
    [
        ({**TOWEL, "quantity": 1}, [("towel", "blue", 2), ("towel", "red", 2)]),
        ({**TOWEL, "quantity": 3}, [("towel", "red", 2)]),
        ({**TOWEL, "quantity": 9}, [("towel", "red", 2)]),
        (TOWEL, [("towel", "red", 2)]),
        ({"product_id": "towel"}, []),
        ({"product_id": "towel", "quantity": 1}, [("towel", "blue", 3), ("towel", "red", 1)]),
        ({"product_id": "throw"}, [("towel", "blue", 3), ("towel", "red", 2)]),
        ({**TOWEL, "variant": "green"}, [("towel", "blue", 3), ("towel", "red", 2)]),
        ({}, [("towel", "blue", 3), ("towel", "red", 2)]),
    ],
)
def test_what_is_removed_leaves(removed: dict[str, Any], left: list[tuple[str, str, int]]) -> None:
    filled = [
        ("Product Added", {**TOWEL, "quantity": 3}),
        ("Product Added", {**TOWEL, "variant": "red", "quantity": 2}),
    ]
    assert pieces(after(*filled, ("Product Removed", removed))) == left


@pytest.mark.parametrize("name", ["Cart Viewed", "Checkout Started"])
def test_a_whole_cart_replaces_what_was_known(name: str) -> None:
    whole = {"products": [{"sku": 7, "name": "Throw", "price": "129", "quantity": "2"}, TOWEL], "currency": "EUR"}
    left = after(("Product Added", {"product_id": "board"}), (name, whole))
    assert pieces(left) == [("7", None, 2), ("towel", "blue", 1)]
    assert left.currency == "EUR"
    assert pieces(after(("Product Added", TOWEL), (name, {"products": []}))) == []


def test_a_cart_that_is_only_looked_at_stays() -> None:
    assert pieces(after(("Product Added", TOWEL), ("Cart Viewed", {"cart_id": "c"}))) == [("towel", "blue", 1)]


def test_an_order_empties_the_cart() -> None:
    added = ("Product Added", {**TOWEL, "currency": "EUR", "cart_url": "https://shop.example/cart"})
    assert after(added, ("Order Completed", {"order_id": "1042"})) == Cart()
    assert pieces(after(added, ("Order Completed", {}), added)) == [("towel", "blue", 1)]


def test_the_address_and_the_currency_last_seen_count() -> None:
    left = after(
        ("Cart Viewed", {"cart_url": "https://shop.example/cart", "currency": "SEK"}),
        ("Checkout Started", {"checkout_url": "https://shop.example/checkout", "currency": "EUR"}),
        ("Product Added", TOWEL),
    )
    assert (left.url, left.currency) == ("https://shop.example/checkout", "EUR")


def test_what_is_said_last_of_a_product_counts_and_what_is_not_said_stays() -> None:
    pictured = {**TOWEL, "image_url": "https://shop.example/1.png"}
    left = after(("Product Added", pictured), ("Product Added", {**TOWEL, "name": None, "price": 17}))
    (line,) = left.lines
    assert (line.name, line.price, line.image_url) == ("Tea towel", Decimal("17.00"), "https://shop.example/1.png")


@pytest.mark.parametrize(
    "price", ["abc", "", -1, "-0.01", None, True, [1], float("nan"), float("inf"), "1e99", "19,90"]
)
def test_a_price_that_cannot_be_is_not_known(price: object) -> None:
    left = after(("Product Added", {**TOWEL, "price": price}), ("Product Added", {"product_id": "b", "price": 1}))
    assert [line.price for line in left.lines] == [None, Decimal("1.00")]
    assert [line.total for line in left.lines] == [None, Decimal("1.00")]
    assert left.total is None


@pytest.mark.parametrize(
    ("price", "known"),
    [(19.9, "19.90"), ("19.90", "19.90"), (0, "0.00"), (" 7 ", "7.00"), (0.125, "0.13"), (1e3, "1000.00")],
)
def test_a_price_has_two_places(price: object, known: str) -> None:
    (line,) = after(("Product Added", {**TOWEL, "price": price})).lines
    assert str(line.price) == known


@pytest.mark.parametrize("quantity", [-2, 0, "many", 1.5, None, True, {}, float("inf"), 10**9])
def test_a_quantity_that_cannot_be_is_one_piece(quantity: object) -> None:
    assert pieces(after(("Product Added", {**TOWEL, "quantity": quantity}))) == [("towel", "blue", 1)]


def test_a_line_is_plain_data_for_a_letter() -> None:
    left = after(("Product Added", {**TOWEL, "quantity": 2, "currency": "EUR", "url": "https://shop.example/towel"}))
    assert left.as_context()["lines"] == [
        {
            "name": "Tea towel",
            "variant": "blue",
            "quantity": 2,
            "price": Decimal("19.90"),
            "total": Decimal("39.80"),
            "image_url": None,
            "url": "https://shop.example/towel",
        }
    ]


def test_a_product_without_a_name_is_shown_by_its_id() -> None:
    assert Line("towel-7").as_context(priced=True)["name"] == "towel-7"


def test_an_order_is_plain_data_for_a_letter() -> None:
    told = order(
        {"order_id": 1042, "products": [TOWEL, "nonsense"], "currency": "EUR", "shipping": "6.9", "total": 26.8}
    )
    assert told.pop("lines") == [line.as_context(priced=True) for line in order_lines({"products": [TOWEL]})]
    assert told == {
        "id": "1042",
        "total": Decimal("26.80"),
        "currency": "EUR",
        "shipping": Decimal("6.90"),
        "tracking_url": None,
        "address": None,
    }


def test_an_order_that_tells_no_total_is_added_up() -> None:
    assert order({"currency": "EUR", "products": [TOWEL, {**TOWEL, "variant": "red"}]})["total"] == Decimal("39.80")


KEYS = ["product_id", "sku", "name", "variant", "quantity", "price", "products", "currency", "cart_url"]
ANYTHING = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), st.sampled_from(["towel", "1e5"])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    max_leaves=10,
)
NAMES = st.sampled_from(["Product Added", "Product Removed", "Cart Viewed", "Checkout Started", "Order Completed"])
EVENTS = st.lists(st.tuples(NAMES, st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=5)), max_size=5)


@given(EVENTS)
def test_nothing_that_a_shop_sends_breaks_the_cart(events: list[tuple[str, dict[str, Any]]]) -> None:
    left = after(*events)
    assert all(line.quantity >= 1 and (line.price is None or line.price >= 0) for line in left.lines)
    assert len({(line.product_id, line.variant) for line in left.lines}) == len(left.lines)
    assert len(left.as_context()["lines"]) == len(left.lines)
