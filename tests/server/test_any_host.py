"""Whatever a document holds: what is said of its SQL is in order and in its place, and nothing raises."""

from hypothesis import given, settings
from lsprotocol import types

from speql_server.lsp import to_lsp_text
from speql_server.lsp.positions import LineIndex
from speql_server.lsp.semantic_tokens import semantic_tokens
from speql_server.lsp.to_lsp_lenses import code_lenses, lens_at
from speql_server.parts import parts_of
from speql_server.shown_hints import shown_hints
from speql_speculator.embedding.project import HostLanguage, project
from speql_speculator.navigating.folds import folds
from speql_speculator.navigating.made_tables import made_table
from speql_speculator.navigating.outline import outline
from speql_speculator.navigating.selections import selections
from speql_speculator.snapshot import Snapshot
from speql_sql import Catalog, Column, Span, Table

from ..speculator.embedding.test_projection import HOSTS

CATALOG = Catalog((Table("a", (Column("n", "INTEGER"),), row_count=1), Table("t", (Column("a", "DATE"),))), version="1")


@settings(max_examples=150)
@given(HOSTS)
def test_all_is_in_its_place(case: tuple[str, HostLanguage]) -> None:
    host, language = case
    projection = project(host, language)
    text = projection.sql if projection is not None else host
    snapshot = Snapshot("file:///any", 1, text, None, projection)
    parts = parts_of(snapshot)
    lines = LineIndex(host)

    line = character = end = 0
    data = semantic_tokens(parts, CATALOG, "utf-16")
    for at in range(0, len(data), 5):
        line, character = line + data[at], data[at + 1] + (0 if data[at] else character)
        start = lines.offset(line, character, "utf-16")
        assert end <= start
        end = lines.offset(line, character + data[at + 2], "utf-16")
        assert start < end
        assert "\n" not in host[start:end]
        masks = projection.pieces if projection is not None else ()
        for piece in masks:
            if piece.fragment.kind in ("mask", "removed"):
                assert not max(piece.host.start, start) < min(piece.host.end, end)

    for part in parts:
        for symbol in to_lsp_text.document_symbols(outline(part.text, CATALOG), part, "utf-16"):
            _check(symbol)
        for offset in range(0, len(part.text) + 1, 7):
            found = to_lsp_text.selection_range(selections(part.text, offset, CATALOG), part, "utf-16")
            while found.parent is not None:
                assert _inside(found.range, found.parent.range)
                found = found.parent
            made_table([snapshot], 0, part.start + offset, CATALOG)
    for fold in to_lsp_text.folding_ranges([(part, folds(part.text, CATALOG)) for part in parts]):
        assert 0 <= fold.start_line < fold.end_line <= host.count("\n")
    for hint in shown_hints(parts, CATALOG, Span(0, len(text)), "utf-16"):
        assert hint.places
    for lens in code_lenses(parts, CATALOG, "utf-16"):
        if lens.data is not None:
            data_ = lens.data
            assert isinstance(data_, dict)
            assert lens_at(snapshot, data_["offset"], data_["kind"], CATALOG) is not None


def _check(symbol: types.DocumentSymbol) -> None:
    assert _inside(symbol.selection_range, symbol.range)
    assert symbol.name
    for child in symbol.children or ():
        assert _inside(child.range, symbol.range)
        _check(child)


def _inside(inner: types.Range, outer: types.Range) -> bool:
    return outer.start <= inner.start <= inner.end <= outer.end
