"""What a dry run of BigQuery's says of a query's size."""

from collections.abc import Callable, Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from speql_engines.bigquery.sessions import DryRun
from speql_engines.engine import EngineError, Estimate

Size = Callable[[Sequence[str]], int | None]
"""The rows of a table by the parts of its name (one at least), where they are known."""


def estimate_of(dry: DryRun, sql: str, size: Size) -> Estimate:
    """The bytes are those that BigQuery will charge for at most; the rows are a guess by the sizes of the tables.

    A query of no bytes is free. Dollars are not told: they are the price list's, or the user's own, of the bytes.
    """
    try:
        query = sqlglot.parse_one(sql, read="bigquery")
    except SqlglotError as error:
        raise EngineError(f"This cannot be estimated, since it was not understood: {error}") from error
    named = {tuple(part.name for part in table.parts) for table in query.find_all(exp.Table)}
    told = {(one.project, one.dataset_id, one.table_id) for one in dry.tables}
    in_session = {parts for parts in named if len(parts) > 1 and parts[-2].upper() == "_SESSION"}
    read = [size(parts) or 0 for parts in (told | in_session if told else named)]
    largest = max(read, default=1)
    return Estimate(
        rows=1 if _is_one_row(query) else largest,
        rows_scanned=sum(read),
        rows_processed=sum(read) + largest,
        bytes_scanned=dry.bytes,
        dollars=0.0 if dry.bytes == 0 else None,
    )


def _is_one_row(query: exp.Expr) -> bool:
    """Whether the outermost SELECT adds everything up, without groups."""
    if not isinstance(query, exp.Select) or query.args.get("group"):
        return False
    return any(one.find(exp.AggFunc) and not one.find(exp.Window) for one in query.selects)
