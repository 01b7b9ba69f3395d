"""What a letter may read: the contact, the run's events, cart and order, the shop, links."""

from dataclasses import asdict

from activities.orders import Shop
from activities.refusal import Look
from rules.cart import cart, order


def letter_context(look: Look, shop: Shop, unsubscribe: str | None) -> dict[str, object]:
    """Plain data for a letter. The first of `events` is the one that started the run."""
    events = look.events
    return {
        "contact": look.to.traits,
        "event": look.to.start,
        "event_name": events[0].name if events else "",
        "events": [{"name": event.name, "properties": event.properties, "at": event.at} for event in events],
        "cart": cart(events).as_context(),
        "order": order(look.to.start),
        "shop": asdict(shop),
        "links": {"unsubscribe": unsubscribe},
        "topic": look.draft.topic,
        "now": look.order.now,
    }
