"""What is said of a proposal when the user looks at it."""

from speql_speculator.column_facts import column_list, key_facts
from speql_speculator.completing.names_in_scope import NamedColumn, NamedSource
from speql_speculator.completing.proposal import Proposal
from speql_speculator.navigating.hovering import Hover
from speql_sql import Column, Span, Table


def documentation(proposal: Proposal) -> str:
    """Markdown: of a table its rows and columns, of a column its type and keys, of a function how it is called; empty
    if there is no more to say.
    """
    subject = proposal.subject
    if isinstance(subject, Table):
        return _of_table(subject)
    if isinstance(subject, NamedColumn):
        return _of_column(subject)
    if isinstance(subject, NamedSource):
        return column_list(Column(column.name, column.type) for column in subject.columns)
    if isinstance(subject, tuple):
        return Hover(Span(0, 0), function=proposal.label).markdown({}, subject)
    if proposal.kind in ("condition", "expression", "snippet") and proposal.text != proposal.label:
        return f"```sql\n{proposal.text}\n```"
    return ""


def _of_table(table: Table) -> str:
    rows = f", {table.row_count:,} rows" if table.row_count is not None else ""
    place = f"{table.schema}." if table.schema else ""
    return f"{table.kind.capitalize()} `{place}{table.name}`{rows}.\n\n{column_list(table.columns, table)}"


def _of_column(column: NamedColumn) -> str:
    if column.table is None or column.origin is None:
        return f"`{column.name}` {column.type}".rstrip()
    facts = [
        f"`{column.table.name}.{column.origin.name}` {column.origin.type}",
        key_facts(column.origin, column.table),
        "" if column.origin.nullable else "Not null.",
        f"Column of {column.table.kind} `{column.table.name}`.",
    ]
    return "\n\n".join(filter(None, facts))
