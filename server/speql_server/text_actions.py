"""What a client is offered to do at a place: the repair of the statement there, and rewritings of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified

from speql_server.lsp.from_lsp import offset_of
from speql_sql import Span

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_server.documents import Edited
    from speql_server.session import Session
    from speql_speculator.rewriting.action import Action, ActionKind
    from speql_speculator.snapshot import Snapshot
    from speql_sql import Catalog

KINDS = (
    types.CodeActionKind.QuickFix,
    types.CodeActionKind.RefactorRewrite,
    types.CodeActionKind.RefactorExtract,
    types.CodeActionKind.RefactorInline,
)


async def offered_actions(server: "SpeqlServer", params: types.CodeActionParams) -> list[types.CodeAction] | None:
    """The actions at a range, of the kinds that the client wants; each holds its edits, for exactly this version.

    None for a document that is not open, and for clients that know commands only. A rewriting is offered if the engine
    gives its result the same columns.
    """
    capabilities, uri = server.client_capabilities, params.text_document.uri
    asked = capabilities.text_document.code_action if capabilities.text_document is not None else None
    found = await server.session(uri)
    if found is None or asked is None or asked.code_action_literal_support is None:
        return None
    session, edited = found
    places = [offset_of(edited.snapshot, edge, server.encoding) for edge in (params.range.start, params.range.end)]
    inside = sorted(place for place in places if place is not None)
    if len(inside) < len(places):
        return []
    span, kinds = Span(inside[0], inside[-1]), wanted_kinds(params.context)
    offered: list[types.CodeAction] = []
    if "quickfix" in kinds:
        offered += await _repairs(server, session, edited, span, params.context.diagnostics)
    if kinds and edited.snapshot.projection is None:
        offered += await _rewritings(server, session, edited, span, kinds, params.context.diagnostics)
    newest = server.documents.get(uri)
    if newest is None or newest.snapshot.text != edited.snapshot.text:
        raise JsonRpcContentModified("The text has changed since it was asked about.")
    return offered


def wanted_kinds(context: types.CodeActionContext) -> "set[ActionKind]":
    """The kinds of actions that a client wants; what it asks for of itself, as the cursor moves, are quick fixes."""
    kinds: tuple[ActionKind, ...] = ("quickfix", "refactor.rewrite", "refactor.extract", "refactor.inline")
    if context.only:
        only = [kind.value if isinstance(kind, types.CodeActionKind) else kind for kind in context.only]
        return {kind for kind in kinds if any(one in ("", kind) or kind.startswith(f"{one}.") for one in only)}
    return {"quickfix"} if context.trigger_kind == types.CodeActionTriggerKind.Automatic else set(kinds)


async def _repairs(
    server: "SpeqlServer",
    session: "Session",
    edited: "Edited",
    span: Span,
    diagnostics: Sequence[types.Diagnostic],
) -> list[types.CodeAction]:
    """The repair of the statement at a place, if it has one that can be written there."""
    analysis = await session.repaired_at(edited, span)
    if analysis is None or analysis.statement is None or not analysis.edits:
        return []
    from speql_server.lsp.to_lsp import SOURCE, repair_edit  # which the session has imported long ago

    edit = repair_edit(analysis, server.encoding)
    if edit is None:
        return []
    reasons = [one.reason for one in analysis.edits if not analysis.is_predicted(one)]
    what = f": {reasons[0]}" if len(reasons) == 1 else f" ({len(reasons)} changes)"
    action = types.CodeAction(
        title=f"Accept the repair{what}",
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[one for one in diagnostics if one.source == SOURCE] or None,
        is_preferred=len(reasons) == 1 or None,
        edit=_for_client(server, edit, edited),
    )
    return [action]


async def _rewritings(
    server: "SpeqlServer",
    session: "Session",
    edited: "Edited",
    span: Span,
    kinds: "set[ActionKind]",
    diagnostics: Sequence[types.Diagnostic],
) -> list[types.CodeAction]:
    """The rewritings of the statement at a place that the engine has no objection to."""

    def read(snapshot: "Snapshot", catalog: "Catalog") -> "list[tuple[Action, types.WorkspaceEdit]]":
        from speql_server.lsp import to_lsp_text
        from speql_speculator.rewriting.code_actions import code_actions

        text = snapshot.text
        return [
            (
                action,
                to_lsp_text.versioned_edit(
                    to_lsp_text.text_edits(action.edits, text, server.encoding), snapshot.uri, snapshot.version
                ),
            )
            for action in code_actions(text, span, catalog, kinds)
        ]

    from speql_server.lsp.to_lsp import SOURCE

    offered: list[types.CodeAction] = []
    for action, edit in await session.read(edited, read):
        if action.same_rows and not await session.same_columns(*_statement(edited.snapshot.text, action)):
            continue
        fixed = [one for one in diagnostics if one.source == SOURCE and one.code in action.fixes]
        offered.append(
            types.CodeAction(
                title=action.title,
                kind=types.CodeActionKind(action.kind),
                diagnostics=fixed or None,
                edit=_for_client(server, edit, edited),
            )
        )
    return offered


def _statement(text: str, action: "Action") -> tuple[str, str]:
    """The statement that an action is about, before and after it."""
    from speql_speculator.edits import apply_edits

    after = apply_edits(text, action.edits)
    end = action.statement.end + len(after) - len(text)
    return action.statement.of(text), after[action.statement.start : end]


def _for_client(server: "SpeqlServer", edit: types.WorkspaceEdit, edited: "Edited") -> types.WorkspaceEdit:
    """An edit as the client can read it: not all know versions of documents."""
    workspace = server.client_capabilities.workspace
    known = workspace.workspace_edit if workspace is not None else None
    if known is not None and known.document_changes:
        return edit
    edits: list[Any] = [
        one
        for change in edit.document_changes or ()
        if isinstance(change, types.TextDocumentEdit)
        for one in change.edits
    ]
    return types.WorkspaceEdit(changes={edited.snapshot.uri: edits})
