"""Those in whose names letters go out, and the addresses at which their bounces and unsubscriptions come back."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from activities.orders import Shop
from mail.message import message_id
from mail.senders import Sender
from mail.verp import Verp


@dataclass(frozen=True)
class Senders:
    """Every sender, the default one first. `locale` is the language of the shop."""

    known: Sequence[Sender]
    verp: Verp
    locale: str = "en"

    def named(self, name: str | None) -> Sender | None:
        """The sender of a journey that names it, or names none. None: the settings do not know it."""
        if name is None:
            return self.known[0]
        return next((each for each in self.known if each.name == name), None)

    def message_id(self, send_key: str, name: str | None) -> str:
        """The Message-ID of a letter in the name of this sender, the same for every attempt."""
        return message_id(send_key, (self.named(name) or self.known[0]).domain)

    def shop(self, sender: Sender) -> Shop:
        """The sender as its letters show it."""
        return Shop(
            name=sender.shop_name,
            url=sender.shop_url,
            postal_address=sender.postal_address,
            sender=sender.mailbox,
            reply_to=sender.reply_to,
            locale=self.locale,
        )

    def envelope_sender(self, sender: Sender, message: UUID) -> str:
        """Where the bounces of a message go: to an address of its own if there is a domain for them, else to From."""
        return self.verp.bounce(message, sender.bounce_domain) if sender.bounce_domain else sender.address

    def unsubscribe_mailto(self, sender: Sender, message: UUID) -> str | None:
        """The `mailto:` link that ends the message's topic, where the sender has a domain that takes such mail."""
        if sender.bounce_domain is None:
            return None
        return f"mailto:{self.verp.unsubscribe(message, sender.bounce_domain)}?subject=unsubscribe"
