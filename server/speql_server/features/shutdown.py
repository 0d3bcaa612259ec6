"""``shutdown``: everything is stopped and dropped before it is answered."""

from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.SHUTDOWN)
    async def shutdown(_: None) -> None:
        await server.close()
