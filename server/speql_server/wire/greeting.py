"""The answer to ``initialize``, given before the language server library is imported."""

import json
import os
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from speql_server.lsp.token_legend import MODIFIERS, TYPE_NAMES

_ENCODINGS = ("utf-8", "utf-16", "utf-32")

_MOST_BYTES = 2**28
"""A first message that is announced as longer is not waited for."""

_CAPABILITIES: dict[str, Any] = {
    "textDocumentSync": {"openClose": True, "change": 2, "save": False},
    "completionProvider": {"triggerCharacters": [".", "'", '"', "`", " ", "("], "resolveProvider": True},
    "hoverProvider": True,
    "signatureHelpProvider": {"triggerCharacters": ["(", ","], "retriggerCharacters": [")"]},
    "definitionProvider": True,
    "referencesProvider": True,
    "documentHighlightProvider": True,
    "documentSymbolProvider": True,
    "documentFormattingProvider": True,
    "documentRangeFormattingProvider": True,
    "codeActionProvider": {
        "codeActionKinds": ["quickfix", "refactor.rewrite", "refactor.extract", "refactor.inline"],
    },
    "foldingRangeProvider": True,
    "selectionRangeProvider": True,
    "semanticTokensProvider": {
        "legend": {"tokenTypes": TYPE_NAMES, "tokenModifiers": list(MODIFIERS)},
        "full": {"delta": True},
        "range": True,
    },
    "inlineCompletionProvider": {},
    "executeCommandProvider": {
        "commands": [
            "speql.submit",
            "speql.cancel",
            "speql.acceptRepair",
            "speql.selectConnection",
            "speql.explain",
            "speql.pause",
            "speql.setSpeculation",
            "speql.profile",
            "speql.chart",
            "speql.columns",
            "speql.schema",
            "speql.sample",
            "speql.export",
            "speql.preview",
        ]
    },
    "inlayHintProvider": {"resolveProvider": False},
    "codeLensProvider": {"resolveProvider": True},
    "diagnosticProvider": {"identifier": "speql", "interFileDependencies": False, "workspaceDiagnostics": False},
    "workspace": {
        "workspaceFolders": {"supported": True, "changeNotifications": True},
        "fileOperations": {},
    },
}

_NOTEBOOKS = {
    "notebookSelector": [
        {"notebook": {"notebookType": kind}, "cells": [{"language": "sql"}, {"language": "python"}]}
        for kind in ("jupyter-notebook", "interactive")
    ],
    "save": True,
}


@dataclass(frozen=True, slots=True)
class Greeting:
    """What was read from the client so far, all of which is still to be handled, and the request answered already."""

    received: bytes = b""
    answered: object = None


def greet(descriptor: int, output: int) -> Greeting:
    """Read the client's first message; if it is ``initialize``, answer it at once.

    Importing pygls and the types of the protocol takes half a second, and editors do nothing until ``initialize`` is
    answered. All that the answer needs is known before: our capabilities are fixed, and of the client's only the
    position encodings matter, and whether it tells of notebooks. pygls then handles the same message as if nothing had
    happened, and its own answer is dropped (`transport.py`). A test compares the two.

    Anything else than a well-formed ``initialize`` is left for pygls to deal with.
    """
    received = b""
    while (end := _end_of_message(received)) is None:
        data = os.read(descriptor, 65_536)
        if not data:
            return Greeting(received)
        received += data
    try:
        message = json.loads(received[end[0] : end[1]])
    except ValueError:
        return Greeting(received)
    if not isinstance(message, dict) or message.get("method") != "initialize" or "id" not in message:
        return Greeting(received)
    params = message.get("params")
    if not isinstance(params, dict) or not isinstance(params.get("capabilities"), dict):
        return Greeting(received)
    body = json.dumps({"id": message["id"], "jsonrpc": "2.0", "result": initialize_result(params)}).encode()
    data = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    while data:
        data = data[os.write(output, data) :]
    return Greeting(received, message["id"])


def initialize_result(params: dict[str, Any]) -> dict[str, Any]:
    """The result of ``initialize`` for these parameters."""
    general = params["capabilities"].get("general")
    offered = general.get("positionEncodings") if isinstance(general, dict) else None
    offered = offered if isinstance(offered, list) else []
    encoding = next((name for name in offered if name in _ENCODINGS), "utf-16")
    # The protocol lets only those clients know of preparing that say that they can do it.
    document = params["capabilities"].get("textDocument")
    rename = document.get("rename") if isinstance(document, dict) else None
    prepares = isinstance(rename, dict) and rename.get("prepareSupport") is True
    renaming = {"prepareProvider": True} if prepares else True
    notebooks = params["capabilities"].get("notebookDocument")
    synchronized = {"notebookDocumentSync": _NOTEBOOKS} if notebooks is not None else {}
    return {
        "capabilities": {
            "positionEncoding": encoding,
            "renameProvider": renaming,
            **_CAPABILITIES,
            **synchronized,
        },
        "serverInfo": {"name": "speql", "version": version("speql")},
    }


def _end_of_message(received: bytes) -> tuple[int, int] | None:
    """Where the body of the first message starts and ends, once it is there. Nonsense ends where it stands."""
    header_end = received.find(b"\r\n\r\n")
    if header_end < 0:
        return None if len(received) < 65_536 else (0, len(received))
    for line in received[:header_end].split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and value.strip().isdigit():
            start = header_end + 4
            end = start + int(value[:18])
            if end > _MOST_BYTES:
                break
            return (start, end) if len(received) >= end else None
    return (0, len(received))
