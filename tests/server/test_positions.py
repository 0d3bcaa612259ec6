"""Places as tables: a text, a code-point offset, and (line, character) in UTF-8, UTF-16 and UTF-32."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speql_server.lsp.positions import Encoding, LineIndex

ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)

PLACES = [
    ("", 0, (0, 0), (0, 0), (0, 0)),
    ("abc", 2, (0, 2), (0, 2), (0, 2)),
    ("é=1", 1, (0, 2), (0, 1), (0, 1)),
    ("😀=1", 1, (0, 4), (0, 2), (0, 1)),
    ("e\u0301x", 2, (0, 3), (0, 2), (0, 2)),  # e and a combining acute accent
    ("👩‍👧x", 3, (0, 11), (0, 5), (0, 3)),  # two people and a joiner
    ("a\n😀b", 3, (1, 4), (1, 2), (1, 1)),
    ("a\r\nb", 3, (1, 0), (1, 0), (1, 0)),
    ("a\r\nb", 1, (0, 1), (0, 1), (0, 1)),
    ("a\rb", 2, (1, 0), (1, 0), (1, 0)),
    ("a\n\nb", 2, (1, 0), (1, 0), (1, 0)),
    ("a\n", 2, (1, 0), (1, 0), (1, 0)),
    ("a\u2028b\x0cc\x85d", 6, (0, 9), (0, 6), (0, 6)),  # no line breaks, whatever str.splitlines says
    ("\ufeffa", 1, (0, 3), (0, 1), (0, 1)),
]


@pytest.mark.parametrize(("text", "offset", "utf8", "utf16", "utf32"), PLACES)
def test_a_place_both_ways(
    text: str, offset: int, utf8: tuple[int, int], utf16: tuple[int, int], utf32: tuple[int, int]
) -> None:
    index = LineIndex(text)
    for encoding, place in zip(ENCODINGS, (utf8, utf16, utf32), strict=True):
        assert index.position(offset, encoding) == place
        assert index.offset(*place, encoding) == offset


@pytest.mark.parametrize(
    ("text", "line", "character", "expected"),
    [
        ("ab\r\ncd", 0, 99, 2),  # beyond the line: its end, before the line break
        ("ab\ncd", 0, 3, 2),
        ("ab\ncd", 9, 0, 5),  # beyond the last line: the end of the text
        ("ab", -1, 5, 0),
        ("ab", 0, -1, 0),
        ("😀b", 0, 1, 0),  # in the middle of a code point: its start
        ("\r\n", 0, 5, 0),
    ],
)
def test_places_outside_the_text_are_moved_into_it(text: str, line: int, character: int, expected: int) -> None:
    assert LineIndex(text).offset(line, character, "utf-16") == expected


TEXTS = st.text(alphabet=st.sampled_from("ab\r\n\té😀\u0301\u2028\ufeff"))


@given(TEXTS, st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), TEXTS), min_size=1, max_size=8))
def test_an_edited_index_is_the_index_of_the_edited_text(text: str, edits: list[tuple[float, float, str]]) -> None:
    index = LineIndex(text)
    for place, length, inserted in edits:
        start = int(place * len(text))
        end = start + int(length * (len(text) - start))
        text = text[:start] + inserted + text[end:]
        index = index.edited(start, end, inserted)
        fresh = LineIndex(text)
        assert index.text == text
        places = [fresh.position(offset, "utf-32") for offset in range(len(text) + 1)]
        assert [index.position(offset, "utf-32") for offset in range(len(text) + 1)] == places
        lines = range(places[-1][0] + 2)
        assert [index.offset(line, 99, "utf-16") for line in lines] == [
            fresh.offset(line, 99, "utf-16") for line in lines
        ]


@given(TEXTS, st.sampled_from(ENCODINGS))
def test_every_offset_comes_back(text: str, encoding: Encoding) -> None:
    index = LineIndex(text)
    for offset in range(len(text) + 1):
        inside_line_break = text[offset - 1 : offset + 1] == "\r\n" and offset > 0
        if not inside_line_break:
            assert index.offset(*index.position(offset, encoding), encoding) == offset
