"""Write a letter: what it may read, the head above it, and the bytes that travel."""

from activities.context import letter_context
from activities.refusal import Look
from activities.senders import Senders
from mail.address import AddressUnusable, Mailbox
from mail.dkim import sign
from mail.links import Links
from mail.message import Heading, Unsubscribe, compose
from mail.rendering import Letters
from mail.senders import Sender
from rules.cart import cart
from store.coupons import Given

_TOPIC_LONGEST = 60


class Writing:
    """The letters, each with its sender's name and signatures on it."""

    def __init__(self, letters: Letters, links: Links, senders: Senders) -> None:
        self._letters = letters
        self._links = links
        self._senders = senders

    def shows_an_empty_cart(self, look: Look) -> bool:
        """Whether the letter is about a cart in which nothing lies any more."""
        return "cart" in self._letters.variables(look.draft.letter) and not cart(look.events).lines

    def write(self, look: Look, sender: Sender, recipient: str, coupon: Given | None, untold: int = 0) -> bytes:
        """The whole mail, signed. Staff hear with `untold` how many letters of this kind they did not get before it.

        Raises LetterError, AddressUnusable, HeaderUnsafe; their words quote no data of a contact.
        """
        topic = look.draft.topic
        leave = self._links.unsubscribe(look.to.contact_id, topic) if topic else None
        heading = Heading(
            message_id=look.draft.message_id,
            date=look.order.now,
            sender=sender.mailbox,
            recipient=recipient,
            reference=str(look.order.enrolment),
            reply_to=_reply_to(look, sender),
            unsubscribe=Unsubscribe(leave, self._senders.unsubscribe_mailto(sender, look.draft.id)) if leave else None,
            list_id=f"{topic}.{sender.domain}" if topic else None,
            feedback_id=_feedback_id(look, sender),
        )
        confirm = self._links.confirm(look.to.contact_id, asked) if (asked := _asked_about(look)) else None
        context = letter_context(
            look, self._senders.shop(sender), leave, coupon.as_context() if coupon else None, confirm
        )
        context["untold"] = untold
        raw = compose(heading, self._letters.render(look.draft.letter, context))
        return sign(raw, sender.keys, look.order.now)


def _reply_to(look: Look, sender: Sender) -> str:
    """Staff answer to the contact, if its address is known; everybody else answers to the shop."""
    address = look.to.traits.get("email")
    if look.draft.staff is None or not isinstance(address, str):
        return sender.reply_to
    try:
        return Mailbox.parse(address).address
    except AddressUnusable:
        return sender.reply_to


def _feedback_id(look: Look, sender: Sender) -> str | None:
    """What Google's feedback loop counts complaints by: letter, journey, kind of letter; the sender comes last."""
    if sender.feedback_id is None:
        return None
    return (
        f"{look.draft.letter}:{look.draft.journey}:{look.draft.topic or look.draft.message_class}:{sender.feedback_id}"
    )


def _asked_about(look: Look) -> str | None:
    """The topic that the letter may ask to confirm: its own, or the one that the first event names."""
    told = look.draft.topic or look.to.start.get("topic") or look.to.start.get("topics")
    topic = told[0] if isinstance(told, list) and told else told
    return topic if isinstance(topic, str) and 0 < len(topic) <= _TOPIC_LONGEST else None
