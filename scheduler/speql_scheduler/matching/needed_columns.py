"""Whether a query is served by temp tables only because they have columns that nobody had written."""

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from speql_scheduler.matching.rewrite import rewrite
from speql_scheduler.matching.view import View
from speql_sql import Catalog
from speql_sql.added_columns import is_added


def needs_added_columns(query: exp.Query, views: Sequence[View], catalog: Catalog) -> bool:
    """Whether the views serve the query alone, and would not without their added columns.

    Added are the columns of conditions and of ORDER BY, and those that are likely to be used next: see
    :mod:`speql_sql.added_columns`.
    """
    if not any(_added(view) for view in views) or not rewrite(query, views, catalog).temp_only:
        return False
    return not rewrite(query, [_as_written(view) for view in views], catalog).temp_only


def _as_written(view: View) -> View:
    """The view without its added columns."""
    added = _added(view)
    if not added:
        return view
    query = view.query.copy()
    query.set("expressions", [each for index, each in enumerate(query.expressions) if index not in added])
    columns = tuple(name for index, name in enumerate(view.columns) if index not in added)
    return replace(view, query=query, columns=columns)


def _added(view: View) -> set[int]:
    """The places of added columns, if the view is one SELECT and has others too."""
    if not isinstance(view.query, exp.Select):
        return set()
    found = {index for index, each in enumerate(view.query.expressions) if is_added(each) or is_added(each.unalias())}
    return found if len(found) < len(view.columns) == len(view.query.expressions) else set()
