"""The API as a server."""

import uvicorn
from fastapi import FastAPI

_GRACE_SECONDS = 20


def server(app: FastAPI, host: str, port: int) -> uvicorn.Server:
    """A server that is ready to run. When it is told to stop, requests under way are still answered.

    Addresses of requests are not logged: they may hold e-mail addresses and the tokens of letters.
    """
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host,
            port,
            loop="uvloop",
            http="httptools",
            access_log=False,
            server_header=False,
            log_config=None,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )
