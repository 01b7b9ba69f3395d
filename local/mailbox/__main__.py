"""`python -m local.mailbox`: the mailbox as one process."""

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path

import uvicorn
import uvloop

from local.mailbox.archive import Archive
from local.mailbox.reception import Reception
from local.mailbox.web import create_mailbox


async def serve(folder: Path, smtp_port: int, http_port: int, host: str = "127.0.0.1") -> None:
    """Take mails and show them until SIGTERM or SIGINT."""
    archive = Archive(folder)
    smtp = await asyncio.get_running_loop().create_server(lambda: Reception(archive), host, smtp_port)
    web = uvicorn.Config(create_mailbox(archive), host=host, port=http_port, log_level="info", access_log=False)
    try:
        await uvicorn.Server(web).serve()
    finally:
        smtp.close()


def main() -> None:
    """Read the options, and serve."""
    options = argparse.ArgumentParser(prog="python -m local.mailbox", description=__doc__)
    options.add_argument("--smtp-port", type=int, default=2525)
    options.add_argument("--http-port", type=int, default=8425)
    options.add_argument("--folder", type=Path, default=Path(".kundresa/mailbox"))
    chosen = options.parse_args()
    # uvicorn stops gracefully on SIGTERM, then raises it again: that must end in a clean exit.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(serve(chosen.folder, chosen.smtp_port, chosen.http_port))


if __name__ == "__main__":
    main()
