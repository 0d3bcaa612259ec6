"""``initialized``: start opening the connection, now that the client has its answer."""

from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.INITIALIZED)
    def initialized(_: types.InitializedParams) -> None:
        server.start()
