"""Where the models are that a template names."""

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.masks import mask_at
from speql_speculator.embedding.jinja import relation_named

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

_BEGINNING = types.Range(types.Position(0, 0), types.Position(0, 0))


async def model_at(server: "SpeqlServer", params: types.DefinitionParams) -> types.Location | None:
    """The file of the model, seed or source that is named by the ``ref`` or ``source`` at a client's position."""
    uri = params.text_document.uri
    edited = server.documents.get(uri)
    if edited is None or not server.documents.is_template(uri):
        return None
    mask = mask_at(edited.snapshot, params.position, server.encoding)
    named = relation_named(mask.source) if mask is not None else None
    if named is None:
        return None
    executors, folder = await server.ready(), server.workspaces.folder_of(uri)
    loop = asyncio.get_running_loop()
    path = await loop.run_in_executor(executors.replies, server.dbt_projects.file, uri, folder, *named)
    return types.Location(path.as_uri(), _BEGINNING) if path is not None else None
