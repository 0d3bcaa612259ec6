"""The language server's features: one message or command of the protocol, one file, one ``register`` function."""

from typing import TYPE_CHECKING

from speql_server.features import (
    accept_repair,
    cancel,
    completion,
    completion_resolve,
    cursor,
    definition,
    did_change,
    did_close,
    did_open,
    document_highlight,
    document_symbol,
    folding_range,
    hover,
    initialize,
    initialized,
    inline_completion,
    notebook_did_change,
    notebook_did_close,
    notebook_did_open,
    notebook_did_save,
    prepare_rename,
    references,
    rename,
    selection_range,
    semantic_tokens_delta,
    semantic_tokens_full,
    semantic_tokens_range,
    shutdown,
    signature_help,
    submit,
)

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer

_FEATURES = (
    initialize,
    initialized,
    shutdown,
    did_open,
    did_change,
    did_close,
    notebook_did_open,
    notebook_did_change,
    notebook_did_save,
    notebook_did_close,
    cursor,
    completion,
    completion_resolve,
    inline_completion,
    submit,
    cancel,
    accept_repair,
    definition,
    references,
    document_highlight,
    prepare_rename,
    rename,
    document_symbol,
    folding_range,
    selection_range,
    semantic_tokens_full,
    semantic_tokens_delta,
    semantic_tokens_range,
    hover,
    signature_help,
)


def register_features(server: "SpeqlServer") -> None:
    """Register every feature with a server."""
    for feature in _FEATURES:
        feature.register(server)
