from collections.abc import AsyncIterator, Iterator
from email.message import EmailMessage

import aiosmtplib
import httpx2
import pytest
import pytest_asyncio

from local.folder import DataFolder
from local.mailbox.program import mailbox
from local.part import Part
from local.ports import HOST, Ports

PLAIN = "Hej Anna,\n\n.a line that begins with a dot\n..and one with two\n"
HTML = "<html><head><title>x</title></head><body><h1>Hej Anna</h1><p>Your cart waits.</p></body></html>"


@pytest.fixture(scope="module")
def ports() -> Ports:
    return Ports.free()


@pytest_asyncio.fixture(scope="module")
async def running_mailbox(ports: Ports, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Part]:
    folder = DataFolder.at(tmp_path_factory.mktemp("mailbox"))
    part = Part(mailbox(folder.mailbox, ports.smtp, ports.mailbox, {}), folder)
    await part.start()
    try:
        await part.ready()
        yield part
    finally:
        await part.stop()


@pytest.fixture
def pages(running_mailbox: Part, ports: Ports) -> Iterator[httpx2.Client]:
    """The mailbox of this module, emptied."""
    with httpx2.Client(base_url=f"http://{HOST}:{ports.mailbox}") as client:
        client.delete("/messages").raise_for_status()
        yield client


def letter(to: str = "anna@example.com", subject: str = "Välkommen, Anna") -> EmailMessage:
    message = EmailMessage()
    message["Message-ID"] = f"<{subject.encode().hex()}@shop.example>"
    message["From"], message["To"], message["Subject"] = "hello@shop.example", to, subject
    message.set_content(PLAIN)
    message.add_alternative(HTML, subtype="html")
    return message


async def send(ports: Ports, *letters: EmailMessage) -> None:
    async with aiosmtplib.SMTP(hostname=HOST, port=ports.smtp, start_tls=False) as smtp:
        for message in letters:
            await smtp.send_message(message)


async def test_a_mail_is_listed_newest_first_and_found_by_its_whole_address(pages: httpx2.Client, ports: Ports) -> None:
    await send(ports, letter(), letter("joanna@example.com", "Second"))
    listed = pages.get("/messages").json()
    assert listed["total"] == 2
    assert [one["subject"] for one in listed["messages"]] == ["Second", "Välkommen, Anna"]
    [found] = pages.get("/messages", params={"to": "ANNA@example.com"}).json()["messages"]
    assert found["subject"] == "Välkommen, Anna"
    assert found["size"] > len(PLAIN) + len(HTML)
    assert pages.get("/messages", params={"limit": 1}).json()["messages"] == listed["messages"][:1]


async def test_a_mail_is_shown_as_html_as_text_and_as_source(pages: httpx2.Client, ports: Ports) -> None:
    sent = letter()
    await send(ports, sent)
    mail_id = pages.get("/messages").json()["messages"][0]["id"]
    taken_apart = pages.get(f"/messages/{mail_id}").json()
    assert taken_apart["html"].strip() == HTML
    assert taken_apart["text"].replace("\r\n", "\n") == PLAIN
    assert ["Subject", "Välkommen, Anna"] in taken_apart["headers"]
    assert "..and one with two" in pages.get(f"/mails/{mail_id}?view=text").text
    assert f"/messages/{mail_id}/html" in pages.get(f"/mails/{mail_id}?view=html").text
    assert "Message-ID:" in pages.get(f"/mails/{mail_id}?view=source").text
    assert "Välkommen, Anna" in pages.get("/").text


async def test_the_source_is_byte_for_byte_what_was_sent(pages: httpx2.Client, ports: Ports) -> None:
    sent = b"Subject: dots\r\n\r\n.one\r\n..two\r\n.\r\nlast\r\n"
    async with aiosmtplib.SMTP(hostname=HOST, port=ports.smtp, start_tls=False) as smtp:
        await smtp.sendmail("a@shop.example", ["anna@example.com"], sent)
    mail_id = pages.get("/messages").json()["messages"][0]["id"]
    assert pages.get(f"/messages/{mail_id}/source").content == sent


async def test_the_frame_of_a_mail_may_run_nothing(pages: httpx2.Client, ports: Ports) -> None:
    await send(ports, letter())
    mail_id = pages.get("/messages").json()["messages"][0]["id"]
    frame = pages.get(f"/messages/{mail_id}/html")
    assert frame.headers["content-security-policy"].startswith("sandbox allow-popups ")
    assert "allow-scripts" not in frame.headers["content-security-policy"]
    assert '<head><base target="_blank">' in frame.text
    assert "script-src 'self'" in pages.get(f"/mails/{mail_id}").headers["content-security-policy"]


async def test_a_line_that_is_too_long_is_refused_as_a_real_server_would(pages: httpx2.Client, ports: Ports) -> None:
    async with aiosmtplib.SMTP(hostname=HOST, port=ports.smtp, start_tls=False) as smtp:
        with pytest.raises(aiosmtplib.SMTPDataError, match="Line too long"):
            await smtp.sendmail("a@shop.example", ["anna@example.com"], b"Subject: x\r\n\r\n" + b"x" * 999 + b"\r\n")
        await smtp.sendmail("a@shop.example", ["anna@example.com"], b"Subject: x\r\n\r\n" + b"x" * 998 + b"\r\n")
    assert pages.get("/messages").json()["total"] == 1


async def test_a_mail_without_its_final_dot_was_never_accepted(pages: httpx2.Client, ports: Ports) -> None:
    client = aiosmtplib.SMTP(hostname=HOST, port=ports.smtp, start_tls=False)
    await client.connect()
    await client.mail("a@shop.example")
    await client.rcpt("anna@example.com")
    await client.execute_command(b"DATA")
    assert client.protocol is not None
    client.protocol.write(b"Message-ID: <half@shop.example>\r\n\r\nall but the dot\r\n")
    client.close()
    assert pages.get("/messages").json()["total"] == 0
    assert pages.get("/evidence", params={"message_id": "<half@shop.example>"}).json() == {"accepted": False}


async def test_delete_empties_the_mailbox(pages: httpx2.Client, ports: Ports) -> None:
    await send(ports, letter())
    assert pages.delete("/messages").json() == {"deleted": 1}
    assert pages.get("/messages").json() == {"total": 0, "messages": []}
    assert "No mail yet" in pages.get("/").text


async def test_everything_but_what_was_deleted_survives_a_kill_and_a_restart(
    running_mailbox: Part, pages: httpx2.Client, ports: Ports
) -> None:
    await send(ports, letter("carl@example.com", "Deleted"))
    assert pages.delete("/messages").json() == {"deleted": 1}
    sent = letter()
    await send(ports, sent, letter("ben@example.com", "Second"))
    before = pages.get("/messages").json()
    assert before["total"] == 2
    await running_mailbox.kill()
    (running_mailbox.log.parent.parent / "mailbox" / "1.eml").write_bytes(b"X-Mailbox-Envelope: {")  # cut by the kill
    await running_mailbox.start()
    await running_mailbox.ready()
    assert pages_again(ports, "/messages") == before
    evidence = pages_again(ports, "/evidence", message_id=sent["Message-ID"].strip("<>"))
    assert evidence == {"accepted": True}


def pages_again(ports: Ports, path: str, **params: str) -> object:
    return httpx2.get(f"http://{HOST}:{ports.mailbox}{path}", params=params).json()


async def test_the_page_finds_mails_by_a_part_of_an_address(pages: httpx2.Client, ports: Ports) -> None:
    await send(ports, letter(), letter("ben@example.com", "For Ben"))
    found = pages.get("/", params={"search": "BEN@"}).text
    assert "For Ben" in found
    assert "Välkommen" not in found
    assert "No mail to an address with “nobody”" in pages.get("/", params={"search": "nobody"}).text
