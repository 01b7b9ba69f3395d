"""A folder with one letter, and what it is filled in with."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from mail.rendering import (
    Content,
    Letters,
)

LAYOUT = """<mjml>
  <mj-head><mj-title>{{ shop.name }}</mj-title><mj-preview>[% block preview %][% endblock %]</mj-preview></mj-head>
  <mj-body>
    <mj-section><mj-column>[% block body %][% endblock %]</mj-column></mj-section>
    <mj-section><mj-column><mj-text>[% include "_base/foot.mjml" %]</mj-text></mj-column></mj-section>
  </mj-body>
</mjml>
"""
FOOT = '<a href="{{ links.unsubscribe | safe_url }}">Stop</a> {{ shop.name }}'
BODY = """[% extends "_base/layout.mjml" %]
[% block preview %]For {{ contact.first_name | default("you", true) }}[% endblock %]
[% block body %]
<mj-raw>{% if cart.total < 100 and contact.first_name != "<x>" %}</mj-raw>
<mj-raw>{% for line in cart.lines %}</mj-raw>
<mj-text>{{ loop.index }}: {{ line.name }}</mj-text>
<mj-button href="{{ line.url | safe_url }}">Go</mj-button>
<mj-raw>{% endfor %}</mj-raw>
<mj-raw>{% endif %}</mj-raw>
<mj-table>{% for line in cart.lines %}<tr><td>{{ line.price | money(cart.currency) }}</td></tr>{% endfor %}</mj-table>
[% endblock %]
"""
TEXT = """Hello {{ contact.first_name }},
{% set of = cart %}{% include "_base/lines.txt" %}
{{ links.unsubscribe }}
"""
LINES = "{% for line in of.lines %}* {{ line.name }}\n{% endfor %}{{ shop.name }}"
SUBJECT = "{{ contact.first_name }}, your cart waits\n"

CONTEXT: dict[str, object] = {
    "contact": {"first_name": "Åsa"},
    "shop": {"name": "Skerry & Sons"},
    "links": {"unsubscribe": "https://shop.example/u/v1.x?a=1&b=2"},
    "cart": {
        "total": 50,
        "currency": "EUR",
        "lines": [
            {"name": "Towel", "url": "https://shop.example/towel", "price": "19"},
            {"name": "Throw", "url": "https://shop.example/throw", "price": Decimal("129.5")},
        ],
    },
}

Write = Callable[..., Letters]


def plain(body: str) -> str:
    """Return an MJML letter around one text."""
    return f"<mjml><mj-body><mj-section><mj-column>{body}</mj-column></mj-section></mj-body></mjml>"


def written(write: Write, body: str = "", text: str = "", context: Mapping[str, object] = CONTEXT) -> Content:
    letters = write(body=plain(f"<mj-text>{body}</mj-text>"), text=text, subject="Hi")
    return letters.render("cart", context)
