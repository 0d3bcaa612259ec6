"""Tables that a view joins without adding or losing a row."""

from sqlglot import exp

from speql_scheduler.matching.predicates import ColumnKey, equal_columns
from speql_scheduler.matching.spjg import Block, base_table
from speql_sql import Table


def are_lossless(block: Block, aliases: frozenset[str]) -> bool:
    """Whether the SELECT has the same rows, each as often, without these sources (and without their columns).

    Goldstein and Larson, section 3.2. Sources go one at a time. A left-joined table goes if its condition fixes a
    declared key, since then each row finds at most one match. An inner one goes if it is joined by nothing but a
    declared foreign key, since then each row finds exactly one: but for rows in which the key is NULL, so that this
    is to be ruled out of a key that may be NULL (that of another source which goes must not). No other condition may
    name it.
    """
    remaining = set(block.clause.sources)
    wanted = set(aliases)
    while wanted:
        gone = next((alias for alias in sorted(wanted) if _is_lossless(block, alias, remaining, aliases)), None)
        if gone is None:
            return False
        wanted.remove(gone)
        remaining.remove(gone)
    return True


def _is_lossless(block: Block, alias: str, remaining: set[str], going: frozenset[str]) -> bool:
    table = base_table(block.clause.sources[alias], block.catalog)
    if table is None or not table.keys:
        return False
    others = [c for source, on in block.left.items() if source != alias and source in remaining for c in on]
    where = [condition for condition in block.clause.where if _sources_in(block, condition) <= remaining]
    if any(alias in _sources_in(block, condition) for condition in others):
        return False
    if alias in block.left:
        if any(alias in _sources_in(block, condition) for condition in where):
            return False
        return _fixes_key(block, alias, table, block.left[alias])
    return _follows_foreign_key(block, alias, table, [c for c in where if alias in _sources_in(block, c)], going)


def _sources_in(block: Block, condition: exp.Expr) -> set[str]:
    """The sources of the SELECT that a condition names; those of a subquery in it are its own."""
    return {column.table for column in condition.find_all(exp.Column) if column.table in block.clause.sources}


def _pairs(block: Block, alias: str, conditions: list[exp.Expr]) -> list[tuple[str, ColumnKey]]:
    """The columns of the source that equal a column of another source of the very same type."""
    found = []
    for condition in conditions:
        pair = equal_columns(condition)
        if pair is None:
            continue
        own, other = pair if pair[0][0] == alias else (pair[1], pair[0])
        types = {block.column_type(own)[0], block.column_type(other)[0]}
        if own[0] == alias and other[0] != alias and len(types) == 1 and None not in types:
            found.append((own[1].lower(), other))
    return found


def _fixes_key(block: Block, alias: str, table: Table, on: list[exp.Expr]) -> bool:
    fixed = {name for name, _ in _pairs(block, alias, on)}
    return any(key <= fixed for key in table.keys)


def _follows_foreign_key(
    block: Block, alias: str, table: Table, conditions: list[exp.Expr], going: frozenset[str]
) -> bool:
    pairs = _pairs(block, alias, conditions)
    origins = {other[0] for _, other in pairs}
    if len(pairs) != len(conditions) or len(origins) != 1:
        return False
    origin = origins.pop()
    source = block.clause.sources.get(origin)
    origin_table = base_table(source, block.catalog) if source is not None else None
    if origin_table is None or origin in block.left:
        return False
    joined = {(other[1].lower(), name) for name, other in pairs}
    for key in origin_table.foreign_keys:
        declared = {
            (column.lower(), target.lower()) for column, target in zip(key.columns, key.target_columns, strict=True)
        }
        never_null = all((c := origin_table.column(name)) is not None and not c.nullable for name in key.columns)
        targets = frozenset(target.lower() for target in key.target_columns)
        if (
            key.target.lower() in (f"{table.schema}.{table.name}".lower(), table.name.lower())
            and origin_table.database == table.database
            and joined == declared
            and (never_null or origin not in going)
            and any(unique <= targets for unique in table.keys)
        ):
            return True
    return False
