"""The SQL of a document, by the language that the document is in."""

from typing import Literal

from speql_speculator.embedding.jinja import JinjaText, has_jinja, jinja_fragments
from speql_speculator.embedding.known_python import KnownPython
from speql_speculator.embedding.magics import begins_with_magic, cell_regions, sql_cell_region
from speql_speculator.embedding.projection import Draft, Projection
from speql_speculator.embedding.relations import NO_RELATIONS, Relations
from speql_sql import Span

HostLanguage = Literal["sql", "python", "python-cell"]
"""What a text is in: SQL, perhaps a template or behind a magic; Python; Python in a notebook, with magics."""


LONGEST_PYTHON = 200_000
"""Python with more characters than this is not read: that is done at each keystroke, in milliseconds."""


def project(
    text: str,
    language: HostLanguage,
    relations: Relations = NO_RELATIONS,
    python: KnownPython | None = None,
) -> Projection | None:
    """The SQL of a text with the way back; None if the text is plain SQL. Never raises, linear time.

    ``python`` is what was known of the same document's text before.

    >>> project("rows = duckdb.sql('SELECT 1')", "python").sql
    'SELECT 1'
    """
    if language != "sql" and len(text) > LONGEST_PYTHON:
        return Projection(text, ())
    if language == "python":
        return Projection(text, (python or KnownPython()).regions(text))
    if language == "python-cell":
        return Projection(text, tuple(cell_regions(text)))
    if begins_with_magic(text):
        return Projection(text, (sql_cell_region(text),))
    if not has_jinja(text):
        return None
    container, whole = JinjaText(), Span(0, len(text))
    fragments = tuple(jinja_fragments(text, whole, container, relations))
    return Projection(text, (Draft(whole, fragments, container),))
