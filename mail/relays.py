"""The relays of all senders: one pool of connections for each address."""

from mail.connection import RelayAddress
from mail.relay import Relay


class Relays:
    """Opens a pool at the first use of an address; each has at most `connections`."""

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._pools: dict[str, Relay] = {}

    def at(self, url: str) -> Relay:
        """The pool of the relay at this address. Raises `mail.connection.RelayAddressInvalid`."""
        if url not in self._pools:
            self._pools[url] = Relay(RelayAddress.parse(url), self._connections)
        return self._pools[url]

    async def close(self) -> None:
        """Leave all relays."""
        for pool in self._pools.values():
            await pool.close()
