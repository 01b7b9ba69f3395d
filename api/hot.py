"""Routes on the hot path: documented like every other, served without what FastAPI does for the others."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute


class HotRoute(APIRoute):
    """A route whose endpoint takes the request and answers with the response: nothing is resolved in between."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint itself."""
        endpoint: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return endpoint
