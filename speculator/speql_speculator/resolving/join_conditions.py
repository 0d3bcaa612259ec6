"""How two relations are joined: by declared keys, then by names and types."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from speql_speculator.by_identity import ByIdentity
from speql_speculator.resolving.relations import Relation
from speql_sql import Table


@dataclass(frozen=True, slots=True)
class JoinCondition:
    """Equalities between columns of ``left`` (already joined) and ``right`` (to be joined), by folded name.

    ``quality`` is 3 for a declared foreign key, 2 for a key found by its name, 1 for a name alone. ``spelled_out``: the
    names are the same but for what is before them, none abbreviates the other. ``to_key``: each row of ``left`` meets
    at most one of ``right``.
    """

    left: Relation
    right: Relation
    pairs: tuple[tuple[str, str], ...]
    quality: int
    reason: str
    to_key: bool = False
    spelled_out: bool = True

    @property
    def rank(self) -> tuple[int, bool, int, int]:
        """The higher, the surer."""
        same_names = sum(left == right for left, right in self.pairs)
        return (self.quality, self.spelled_out, len(self.pairs), same_names)


def join_condition(
    right: Relation, joined: Sequence[Relation], used: Iterable[tuple[str, str]] = ()
) -> JoinCondition | None:
    """The best condition to join ``right`` to one of ``joined``, or None: then there is no telling.

    ``used`` are ``(alias, column)`` of ``joined`` that another join uses already: of two foreign keys to the same
    table, the free one is taken.
    """
    taken = set(used)
    found: list[JoinCondition] = []
    for left in joined:
        found += _candidates(left, right)
    if not found:
        return None

    def rank(condition: JoinCondition) -> tuple[bool, tuple[int, bool, int, int]]:
        free = not any((condition.left.alias.lower(), column) in taken for column, _ in condition.pairs)
        return (free, condition.rank)

    return max(found, key=rank)


def join_conditions(right: Relation, joined: Sequence[Relation]) -> list[JoinCondition]:
    """All conditions by keys and names that join ``right`` to one of ``joined``, the surest first."""
    found = {(one.left.alias, one.pairs): one for left in joined for one in _candidates(left, right)}
    return sorted(found.values(), key=lambda condition: condition.rank, reverse=True)


def _candidates(left: Relation, right: Relation) -> list[JoinCondition]:
    if not (left.plain and right.plain):
        return _found(left, right)
    tables = ByIdentity(left.table, right.table)
    known = _KNOWN.get(tables)
    if known is None:
        known = _KNOWN[tables] = _found(left, right)
        if len(_KNOWN) > 4096:
            _KNOWN.pop(next(iter(_KNOWN)))
    return [replace(found, left=left, right=right) for found in known]


_KNOWN: dict[ByIdentity, list[JoinCondition]] = {}
"""The conditions of two base tables."""


def _found(left: Relation, right: Relation) -> list[JoinCondition]:
    found = [*_foreign_keys(left, right, to_key=True), *_foreign_keys(right, left, to_key=False)]
    if not found:
        found = _same_names(left, right)
    if not found:
        found = [*_suffixes(left, right, to_key=True), *_suffixes(right, left, to_key=False)]
    return found


def _foreign_keys(source: Relation, target: Relation, *, to_key: bool) -> list[JoinCondition]:
    """Conditions from the foreign keys of the tables that ``source``'s columns come from."""
    if target.table is None and not any(column.origin for column in target.columns.values()):
        return []
    source_by_origin = _by_origin(source)
    target_by_origin = _by_origin(target)
    found = []
    tables = {id(column.origin[0]): column.origin[0] for column in source.columns.values() if column.origin}
    targets = {id(column.origin[0]): column.origin[0] for column in target.columns.values() if column.origin}
    for table in tables.values():
        for key in table.foreign_keys:
            for other in targets.values():
                if not _is_target(key.target, other):
                    continue
                pairs = []
                for column, target_column in zip(key.columns, key.target_columns, strict=False):
                    here = source_by_origin.get((id(table), column.lower()))
                    there = target_by_origin.get((id(other), target_column.lower()))
                    if here is None or there is None:
                        break
                    pairs.append((here, there))
                else:
                    covers = any(key_set <= {there for _, there in pairs} for key_set in target.keys)
                    reason = f"declared key of {table.name} to {other.name}"
                    if to_key:
                        found.append(JoinCondition(source, target, tuple(pairs), 3, reason, covers))
                    else:
                        turned = tuple((there, here) for here, there in pairs)
                        found.append(JoinCondition(target, source, turned, 3, reason))
    return found


def _is_target(name: str, table: Table) -> bool:
    parts = name.lower().split(".")
    return parts[-1] == table.name.lower() and (len(parts) == 1 or parts[-2] == table.schema.lower())


def _by_origin(relation: Relation) -> dict[tuple[int, str], str]:
    found: dict[tuple[int, str], str] = {}
    for folded, column in relation.columns.items():
        if column.origin is not None:
            found.setdefault((id(column.origin[0]), column.origin[1]), folded)
    return found


def _compatible(left: Relation, left_name: str, right: Relation, right_name: str) -> bool:
    families = left.columns[left_name].family, right.columns[right_name].family
    return families[0] == families[1] or "" in families


def _same_names(left: Relation, right: Relation) -> list[JoinCondition]:
    found = []
    shared = [name for name in right.columns if name in left.columns and _compatible(left, name, right, name)]
    for of, to_key in ((right, True), (left, False)):
        for key in of.keys:
            if key and key <= set(shared) and not key <= _SURROGATES:
                names = [name for name in of.columns if name in key]
                pairs = tuple((name, name) for name in names)
                owner = of.table.name if of.table else of.alias
                reason = f"{', '.join(names)} identifies a row of {owner}, and both have it"
                found.append(JoinCondition(left, right, pairs, 2, reason, to_key))
    if not found and not left.keys and not right.keys:
        telling = [name for name in shared if name.endswith(_KEY_ENDINGS) or name in _first_columns(left, right)]
        if len(telling) == 1:
            name = telling[0]
            reason = f"{name} is the only name that both have and that looks like a key"
            found.append(JoinCondition(left, right, ((name, name),), 1, reason, next(iter(right.columns)) == name))
    return found


def _first_columns(left: Relation, right: Relation) -> set[str]:
    return {next(iter(relation.columns)) for relation in (left, right) if relation.columns}


def _suffixes(source: Relation, target: Relation, *, to_key: bool) -> list[JoinCondition]:
    """``d_date_sk`` of the target and ``ss_sold_date_sk`` of the source; ``id`` and ``customer_id``."""
    found = []
    keys = [next(iter(key)) for key in target.keys if len(key) == 1]
    if not target.keys and target.columns and target.table is not None:
        first = next(iter(target.columns))
        keys = [first] if _looks_like_key(first, target.table.name.lower()) else []
    for key in keys:
        if key not in target.columns:
            continue
        table = target.table.name if target.table else target.alias
        named = [name for name in source.columns if name != key and _is_named_after(name, key, table.lower())]
        for name in named:
            if _compatible(source, name, target, key):
                reason = f"{name} is named after {key}"
                same = name.endswith(key.split("_", 1)[-1])
                if to_key:
                    found.append(JoinCondition(source, target, ((name, key),), 2, reason, True, same))
                else:
                    found.append(JoinCondition(target, source, ((key, name),), 2, reason, False, same))
    return found[:4]


def _looks_like_key(column: str, table: str) -> bool:
    """Whether the first column of a table without declared keys is named after the table: then it is taken for its key.

    >>> [_looks_like_key(column, "date_dim") for column in ("d_date_sk", "id", "d_year")]
    [True, True, False]
    >>> _looks_like_key("ss_sold_date_sk", "store_sales")  # a key of another table: joining by it would multiply rows
    False
    """
    words = [word for word in table.split("_") if word not in _KINDS_OF_TABLES] or [table]
    ending = next((ending for ending in _KEY_ENDINGS if column.endswith(ending)), "")
    named = column.removesuffix(ending).split("_")[-1]
    return column == "id" or (bool(ending) and _abbreviates(named, words))


@lru_cache(maxsize=20_000)
def _is_named_after(name: str, key: str, table: str) -> bool:
    """Whether the name of a column says that it holds a key of a table.

    >>> [_is_named_after(name, "c_customer_sk", "customer") for name in ("ss_customer_sk", "ss_cdemo_sk")]
    [True, False]
    >>> _is_named_after("ss_cdemo_sk", "cd_demo_sk", "customer_demographics")
    True
    >>> _is_named_after("customer_id", "id", "customers"), _is_named_after("l_orderkey", "o_orderkey", "orders")
    (True, True)
    """
    words = [word for word in table.split("_") if word not in _KINDS_OF_TABLES] or [table]
    if key == "id":
        singular = "_".join([*words[:-1], words[-1].removesuffix("s")])
        return name in (f"{singular}_id", f"{singular}id", f"{table}_id", f"{table}id")
    stem = key.split("_", 1)[1] if "_" in key else key
    if len(stem) > 3 and stem.endswith(_ENDINGS) and (name == stem or name.endswith("_" + stem)):
        return True
    ending = next((ending for ending in _KEY_ENDINGS if key.endswith(ending) and name.endswith(ending)), "")
    inner = name.removesuffix(ending).split("_")
    return bool(ending) and len(inner) > 1 and _abbreviates(inner[-1], words)


def _abbreviates(word: str, words: list[str]) -> bool:
    """Whether a word is made of the beginnings of words in their order, at least three letters of the last one.

    >>> _abbreviates("cdemo", ["customer", "demographics"]), _abbreviates("customer", ["customer", "address"])
    (True, False)
    """
    *before, last = words
    for length in range(min(len(last), len(word)), 2, -1):
        if last.startswith(word[-length:]):
            rest = word[:-length]
            if not rest:
                return True
            return bool(before) and any(part.startswith(rest) for part in before)
    return False


_SURROGATES = frozenset({"id", "uuid", "guid", "pk", "rowid"})
"""Keys that every table calls the same: that two tables have one says nothing."""

_KEY_ENDINGS = ("_id", "_sk", "_key", "_code", "_no", "num", "key")

_ENDINGS = ("id", "sk", "key", "code", "no", "num")

_KINDS_OF_TABLES = frozenset({"dim", "dimension", "fact", "facts", "tbl", "table", "t", "stg", "vw", "v"})
"""Words in names of tables that say nothing of what is in them."""
