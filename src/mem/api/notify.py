"""Telling systemd how the server is (sd_notify): one datagram, no library.

A unit of `Type=notify` counts as started when the server answers, not when its process exists, and with
`WatchdogSec` it is started again when the event loop stands still.
"""

import logging
import socket

import uvicorn

from mem import config

log = logging.getLogger(__name__)
_TURNS = 100  # of a tenth of a second between two signs of life


def tell(state: str) -> bool:
    """Send `state`, such as ``READY=1``; False where nobody listens."""
    address = config.notify_socket()
    if address is None:
        return False
    if address.startswith("@"):  # a name without a file
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as out:
        try:
            out.connect(address)
            out.sendall(state.encode())
        except OSError as error:
            log.warning("systemd was not told", extra={"action": "not_notified", "detail": str(error)})
            return False
    return True


class Server(uvicorn.Server):
    """A server that says when it answers, that it lives, and when it stops."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets=sockets)
        if self.started:
            tell("READY=1")

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second, on the loop that answers requests."""
        if counter % _TURNS == 0:
            tell("WATCHDOG=1")
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop answering."""
        tell("STOPPING=1")
        await super().shutdown(sockets=sockets)
