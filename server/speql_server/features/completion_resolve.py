"""``completionItem/resolve``: what is known of a proposal that the user looks at."""

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from speql_server.lsp.from_lsp import offered_item

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer


def register(server: "SpeqlServer") -> None:
    """Register the handler."""

    @server.feature(types.COMPLETION_ITEM_RESOLVE)
    async def completion_resolve(item: types.CompletionItem) -> types.CompletionItem:
        executors = await server.ready()
        place = offered_item(item)
        proposal = server.offered(*place) if place is not None else None
        if proposal is None:
            return item
        from speql_speculator.completing.documentation import documentation  # with the rooms below

        said = await asyncio.get_running_loop().run_in_executor(executors.replies, documentation, proposal)
        if said:
            item.documentation = types.MarkupContent(types.MarkupKind.Markdown, said)
        return item
