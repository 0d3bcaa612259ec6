"""The pure ground floor: SQL values and SQL analysis. No engine, no clock, no event loop, no LSP."""

from speql_sql.catalog import Catalog, Column, ForeignKey, Table
from speql_sql.errors import SpeqlError
from speql_sql.function_signature import FunctionSignature, Parameter
from speql_sql.problem import Problem, Related, Severity
from speql_sql.span import Span

__all__ = [
    "Catalog",
    "Column",
    "ForeignKey",
    "FunctionSignature",
    "Parameter",
    "Problem",
    "Related",
    "Severity",
    "Span",
    "SpeqlError",
    "Table",
]
