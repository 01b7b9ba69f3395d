"""Whom feedback is believed: the secrets and names of each provider, and the readers that they make."""

from dataclasses import dataclass
from datetime import datetime

from mail.feedback.errors import FeedbackForged
from mail.feedback.fetching import fetch
from mail.feedback.mailgun import Mailgun
from mail.feedback.mails import Envelope, Mails
from mail.feedback.postmark import Postmark
from mail.feedback.proving import Headers, Webhook, same
from mail.feedback.sendgrid import SendGrid
from mail.feedback.ses import Ses
from mail.feedback.sns import Fetch, Notices
from mail.feedback.standard import StandardWebhooks
from mail.verp import Verp
from rules.feedback import Feedback


@dataclass(frozen=True)
class Trust:
    """What proves that feedback is genuine; empty: that provider is not heard. `topics` are TopicArns of SNS."""

    mail_key: str = ""
    topics: tuple[str, ...] = ()
    sendgrid_key: str = ""
    mailgun_key: str = ""
    postmark_login: str = ""
    standard_secret: str = ""


class PostedMail:
    """Mail that a server of the shop's own hands on over HTTP, with the key that it was given."""

    def __init__(self, key: str, mails: Mails) -> None:
        self._key = key
        self._mails = mails

    async def read(self, headers: Headers, body: bytes, now: datetime) -> list[Feedback]:
        """Return what the mail tells. Raise `FeedbackForged` or `FeedbackDisowned`."""
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not same(key.strip(), self._key):
            raise FeedbackForged("the key is missing or wrong")
        told = Envelope(headers.get("x-envelope-from"), headers.get("x-envelope-to"))
        return self._mails.read(body, told, now)


def webhooks(trust: Trust, verp: Verp, fetch: Fetch = fetch) -> dict[str, Webhook]:
    """Return the readers of all that is trusted, by the name in their address."""
    readers: dict[str, Webhook] = {}
    if trust.mail_key:
        readers["mail"] = PostedMail(trust.mail_key, Mails(verp))
    if trust.topics:
        readers["ses"] = Ses(Notices(trust.topics, fetch))
    if trust.sendgrid_key:
        readers["sendgrid"] = SendGrid(trust.sendgrid_key)
    if trust.mailgun_key:
        readers["mailgun"] = Mailgun(trust.mailgun_key)
    if trust.postmark_login:
        readers["postmark"] = Postmark(trust.postmark_login)
    if trust.standard_secret:
        readers["standard"] = StandardWebhooks(trust.standard_secret)
    return readers
