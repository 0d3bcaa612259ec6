"""``initialize``: settings and position encoding. Nothing slow: the client waits for the answer."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.abilities import abilities_of
from speql_server.from_lsp import encoding_of
from speql_server.settings import SettingsError

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.abilities = abilities_of(params.capabilities)
        server.encoding = encoding_of(server.workspace.position_encoding)
        try:
            server.settings = server.settings.with_options(params.initialization_options)
        except SettingsError as error:
            # Not an error of the request: with the default settings the server is of more use than none.
            server.show(str(error), types.MessageType.Error)
