"""Each place of the SQL has a place in its host, and each edit of the SQL is an edit of the host, for any text."""

import ast
import itertools

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from speql_speculator.embedding.project import HostLanguage, project
from speql_speculator.embedding.projection import Projection
from speql_sql import Span

WORDS = st.sampled_from(
    ["SELECT ", "a", "'", '"', "\\", "\n", "{x}", "}}", "{{", "%", "é", "😀", "0", "7", "-- ", ";", "n"]
)
TEXTS = st.lists(WORDS, max_size=12).map("".join)
PREFIXES = st.sampled_from(["", "r", "f", "rf", "F", "u"])
QUOTES = st.sampled_from(["'", '"', "'''", '"""'])


@st.composite
def python_calls(draw: st.DrawFn) -> str:
    """A call with one or two literals of any kind: of text that Python may or may not take for one."""
    literals = [
        f"{draw(PREFIXES)}{(quote := draw(QUOTES))}{draw(TEXTS)}{quote}" for _ in range(draw(st.integers(1, 2)))
    ]
    between = draw(st.sampled_from([" ", "\n  ", ""]))
    return f"x = 1\nx = db.sql({between.join(literals)})\ny = 2\n"


TEMPLATE_WORDS = st.sampled_from(
    (
        *("SELECT ", "a", "\n", "{{ x }}", "{{ ref('t') }}", "{# c #}", "{% if x %}", "{% else %}", "{% endif %}", "{"),
        *("{% for c in d %}", "{% endfor %}", "{% set n = 5 %}", "{{ n }}", "'", "{% raw %}", "{% endraw %}", "}", "%"),
    )
)
TEMPLATES = st.lists(TEMPLATE_WORDS, max_size=10).map(lambda words: "SELECT {{ x }}" + "".join(words))
CELLS = st.tuples(
    st.sampled_from(["%%sql", "%%sql --save a", "%sql", "%%bigquery d\n", "y = 1\n%sql", "z = %sql", "%%speql -d f\n"]),
    TEXTS,
).map(" ".join)
HOSTS = st.one_of(
    st.tuples(python_calls(), st.just("python")),
    st.tuples(TEMPLATES, st.just("sql")),
    st.tuples(CELLS, st.just("python-cell")),
)


def with_masks(projection: Projection) -> str:
    """The SQL, each mask as it is written: what stands for it depends on the words around."""
    return "".join(
        piece.host.of(projection.host) if piece.fragment.kind == "mask" else piece.sql.of(projection.sql)
        for piece in projection.pieces
    )


def projected(host: str, language: HostLanguage) -> Projection:
    projection = project(host, language)
    assume(projection is not None)
    assert projection is not None
    return projection


@settings(max_examples=300, deadline=None)
@given(HOSTS)
def test_the_pieces_cover_each_region(case: tuple[str, HostLanguage]) -> None:
    projection = projected(*case)
    for region in projection.regions:
        pieces = [piece for piece in projection.pieces if region.host.start <= piece.host.start < region.host.end]
        assert "".join(piece.host.of(projection.host) for piece in pieces) == region.host.of(projection.host)
        assert "".join(piece.sql.of(projection.sql) for piece in pieces) == region.sql.of(projection.sql)
        for piece in pieces:
            if piece.verbatim:
                assert piece.host.of(projection.host) == piece.sql.of(projection.sql)


@settings(max_examples=300, deadline=None)
@given(HOSTS)
def test_each_offset_has_a_place_and_comes_back_from_it(case: tuple[str, HostLanguage]) -> None:
    projection = projected(*case)
    places = []
    for region in projection.regions:
        for offset in range(region.sql.start, region.sql.end + 1):
            place = projection.to_host(offset)
            places.append(place)
            assert region.host.start <= place <= region.host.end
            inside = any(piece.sql.start < offset < piece.sql.end and not piece.verbatim for piece in projection.pieces)
            if not inside:
                assert projection.to_sql(place) == offset
                assert projection.nearest(place) == offset
    assert places == sorted(places)


@settings(max_examples=1000, deadline=None)
@given(HOSTS, TEXTS, st.data())
def test_an_edit_of_the_sql_is_an_edit_of_the_host(
    case: tuple[str, HostLanguage], new_text: str, data: st.DataObject
) -> None:
    projection = projected(*case)
    assume(projection.regions)
    region = data.draw(st.sampled_from(projection.regions))
    start = data.draw(st.integers(region.sql.start, region.sql.end))
    end = data.draw(st.integers(start, min(region.sql.end, start + 6)))
    edits = projection.edits(Span(start, end), new_text)
    assume(edits is not None)
    assert edits is not None
    host = projection.host
    for edit in sorted(edits, key=lambda one: one.span, reverse=True):
        host = host[: edit.span.start] + edit.new_text + host[edit.span.end :]
    again = project(host, case[1])
    assert again is not None
    kept = projection.sql[:start] + projection.sql[end:]
    assume((kept + new_text).strip())  # white space alone is no SQL
    stand_ins = sum(len(mask.stand_in) for mask in projection.masks)
    written = sum(len(mask.source) for mask in projection.masks)
    assert len(with_masks(again)) == len(kept) - stand_ins + written + len(new_text)
    if not projection.masks and not again.masks:
        assert again.sql == projection.sql[:start] + new_text + projection.sql[end:]


def test_a_word_does_not_become_an_option_of_the_magic() -> None:
    projection = project("%%sql -- a comment", "python-cell")
    assert projection is not None
    assert projection.edits(Span(1, 1), "SELECT ") is None


def test_a_literal_that_becomes_empty_does_not_become_the_start_of_three_quotes() -> None:
    projection = project("db.sql('a'' ')", "python")
    assert projection is not None
    assert projection.sql == "a "
    assert projection.edits(Span(0, 1), "") is None
    assert projection.edits(Span(1, 2), "") is not None


@pytest.mark.parametrize("quote", ["'", '"', "'''", '"""'])
@pytest.mark.parametrize("prefix", ["", "f"])
@settings(max_examples=60, deadline=None)
@given(before=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=8), data=st.data())
def test_anything_can_be_written_in_a_literal_that_is_not_raw(
    quote: str, prefix: str, before: str, data: st.DataObject
) -> None:
    written = "".join({"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n"}.get(one, one) for one in before)
    if prefix:
        written = written.replace("{", "{{").replace("}", "}}")
    host = f"db.sql({prefix}{quote}{written}{quote})"
    projection = projected(host, "python")
    assert projection.sql == before
    start = data.draw(st.integers(0, len(before)))
    end = data.draw(st.integers(start, len(before)))
    new_text = data.draw(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=5))
    edits = projection.edits(Span(start, end), new_text)
    assert edits is not None
    for edit in sorted(edits, key=lambda one: one.span, reverse=True):
        host = host[: edit.span.start] + edit.new_text + host[edit.span.end :]
    assert projected(host, "python").sql == before[:start] + new_text + before[end:]


@settings(max_examples=500, deadline=None)
@given(python_calls())
def test_a_literal_says_what_python_says(host: str) -> None:
    try:
        tree = ast.parse(host)
    except (SyntaxError, ValueError):
        assume(False)
        return
    assert isinstance(tree.body[1], ast.Assign)
    call = tree.body[1].value
    assert isinstance(call, ast.Call)
    (argument,) = call.args
    projection = projected(host, "python")
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        assert projection.sql == argument.value
    elif isinstance(argument, ast.JoinedStr):
        values = [
            str(one.value) if isinstance(one, ast.Constant) else "{x}" if isinstance(one, ast.FormattedValue) else "?"
            for one in argument.values
        ]
        assert with_masks(projection) == "".join(values)


@settings(max_examples=300, deadline=None)
@given(HOSTS, st.integers(0, 80), st.integers(1, 80))
def test_stretches_are_what_the_host_writes_of_a_span(case: tuple[str, HostLanguage], start: int, length: int) -> None:
    projection = projected(*case)
    span = Span(min(start, len(projection.sql)), min(start + length, len(projection.sql)))
    stretches = projection.stretches(span)
    assert all(one.start < one.end for one in stretches)
    assert all(one.end < other.start for one, other in itertools.pairwise(stretches))
    wanted = [
        piece
        for piece in projection.pieces
        if piece.fragment.kind in ("verbatim", "escape")
        and max(piece.sql.start, span.start) < min(piece.sql.end, span.end)
    ]
    covered = {place for one in stretches for place in range(one.start, one.end)}
    assert covered <= {place for piece in wanted for place in range(piece.host.start, piece.host.end)}
    for piece in wanted:
        if piece.verbatim:
            inside = Span(max(piece.sql.start, span.start), min(piece.sql.end, span.end))
            shift = piece.host.start - piece.sql.start
            assert set(range(inside.start + shift, inside.end + shift)) <= covered
            assert Span(inside.start + shift, inside.end + shift).of(projection.host) == inside.of(projection.sql)
        else:
            assert set(range(piece.host.start, piece.host.end)) <= covered
