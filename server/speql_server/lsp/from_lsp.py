"""From the protocol's types to values of the rooms below. The only place where client positions are read."""

import re
from collections.abc import Sequence
from typing import Any, TypeVar, cast

import msgspec
from lsprotocol import types

from speql_engines.governed.settings import SpeculationSettings
from speql_server.lsp.completion_abilities import CompletionAbilities
from speql_server.lsp.positions import Encoding, line_index, remember
from speql_server.lsp.projected_lines import lines_of
from speql_server.notebooks import Cell
from speql_server.protocol import CursorMoved, LensData, Position
from speql_server.workspaces import Root, root_of
from speql_speculator.common_ends import common_ends
from speql_speculator.embedding.project import HostLanguage
from speql_speculator.snapshot import Snapshot
from speql_sql import SpeqlError

T = TypeVar("T")


class BadArgumentsError(SpeqlError):
    """A client sent arguments that do not fit the command."""


def encoding_of(kind: types.PositionEncodingKind | str | None) -> Encoding:
    """The negotiated unit of positions; UTF-16 where nothing was negotiated, as the protocol says."""
    name = kind.value if isinstance(kind, types.PositionEncodingKind) else kind
    return cast(Encoding, name) if name in ("utf-8", "utf-16", "utf-32") else "utf-16"


def snapshot_of(document: types.TextDocumentItem) -> Snapshot:
    """The snapshot of a document that is being opened; where its cursor is, is not known yet."""
    return Snapshot(document.uri, document.version, _clean(document.text))


def changed(
    snapshot: Snapshot,
    version: int,
    changes: Sequence[types.TextDocumentContentChangeEvent],
    encoding: Encoding,
) -> Snapshot:
    """The document after the changes, each of which applies to the text that the one before it left.

    The cursor is the end of the last change: where it is in most editors after an edit. Ranges outside the text are
    moved into it, and a range whose end is before its start is taken the other way round.
    """
    index, cursor = line_index(snapshot.text), snapshot.cursor
    for change in changes:
        new_text = _clean(change.text)
        if not isinstance(change, types.TextDocumentContentChangePartial):
            cursor = len(new_text) - common_ends(index.text, new_text)[1]
            index = line_index(new_text)
            continue
        start, end = sorted(
            index.offset(place.line, place.character, encoding) for place in (change.range.start, change.range.end)
        )
        index = index.edited(start, end, new_text)
        cursor = start + len(new_text)
    return Snapshot(snapshot.uri, version, remember(index).text, cursor)


def offset_of(snapshot: Snapshot, position: types.Position | Position, encoding: Encoding) -> int | None:
    """The offset in a snapshot's text of a client's position; None where the document holds something else than SQL."""
    return lines_of(snapshot).offset_inside(position.line, position.character, encoding)


def nearest_offset_of(snapshot: Snapshot, position: types.Position | Position, encoding: Encoding) -> int:
    """As `offset_of`; outside the SQL it is the nearest place before."""
    return lines_of(snapshot).offset(position.line, position.character, encoding)


def language_of(document: types.TextDocumentItem) -> HostLanguage:
    """What a document is in, by the client's name for it.

    Not all clients send notebooks as such: some open each cell, or all of them as one text, under the notebook's name.
    """
    of_notebook = document.uri.startswith("vscode-notebook-cell:") or ".ipynb" in document.uri
    return cell_language_of(document) if of_notebook else "python" if _is_python(document) else "sql"


def cell_language_of(document: types.TextDocumentItem) -> HostLanguage:
    """What a notebook's cell is in."""
    return "python-cell" if _is_python(document) else "sql"


def cell_of(cell: types.NotebookCell) -> Cell:
    """A cell of a notebook."""
    return Cell(cell.document, cell.kind == types.NotebookCellKind.Code)


def completion_abilities(client: types.ClientCapabilities) -> CompletionAbilities:
    """What a client can do with completions."""
    document = client.text_document
    completion = document.completion if document is not None else None
    item = completion.completion_item if completion is not None else None
    items = completion.completion_list if completion is not None else None
    return CompletionAbilities(
        snippets=bool(item and item.snippet_support),
        insert_replace=bool(item and item.insert_replace_support),
        label_details=bool(item and item.label_details_support),
        item_defaults=frozenset((items.item_defaults or ()) if items is not None else ()),
    )


def offered_item(item: types.CompletionItem) -> tuple[int, int] | None:
    """Which item of which list a client asks about; None if it is not one of ours."""
    data = item.data
    if not isinstance(data, Sequence) or len(data) != 2 or not all(type(part) is int for part in data):
        return None
    number, index = data
    return number, index


def _is_python(document: types.TextDocumentItem) -> bool:
    return document.language_id.lower() in ("python", "ipython")


def roots_of(params: types.InitializeParams) -> list[Root]:
    """The client's folders; of a client that knows none, its one folder."""
    uris = [folder.uri for folder in params.workspace_folders or ()]
    if not uris and params.root_uri:
        uris = [params.root_uri]
    return [root_of(uri) for uri in uris]


def cursor_of(params: Any) -> CursorMoved:
    """The parameters of ``speql/cursor``."""
    return converted_params(params, CursorMoved, "speql/cursor")


def place_arguments(arguments: Sequence[Any], command: str) -> tuple[str, Position | None]:
    """``[uri]`` or ``[uri, position]``."""
    uri, position, *_ = [*arguments, None, None]
    place = None if position is None else converted_params(position, Position, command)
    return converted_params(uri, str, command), place


def accept_repair_arguments(arguments: Sequence[Any]) -> tuple[str, int | None]:
    """``[uri]`` or ``[uri, version]``."""
    uri, version, *_ = [*arguments, None, None]
    number = None if version is None else converted_params(version, int, "speql.acceptRepair")
    return converted_params(uri, str, "speql.acceptRepair"), number


def preview_arguments(arguments: Sequence[Any]) -> tuple[str, Position]:
    """``[uri, position]``."""
    uri, position, *_ = [*arguments, None, None]
    return converted_params(uri, str, "speql.preview"), converted_params(position, Position, "speql.preview")


def lens_data(data: Any) -> LensData | None:
    """What a code lens carries; None if it is none of ours, or says all already."""
    try:
        return msgspec.convert(data, LensData)
    except msgspec.ValidationError:
        return None


def select_connection_arguments(arguments: Sequence[Any]) -> tuple[str, str | None]:
    """``[uri]`` or ``[uri, name]``."""
    uri, name, *_ = [*arguments, None, None]
    chosen = None if name is None else converted_params(name, str, "speql.selectConnection")
    return converted_params(uri, str, "speql.selectConnection"), chosen


def set_speculation_arguments(arguments: Sequence[Any]) -> tuple[str, bool, SpeculationSettings | None]:
    """``[uri]`` only asks; ``[uri, settings]`` says what may be spent, and settings of null what the client's say."""
    uri = converted_params(arguments[0] if arguments else None, str, "speql.setSpeculation")
    if len(arguments) < 2:
        return uri, False, None
    given = arguments[1]
    return uri, True, None if given is None else converted_params(given, SpeculationSettings, "speql.setSpeculation")


def cancel_arguments(arguments: Sequence[Any]) -> str | None:
    """``[]`` or ``[uri]``."""
    return converted_params(arguments[0], str, "speql.cancel") if arguments and arguments[0] is not None else None


def field_of(params: Any, name: str) -> Any:
    """A field of parameters that have no declared type; None if it is not there."""
    return params.get(name) if isinstance(params, dict) else getattr(params, name, None)


def converted_params(value: Any, kind: type[T], name: str) -> T:
    """Parameters as their type; `BadArgumentsError` if they do not fit it."""
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:  # the second for lone surrogates
        reason = error if isinstance(error, msgspec.ValidationError) else "Expected Unicode"
        raise BadArgumentsError(
            f"The arguments of {name} do not fit: {reason}.", "See docs/language-server.md for what it takes."
        ) from error


def _clean(text: str) -> str:
    """The text without lone surrogates, which JSON can carry and no engine accepts; no position changes by it."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


_SURROGATE = re.compile("[\ud800-\udfff]")
