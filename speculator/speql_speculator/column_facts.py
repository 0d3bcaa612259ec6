"""What the catalog says of columns, in words for the user."""

from collections.abc import Iterable

from speql_sql import Column, Table


def key_facts(column: Column, table: Table | None) -> str:
    """What is known of the keys that a column is in."""
    if table is None:
        return ""
    name = column.name.lower()
    said = []
    if name in (part.lower() for part in table.primary_key):
        said.append(
            "Primary key."
            if len(table.primary_key) == 1
            else f"Part of the primary key ({', '.join(table.primary_key)})."
        )
    for key in table.foreign_keys:
        if name in (part.lower() for part in key.columns):
            target = dict(zip((part.lower() for part in key.columns), key.target_columns, strict=False)).get(name, "")
            said.append(f"Refers to {key.target}" + (f".{target}." if target else "."))
    return " ".join(said)


def column_list(columns: Iterable[Column], table: Table | None = None) -> str:
    """Columns as a Markdown list, the keys marked."""
    lines = [f"- `{column.name}` {column.type} {key_facts(column, table)}".rstrip() for column in columns]
    return "\n".join(lines[:50] + ([f"- and {len(lines) - 50} more"] if len(lines) > 50 else []))
