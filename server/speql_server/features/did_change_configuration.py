"""``workspace/didChangeConfiguration``: the client's settings have changed."""

from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def did_change_configuration(params: types.DidChangeConfigurationParams) -> None:
        server.configuration.changed(params.settings)
