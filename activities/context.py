"""What a letter may read: the contact, the run's events, cart and order, the coupon, the shop, links."""

from collections.abc import Mapping
from dataclasses import asdict

from activities.orders import Shop
from activities.refusal import Look
from rules.cart import cart, order


def letter_context(
    look: Look,
    shop: Shop,
    unsubscribe: str | None,
    coupon: Mapping[str, object] | None = None,
    confirm: str | None = None,
) -> dict[str, object]:
    """Plain data for a letter. The first of `events` is the one that started the run.

    `coupon` holds `code`, `percent` or `amount` and `currency` or `benefit`, `conditions` and `until` (a moment, or
    None). `locales` are the languages to write in, the best one first: of a contact, else of the shop.
    """
    events = look.events
    return {
        "contact": look.to.traits,
        "event": look.to.start,
        "event_name": events[0].name if events else "",
        "events": [{"name": event.name, "properties": event.properties, "at": event.at} for event in events],
        "cart": cart(events).as_context(),
        "order": order(look.to.start),
        "coupon": coupon,
        "shop": asdict(shop),
        "links": {"unsubscribe": unsubscribe, "confirm": confirm},
        "topic": look.draft.topic,
        "now": look.order.now,
        "locales": (None if look.order.staff else look.to.traits.get("locale"), shop.locale),
    }
