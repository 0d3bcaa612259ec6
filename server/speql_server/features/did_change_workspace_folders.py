"""``workspace/didChangeWorkspaceFolders``: folders have come or gone, and with them files that may be read."""

from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.workspaces import root_of

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def did_change_workspace_folders(params: types.DidChangeWorkspaceFoldersParams) -> None:
        event = params.event
        added = [root_of(folder.uri) for folder in event.added]
        server.workspaces.change_roots(added, [folder.uri for folder in event.removed])
        server.configuration.folders_changed()
