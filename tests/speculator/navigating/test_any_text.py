"""Nothing raises on any text, and all that is said of a text lies in it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from speql_speculator.navigating.calls import call_at
from speql_speculator.navigating.folds import folds
from speql_speculator.navigating.hovering import hover
from speql_speculator.navigating.outline import OutlineItem, outline
from speql_speculator.navigating.places import definition, places
from speql_speculator.navigating.renaming import rename
from speql_speculator.navigating.selections import selections
from speql_speculator.navigating.token_kinds import token_kinds

from ..conftest import FIXTURES, read_queries
from .test_places import CATALOG

WHOLE = [text for name in ("flights", "shop") for _, text in read_queries(FIXTURES / f"queries_{name}.sql")]
PIECES = [
    "(",
    ")",
    "'",
    '"',
    ",",
    ".",
    ";",
    "/*",
    "--",
    "\n",
    "SELECT ",
    "FROM ",
    "WITH x AS (",
    "é😀",
    "AS ",
    "*",
    "{",
    "[",
]


@st.composite
def broken_texts(draw: st.DrawFn) -> str:
    """A query with a few pieces cut out and a few put in."""
    text = draw(st.sampled_from(WHOLE))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 30)))
        text = text[:start] + draw(st.sampled_from([*PIECES, ""])) + text[end:]
    return text


@settings(max_examples=150, deadline=None)
@given(broken_texts(), st.floats(0, 1))
def test_any_text_is_answered_within_it(text: str, where: float) -> None:
    offset = int(where * len(text))
    for place in places(text, offset, CATALOG):
        assert place.span.of(text).strip()
    definition(text, offset, CATALOG)
    hover(text, offset, CATALOG)
    call_at(text, offset)
    rename(text, offset, "other", CATALOG)
    for fold in folds(text, CATALOG):
        assert 0 <= fold.span.start < fold.span.end <= len(text)
    found = selections(text, offset, CATALOG)
    assert found[-1].of(text) == text
    position = 0
    for one in token_kinds(text, CATALOG):
        assert position <= one.span.start < one.span.end <= len(text)
        position = one.span.end
    _check(outline(text, CATALOG), 0, len(text))


def _check(items: tuple[OutlineItem, ...], start: int, end: int) -> None:
    for item in items:
        assert start <= item.span.start <= item.name_span.start <= item.name_span.end <= item.span.end <= end
        _check(item.children, item.span.start, item.span.end)
