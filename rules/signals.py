"""The names under which a run hears of events: `Order Completed` arrives as the signal `order_completed`."""

RESERVED = frozenset({"pause", "resume", "exit", "checkpoint", "migrate"})
"""Signals by which operators steer a run; no event may bear their names."""


def signal_name(event: str) -> str:
    """The event's name in snake_case; "" when it has neither letter nor digit."""
    return "_".join("".join(letter if letter.isalnum() else " " for letter in event.lower()).split())
