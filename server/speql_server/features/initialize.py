"""``initialize``: settings, folders and position encoding. Nothing slow: the client waits for the answer."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.lsp.abilities import abilities_of
from speql_server.lsp.from_lsp import encoding_of, roots_of

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.abilities = abilities_of(params.capabilities)
        server.encoding = encoding_of(server.workspace.position_encoding)
        server.configuration.initialize(params.capabilities)
        # What is wrong is not an error of the request: with the other settings the server is of more use than none.
        server.tell(server.workspaces.initialize(params.initialization_options, roots_of(params)))
