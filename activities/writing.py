"""Write a letter: what it may read, the head above it, and the bytes that travel."""

from activities.context import letter_context
from activities.orders import Shop
from activities.refusal import Look
from mail.address import AddressUnusable, Mailbox
from mail.links import Links
from mail.message import Heading, Unsubscribe, compose, message_id
from mail.rendering import Letters
from rules.cart import cart
from store.coupons import Given

_TOPIC_LONGEST = 60


class Writing:
    """The shop's letters, with its name on them."""

    def __init__(self, letters: Letters, links: Links, shop: Shop) -> None:
        self._letters = letters
        self._links = links
        self._shop = shop
        self.envelope_sender = Mailbox.parse(shop.sender).address
        self._domain = self.envelope_sender.rpartition("@")[2]

    def message_id(self, send_key: str) -> str:
        """The Message-ID of this letter, the same for every attempt."""
        return message_id(send_key, self._domain)

    def shows_an_empty_cart(self, look: Look) -> bool:
        """Whether the letter is about a cart in which nothing lies any more."""
        return "cart" in self._letters.variables(look.draft.letter) and not cart(look.events).lines

    def write(self, look: Look, recipient: str, coupon: Given | None, untold: int = 0) -> bytes:
        """The whole mail. Staff hear with `untold` how many letters of this kind they did not get before it.

        Raises LetterError, AddressUnusable, HeaderUnsafe; their words quote no data of a contact.
        """
        topic = look.draft.topic
        leave = self._links.unsubscribe(look.to.contact_id, topic) if topic else None
        heading = Heading(
            message_id=look.draft.message_id,
            date=look.order.now,
            sender=self._shop.sender,
            recipient=recipient,
            reference=str(look.order.enrolment),
            reply_to=self._reply_to(look),
            unsubscribe=Unsubscribe(leave) if leave else None,
            list_id=f"{topic}.{self._domain}" if topic else None,
        )
        confirm = self._links.confirm(look.to.contact_id, asked) if (asked := _asked_about(look)) else None
        context = letter_context(look, self._shop, leave, coupon.as_context() if coupon else None, confirm)
        context["untold"] = untold
        return compose(heading, self._letters.render(look.draft.letter, context))

    def _reply_to(self, look: Look) -> str:
        """Staff answer to the contact, if its address is known; everybody else answers to the shop."""
        address = look.to.traits.get("email")
        if look.draft.staff is None or not isinstance(address, str):
            return self._shop.reply_to
        try:
            return Mailbox.parse(address).address
        except AddressUnusable:
            return self._shop.reply_to


def _asked_about(look: Look) -> str | None:
    """The topic that the letter may ask to confirm: its own, or the one that the first event names."""
    told = look.draft.topic or look.to.start.get("topic") or look.to.start.get("topics")
    topic = told[0] if isinstance(told, list) and told else told
    return topic if isinstance(topic, str) and 0 < len(topic) <= _TOPIC_LONGEST else None
