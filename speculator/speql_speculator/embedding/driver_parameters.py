"""Places for values in the SQL of a program, as Python's drivers write them."""

from itertools import pairwise

from speql_speculator.tokens import tokenize


def has_driver_parameters(text: str, dialect: str) -> bool:
    """Whether a statement has ``%s``, ``%(name)s`` or ``:name``: a driver puts values there, the engine knows none.

    >>> [has_driver_parameters(text, "postgres") for text in ("SELECT a = %s", "SELECT :b", "SELECT a % s, b::int")]
    [True, True, False]
    """
    tokens = tokenize(text, dialect)
    for before, token in pairwise(tokens):
        glued = before.end == token.start
        if before.text == "%" and glued and (token.text == "s" or token.text == "("):
            return True
        if token.kind == "parameter" and token.text.startswith(":") and not glued:
            return True
    return False
