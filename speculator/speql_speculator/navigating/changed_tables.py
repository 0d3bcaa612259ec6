"""Which table a statement changes, so that what is wrong with another one now may be right once it has been run."""

from collections.abc import Sequence

from speql_speculator.navigating.made_names import made_names
from speql_speculator.navigating.made_tables import made_by
from speql_speculator.tokens import Token, tokenize
from speql_sql import Catalog


def awaited_change(statement: str, catalog: Catalog) -> str:
    """The folded name of the table that a statement changes and that is not yet as it leaves it; else empty.

    Of what the catalog does not tell, such as indexes and constraints, it is not known whether it has been made.

    >>> awaited_change("CREATE UNIQUE INDEX i ON sales (id)", Catalog(()))
    'sales'
    """
    if statement[:6].upper().rstrip() not in _CHANGE:
        return ""
    tokens = [token for token in tokenize(statement, catalog.dialect) if token.kind != "end"]
    words = [token.upper for token in tokens]
    if words[0] == "CREATE" and "INDEX" in words[:4]:
        return _name_at(tokens, words.index("ON") + 1) if "ON" in words[:-1] else ""
    if words[0] == "CREATE":
        name = made_by(statement, catalog.dialect)
        return name if name and not _is_made(name, statement, catalog) else ""
    name = _name_at(tokens, 2)
    if words[1:2] not in (["TABLE"], ["VIEW"]) or not name:
        return ""
    found = catalog.find(name)
    if words[0] == "DROP":
        return name if found is not None else ""
    columns = set(found.columns_by_name) if found is not None else set[str]()
    return "" if _is_altered(tokens, words, columns) else name


_CHANGE = frozenset({"CREATE", "ALTER", "DROP"})
_NO_COLUMNS = frozenset({"primary", "unique", "check", "foreign", "constraint", "like", "exclude"})
"""Words that an element of a list of columns begins with, which is none."""


def _is_made(name: str, statement: str, catalog: Catalog) -> bool:
    """Whether the catalog has a table with just the columns that a statement gives it."""
    found = catalog.find(name)
    listed = {made.name for made in made_names(statement, catalog) if made.table}
    columns = set(found.columns_by_name) if found is not None else set[str]()
    return bool(columns) and columns <= listed and listed - columns <= _NO_COLUMNS


def _is_altered(tokens: Sequence[Token], words: Sequence[str], columns: set[str]) -> bool:
    """Whether the columns of a table are as ALTER leaves them, where that changes no more than which there are."""
    if "RENAME" in words and "TO" in words[:-1]:
        return tokens[words.index("TO") + 1].name.lower() in columns
    for word, there in (("ADD", True), ("DROP", False)):
        if word in words[:-1]:
            at = words.index(word) + 1
            at += at < len(words) and words[at] == "COLUMN"
            at += (
                3
                if words[at : at + 3] == ["IF", "NOT", "EXISTS"]
                else 2
                if words[at : at + 2] == ["IF", "EXISTS"]
                else 0
            )
            name = tokens[at].name.lower() if at < len(tokens) else ""
            return name not in _NO_COLUMNS and (name in columns) is there
    return False


def _name_at(tokens: Sequence[Token], at: int) -> str:
    """The last part of the name that begins at a token, ``IF EXISTS`` and ``ONLY`` aside."""
    at += 2 if [token.upper for token in tokens[at : at + 2]] == ["IF", "EXISTS"] else 0
    at += 1 if [token.upper for token in tokens[at : at + 1]] == ["ONLY"] else 0
    while at + 2 < len(tokens) and tokens[at + 1].text == ".":
        at += 2
    return tokens[at].name.lower() if at < len(tokens) else ""
