"""DuckDB reads the tokens that are certain, in texts that are put together from what is hard to read."""

import random

import duckdb

from speql_sql.strict_tokens import strict_tokens

PIECES = [
    *(
        "'",
        "''",
        '"',
        '""',
        "--",
        "/*",
        "*/",
        "\n",
        "\t",
        " ",
        "a",
        "e",
        "b",
        "E'",
        "N'",
        "U&'",
        "$$",
        "$a$",
        "$1",
        "1",
    ),
    *(".", "\\", "'\\'", "e'\\''", "''''", "*", "/", "-", "(", ")", "#", "@", ";", "{", "}", "[", "]", "::", ",", "+"),
    *("a1", "_", "SELECT ", "x'", "\u00e4", "\u00a0", "\u017f", "\r\n", "\r"),
]


def test_what_is_certain_duckdb_reads_alike() -> None:
    dice = random.Random(8)
    certain = 0
    for _ in range(6_000):
        text = "SELECT " + "".join(dice.choice(PIECES) for _ in range(dice.randint(1, 9)))
        reading = strict_tokens(text, "duckdb")
        if reading.doubt or not text.isascii():
            continue  # offsets of DuckDB's are of bytes
        certain += 1
        found = duckdb.tokenize(text)
        starts = {start for start, kind in found if kind != duckdb.token_type.comment}
        comments = {start for start, kind in found if kind == duckdb.token_type.comment}
        # Several marks may be one operator of DuckDB's, and an operator begins where a comment does if there is none.
        assert starts - comments <= {token.start for token in reading.tokens}, text
        assert not any(token.start < at < token.end for token in reading.tokens for at in comments), text
        quoted = {token.start for token in reading.tokens if token.kind == "string"}
        assert {at for at, kind in found if kind == duckdb.token_type.string_const} <= quoted | {
            token.start for token in reading.tokens if token.kind == "name"
        }, text
    assert certain > 1_000
