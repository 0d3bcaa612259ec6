"""The statement that is being written at a place of a document."""

from speql_speculator.statements import split_statements, statement_at
from speql_speculator.tokens import tokenize


def statement_around(text: str, offset: int, dialect: str) -> tuple[int, str]:
    """Where the statement that is being written at the offset starts, and its text.

    Behind a semicolon and before the first statement that text has no words.
    """
    statements = split_statements(text, dialect)
    statement = statement_at(statements, offset)
    if statement is None or offset < statement.span.start:
        # Before the first statement are comments at most: a cursor in one is not a place for names.
        return 0, text[: statement.span.start if statement is not None else len(text)]
    later = next((other.span.start for other in statements if other.span.start > statement.span.start), len(text))
    rest = text[statement.span.end : later]
    # Comments behind a statement are not part of it, but a cursor in one is not a place for names.
    end = statement.span.end
    for token in tokenize(rest, dialect):
        if token.text == ";":
            if statement.span.end + token.end <= offset:
                return statement.span.end + token.end, text[statement.span.end + token.end : later]
            return statement.span.start, text[statement.span.start : statement.span.end + token.start]
    end = max(end, offset if offset <= later else end)
    tail = text[end : text.find("\n", end)] if "\n" in text[end:later] else text[end:later]
    return statement.span.start, text[statement.span.start : end] + tail
