"""From proposals to the protocol's completion items. As in `to_lsp.py`, client positions are written here."""

from lsprotocol import types

from speql_server.lsp.completion_abilities import CompletionAbilities
from speql_server.lsp.positions import Encoding, LineIndex
from speql_server.lsp.projected_lines import lines_of
from speql_server.lsp.to_lsp import text_edits
from speql_speculator.completing.completion import Completions
from speql_speculator.completing.proposal import Proposal, ProposalKind
from speql_speculator.snapshot import Snapshot
from speql_sql import Span

_KINDS: dict[ProposalKind, types.CompletionItemKind] = {
    "table": types.CompletionItemKind.Class,
    "view": types.CompletionItemKind.Interface,
    "schema": types.CompletionItemKind.Module,
    "column": types.CompletionItemKind.Field,
    "cte": types.CompletionItemKind.Struct,
    "alias": types.CompletionItemKind.Variable,
    "keyword": types.CompletionItemKind.Keyword,
    "function": types.CompletionItemKind.Function,
    "condition": types.CompletionItemKind.Reference,
    "value": types.CompletionItemKind.Value,
    "type": types.CompletionItemKind.TypeParameter,
    "expression": types.CompletionItemKind.Property,
    "window": types.CompletionItemKind.Variable,
    "snippet": types.CompletionItemKind.Snippet,
}

Place = types.Range | types.EditRangeWithInsertReplace


def completion_list(
    found: Completions, number: int, snapshot: Snapshot, abilities: CompletionAbilities, encoding: Encoding
) -> types.CompletionList:
    """The list with the number ``number``, in the order of its proposals; ``found`` has offsets of the snapshot.

    What all items have in common is said once, for clients that understand that. In a document that holds SQL in
    something else each item is written by the rules of its place; those that cannot be written there are left out.
    """
    lines = lines_of(snapshot)
    place = _place(found, lines, abilities, encoding) if snapshot.projection is None else None
    shared = "editRange" in abilities.item_defaults and place is not None
    items = []
    for index, proposal in enumerate(found.proposals):
        item = _item(proposal, index, found, abilities)
        item.data = [number, index]
        if place is None:
            edits = text_edits(found.span, proposal.text, lines, encoding)
            if not edits:
                continue
            item.text_edit, item.additional_text_edits = edits[0], edits[1:] or None
        else:
            text = _text(proposal, item, abilities)
            if not shared:
                item.text_edit = _edit(place, text)
            elif text != proposal.label:
                item.text_edit_text = text
        items.append(item)
    defaults = types.CompletionItemDefaults(edit_range=place) if shared and items else None
    return types.CompletionList(is_incomplete=found.incomplete, items=items, item_defaults=defaults)


def _item(proposal: Proposal, index: int, found: Completions, abilities: CompletionAbilities) -> types.CompletionItem:
    # What an editor compares is the word as it stands, with its quote.
    filter_text = proposal.text if found.mark == "'" else found.mark + proposal.compared
    item = types.CompletionItem(
        label=proposal.label,
        kind=_KINDS[proposal.kind],
        sort_text=f"{index:03}",
        filter_text=filter_text if filter_text != proposal.label else None,
    )
    if abilities.label_details:
        if proposal.detail or proposal.description:
            item.label_details = types.CompletionItemLabelDetails(
                detail=proposal.detail or None, description=proposal.description or None
            )
    else:
        item.detail = " ".join(filter(None, (proposal.detail.strip(), proposal.description))) or None
    return item


def _text(proposal: Proposal, item: types.CompletionItem, abilities: CompletionAbilities) -> str:
    if proposal.snippet and abilities.snippets:
        item.insert_text_format = types.InsertTextFormat.Snippet
        return proposal.snippet
    return proposal.text


def _place(found: Completions, lines: LineIndex, abilities: CompletionAbilities, encoding: Encoding) -> Place:
    """What an accepted item replaces."""
    replaced = _range(found.span, lines, encoding)
    if not abilities.insert_replace or found.insert_end == found.span.end:
        return replaced
    inserted = _range(Span(found.span.start, found.insert_end), lines, encoding)
    return types.EditRangeWithInsertReplace(insert=inserted, replace=replaced)


def _edit(place: Place, text: str) -> types.TextEdit | types.InsertReplaceEdit:
    if isinstance(place, types.Range):
        return types.TextEdit(place, text)
    return types.InsertReplaceEdit(text, place.insert, place.replace)


def _range(span: Span, lines: LineIndex, encoding: Encoding) -> types.Range:
    start, end = lines.range(span, encoding)
    return types.Range(types.Position(*start), types.Position(*end))
