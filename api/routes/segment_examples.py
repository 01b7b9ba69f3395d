"""How the Segment calls look, for the OpenAPI pages."""

from typing import Any

Json = dict[str, Any]

_ID = {"anyOf": [{"type": "string", "maxLength": 256}, {"type": "integer"}]}
_SHARED: Json = {
    "userId": {**_ID, "description": "The shop's id of the contact."},
    "anonymousId": {**_ID, "description": "The browser's id of somebody not known yet."},
    "messageId": {"type": "string", "maxLength": 255, "description": "The same one again changes nothing."},
    "timestamp": {"type": "string", "format": "date-time", "description": "When it happened, by the client's clock."},
    "sentAt": {"type": "string", "format": "date-time", "description": "When it was sent, by the same clock."},
    "context": {"type": "object", "description": "Kept of it: page, campaign, library, locale, timezone."},
    "backfill": {"type": "boolean", "description": "True: from the past. It is a fact, but starts no journey."},
    "integrations": {"type": "object", "description": "Ignored."},
    "writeKey": {"type": "string", "description": "In place of Basic authorization, as browsers send it."},
}


def _schema(required: list[str], **own: Json) -> Json:
    return {"type": "object", "required": required, "properties": {**own, **_SHARED}}


_TEXT, _OBJECT = {"type": "string"}, {"type": "object"}
SCHEMAS: dict[str, Json] = {
    "track": _schema(["event"], event=_TEXT, properties=_OBJECT),
    "identify": _schema([], traits=_OBJECT),
    "page": _schema([], name=_TEXT, category=_TEXT, properties=_OBJECT),
    "screen": _schema([], name=_TEXT, category=_TEXT, properties=_OBJECT),
    "group": _schema(["groupId"], groupId=_ID, traits=_OBJECT),
    "alias": _schema(["previousId", "userId"], previousId=_ID),
    "batch": {
        "type": "object",
        "required": ["batch"],
        "properties": {
            "batch": {
                "type": "array",
                "maxItems": 2500,
                "items": {
                    "type": "object",
                    "required": ["type"],
                    "properties": {
                        "type": {"enum": ["track", "identify", "page", "screen", "group", "alias"]},
                        **_SHARED,
                    },
                },
            },
            "sentAt": _SHARED["sentAt"],
            "context": {"type": "object", "description": "For every call of the batch; a call's own wins."},
            "backfill": {"type": "boolean", "description": "For every call of the batch that does not say it itself."},
        },
    },
}

_LINES = [{"product_id": "p-507", "name": "Linen shirt", "price": 59.0, "quantity": 2}]
_TRACK: Json = {
    "event": "Order Completed",
    "userId": "u-1042",
    "properties": {"order_id": "o-9001", "total": 118.0, "currency": "EUR", "products": _LINES},
    "timestamp": "2026-11-21T09:30:00Z",
    "messageId": "order-o-9001-completed",
}
_IDENTIFY: Json = {
    "userId": "u-1042",
    "anonymousId": "b7d1c2f0",
    "traits": {"email": "maja@shop.example", "firstName": "Maja", "city": "Mariehamn", "timezone": "Europe/Mariehamn"},
}
CALLS: dict[str, Json] = {
    "track": _TRACK,
    "identify": _IDENTIFY,
    "page": {"anonymousId": "b7d1c2f0", "name": "Linen shirt", "properties": {"path": "/p/linen-shirt"}},
    "screen": {"userId": "u-1042", "name": "Cart"},
    "group": {"userId": "u-1042", "groupId": "household-7", "traits": {"name": "The Lindqvists"}},
    "alias": {"previousId": "b7d1c2f0", "userId": "u-1042"},
    "batch": {
        "batch": [
            {"type": "identify", **_IDENTIFY},
            {"type": "track", **_TRACK},
            {"type": "track", "userId": "u-1042"},
        ],
        "sentAt": "2026-11-21T09:30:02Z",
    },
}

_SUCCESS: Json = {"success": True}
ANSWER: Json = {
    "type": "object",
    "required": ["success"],
    "properties": {
        "success": {"const": True},
        "rejected": {
            "type": "array",
            "description": "Calls of the batch that cannot be taken; all others are committed.",
            "items": {
                "type": "object",
                "properties": {
                    "index": {"type": "integer"},
                    "messageId": {"type": ["string", "null"]},
                    "details": {"type": "array", "items": {"$ref": "#/components/schemas/Detail"}},
                },
            },
        },
    },
}
_MISSING = "is missing; it is the name of what happened, such as 'Order Completed'"
ANSWERS: dict[str, Json] = dict.fromkeys(("track", "identify", "page", "screen", "group", "alias"), _SUCCESS) | {
    "batch": {
        "success": True,
        "rejected": [{"index": 2, "messageId": None, "details": [{"path": "event", "message": _MISSING}]}],
    }
}

SUMMARIES = {
    "track": "Something happened",
    "identify": "Who a contact is",
    "page": "A page was viewed",
    "screen": "A screen of an app was viewed",
    "group": "A contact belongs to a group",
    "alias": "Two ids are one person",
    "batch": "Many calls at once",
}
_COMMITTED = "Answered after the commit. The same `messageId` again is accepted and changes nothing."
DESCRIPTIONS = {
    "track": f"Records an event under its own name. {_COMMITTED}",
    "identify": "Sets traits (null removes one) and records `Identified`. `email` is also an identity; `firstName`, "
    f"`lastName` and `createdAt` are kept as `first_name`, `last_name` and `created_at` too. {_COMMITTED}",
    "page": f"Records `Page Viewed`. {_COMMITTED}",
    "screen": f"Records `Screen Viewed`. {_COMMITTED}",
    "group": f"Records `Grouped`, with the group's id and traits as properties. {_COMMITTED}",
    "alias": "Records `Aliased`, and joins the two contacts, unless both have user ids: then they stay two. "
    + _COMMITTED,
    "batch": "Up to 500 kB, 2,500 calls, each of up to 32 kB. Calls that cannot be taken are listed under `rejected`, "
    f"the others are committed; when not one can be taken, the answer is 422. {_COMMITTED}",
}
