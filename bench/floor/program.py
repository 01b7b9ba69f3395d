"""A bare Temporal program: one timer and one activity, or one activity that sends a mail; no settings of its own.

Run as a program: `python -m bench.floor.program ADDRESS QUEUE SMTP_PORT` works until SIGTERM.
"""

import asyncio
import signal
import sys
from datetime import timedelta
from email.message import EmailMessage

import aiosmtplib
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

_TIMEOUT = timedelta(seconds=30)


@activity.defn
async def greet(name: str) -> str:
    """The least that an activity can do."""
    return f"Hello, {name}"


class Mailer:
    """Sends over connections that are kept."""

    def __init__(self, port: int, mail: EmailMessage) -> None:
        self._port = port
        self._mail = mail
        self._idle: list[aiosmtplib.SMTP] = []

    @activity.defn
    async def send(self, recipient: str) -> None:
        """Send one mail."""
        client = self._idle.pop() if self._idle else await self._connected()
        await client.sendmail("hello@shop.example", [recipient], self._mail.as_bytes())
        self._idle.append(client)

    async def _connected(self) -> aiosmtplib.SMTP:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=self._port, start_tls=False)
        await client.connect()
        return client


@workflow.defn
class Timed:
    """One timer, one activity."""

    @workflow.run
    async def run(self, name: str) -> str:
        """Sleep, then greet."""
        await workflow.sleep(2)
        return await workflow.execute_activity(greet, name, start_to_close_timeout=_TIMEOUT)


@workflow.defn
class AtOnce:
    """One mail."""

    @workflow.run
    async def run(self, recipient: str) -> None:
        """Send it."""
        await workflow.execute_activity_method(Mailer.send, recipient, start_to_close_timeout=_TIMEOUT)


@workflow.defn
class Asleep:
    """A long sleep that a signal ends."""

    def __init__(self) -> None:
        self._woken = False

    @workflow.signal
    def wake(self) -> None:
        """Wake."""
        self._woken = True

    @workflow.run
    async def run(self, _: str) -> None:
        """Sleep."""
        await workflow.wait_condition(lambda: self._woken, timeout=timedelta(days=90))


def _mail() -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Hello", "hello@shop.example", "you@shop.example"
    mail.set_content("Hello.\n")
    return mail


async def main(address: str, queue: str, smtp_port: int) -> None:
    """Work until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    client = await Client.connect(address)
    mailer = Mailer(smtp_port, _mail())
    async with Worker(client, task_queue=queue, workflows=[Timed, AtOnce, Asleep], activities=[greet, mailer.send]):
        await stop.wait()
    await asyncio.sleep(0.5)  # the client's threads may crash an interpreter that ends at once


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
