"""Mails that come back, in the shapes of well-known servers; the words are ours."""

from textwrap import dedent

MESSAGE_ID = "<mdxw4lz5gqytqmjsgm2tmnzyhe@shop.example>"
ENROLMENT = "0198c5a0-1111-7222-8333-444455556666"

RETURNED = f"""\
From: Kundresa Shop <hello@shop.example>
To: maja@example.org
Subject: Your cart
Message-ID: {MESSAGE_ID}
X-Kundresa-Ref: {ENROLMENT}
"""


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def report(status: str, *, returned: str = "message/rfc822", to: str = "hello@shop.example", more: str = "") -> bytes:
    """A delivery status report. `status` is the machine's part."""
    body = RETURNED + ("\nHello\n" if returned == "message/rfc822" else "")
    return crlf(
        f"From: MAILER-DAEMON@mx.example\nTo: {to}\nSubject: Returned mail\nAuto-Submitted: auto-replied\n{more}"
        "MIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="bb"\n\n'
        "--bb\nContent-Type: text/plain; charset=us-ascii\n\nYour mail could not be handed over.\n\n"
        f"--bb\nContent-Type: message/delivery-status\n\n{dedent(status)}\n"
        f"--bb\nContent-Type: {returned}\n\n{body}\n--bb--\n"
    )


POSTFIX = report(
    """\
    Reporting-MTA: dns; mail.shop.example
    X-Postfix-Queue-ID: 4ABCDE
    Arrival-Date: Sat, 21 Nov 2026 09:30:00 +0000 (UTC)

    Final-Recipient: rfc822; maja@example.org
    Original-Recipient: rfc822;maja@example.org
    Action: failed
    Status: 5.1.1
    Remote-MTA: dns; mx.example.org
    Diagnostic-Code: smtp; 550 5.1.1 <maja@example.org>: Recipient address
        rejected: user unknown in table
    """
)
POSTFIX_DELAY = report(
    """\
    Reporting-MTA: dns; mail.shop.example

    Final-Recipient: rfc822; maja@example.org
    Action: delayed
    Status: 4.4.1
    Diagnostic-Code: X-Postfix; connect to mx.example.org[203.0.113.7]:25: timed out
    Will-Retry-Until: Thu, 26 Nov 2026 09:30:00 +0000 (UTC)
    """,
    returned="text/rfc822-headers",
)
EXIM = report(
    """\
    Reporting-MTA: dns; mail.shop.example

    Action: failed
    Final-Recipient: rfc822;maja@example.org
    Status: 5.0.0
    Remote-MTA: dns; mx.example.org
    Diagnostic-Code: smtp; 550 No such person at this address
    """,
    more="X-Failed-Recipients: maja@example.org\n",
)
EXCHANGE = report(
    """\
    Reporting-MTA: dns;MBX01.corp.example
    Received-From-MTA: dns;mail.shop.example

    Original-Recipient: rfc822;Maja@Example.org
    Final-Recipient: rfc822;maja@corp.example
    Action: failed
    Status: 5.1.10
    Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found by SMTP lookup
    """
)
EXPIRED = report(
    """\
    Reporting-MTA: dns; mail.shop.example

    Final-Recipient: rfc822; maja@example.org
    Action: failed
    Status: 4.4.7
    Diagnostic-Code: smtp; the message has waited too long
    """
)
SPAM_BLOCK = report(
    """\
    Reporting-MTA: dns; mail.shop.example

    Final-Recipient: rfc822; maja@example.org
    Action: failed
    Status: 5.7.1
    Diagnostic-Code: smtp; 550 5.7.1 Not taken; user unknown to be interested
    """
)
SEVERAL = report(
    """\
    Reporting-MTA: dns; mail.shop.example
    Original-Envelope-Id: 0198c5a0-9999-7222-8333-444455556666

    Final-Recipient: rfc822; maja@example.org
    Action: failed
    Status: 5.1.1

    Final-Recipient: rfc822; nils@example.org
    Action: delivered
    Status: 2.0.0

    Final-Recipient: rfc822; list@example.org
    Action: expanded
    Status: 2.0.0
    """,
    returned="text/plain",
)
QMAIL = crlf(
    f"""\
From: MAILER-DAEMON@mx.example.org
To: hello@shop.example
Subject: failure notice

Hi. This is the mail program at mx.example.org.
I could not hand over your message to these addresses.

<maja@example.org>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <hello@shop.example>
{RETURNED}
Hello
"""
)
EXIM_WITHOUT_REPORT = crlf(
    f"""\
From: Mail Delivery System <Mailer-Daemon@mx.example.org>
To: hello@shop.example
Auto-Submitted: auto-replied
X-Failed-Recipients: maja@example.org
Subject: Mail delivery failed

A program has written this. One address failed:

  maja@example.org
    host mx.example.org [203.0.113.7]
    SMTP error from remote mail server after RCPT TO:
    550 unknown user

------ This is a copy of the message, including all the headers. ------

{RETURNED}
Hello
"""
)
HOLIDAY = crlf(
    f"""\
From: maja@example.org
To: hello@shop.example
Subject: Away until Monday
In-Reply-To: {MESSAGE_ID}
Auto-Submitted: auto-replied (vacation)

I am away. User unknown until Monday, 550 5.1.1.
"""
)
REPLY = crlf(
    f"""\
From: maja@example.org
To: help@shop.example
Subject: Re: Your cart
In-Reply-To: {MESSAGE_ID}
References: <first@shop.example> {MESSAGE_ID}

Do you have it in blue?
"""
)
PLAIN_MAIL = crlf("From: a@example.org\nTo: hello@shop.example\nSubject: Hello\n\nA question about parcels.\n")


def complaint(sort: str = "abuse") -> bytes:
    """A complaint by the feedback loop of a mailbox provider; the recipient is blotted out, as they do."""
    return crlf(
        "From: feedback@mailbox.example\nTo: fbl@shop.example\nSubject: FW: Your cart\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="bb"\n\n'
        "--bb\nContent-Type: text/plain\n\nSomebody marked this as spam.\n\n"
        f"--bb\nContent-Type: message/feedback-report\n\nFeedback-Type: {sort}\nUser-Agent: Loop/1.0\nVersion: 1\n"
        "Original-Rcpt-To: <redacted@mailbox.example>\n\n"
        f"--bb\nContent-Type: message/rfc822\n\n{RETURNED}\nHello\n--bb--\n"
    )
