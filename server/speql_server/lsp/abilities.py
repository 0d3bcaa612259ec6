"""What the client says that it can do, as far as it changes what it is sent."""

from dataclasses import dataclass

from lsprotocol import types


@dataclass(frozen=True, slots=True)
class Abilities:
    """A client that says nothing can do nothing of this.

    ``pulls_diagnostics``: it asks for diagnostics, so none are pushed to it: it would show both. ``refreshes_...``: it
    asks again when it is told to.
    """

    pulls_diagnostics: bool = False
    refreshes_diagnostics: bool = False
    refreshes_hints: bool = False
    refreshes_lenses: bool = False
    related_information: bool = False
    code_descriptions: bool = False
    shows_progress: bool = False


def abilities_of(capabilities: types.ClientCapabilities) -> Abilities:
    """The abilities that a client has told of."""
    document, workspace = capabilities.text_document, capabilities.workspace
    pulled = document.diagnostic if document is not None else None
    pushed = document.publish_diagnostics if document is not None else None
    told = [one for one in (pulled, pushed) if one is not None]
    return Abilities(
        pulls_diagnostics=pulled is not None,
        refreshes_diagnostics=bool(workspace and workspace.diagnostics and workspace.diagnostics.refresh_support),
        refreshes_hints=bool(workspace and workspace.inlay_hint and workspace.inlay_hint.refresh_support),
        refreshes_lenses=bool(workspace and workspace.code_lens and workspace.code_lens.refresh_support),
        related_information=any(one.related_information for one in told),
        code_descriptions=any(one.code_description_support for one in told),
        shows_progress=bool(capabilities.window and capabilities.window.work_done_progress),
    )
