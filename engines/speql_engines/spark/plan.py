"""What Spark's plan of a query says of its size."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from speql_engines.engine import Estimate
from speql_engines.sized_estimate import Size

_NODE = re.compile(r"^(?P<indent>[\s:|+\-]*)(?P<words>.*), Statistics\((?P<told>[^()]*)\)\s*$")
_RELATION = re.compile(r"(?:Hive(?:Table)?)?Relation(?:V2)?\s*\[?`?(?P<name>[\w.`-]+)`?", re.I)
_SIZE = re.compile(r"sizeInBytes=([\d.]+(?:E[+-]?\d+)?) (\w+)")
_ROWS = re.compile(r"rowCount=([\d.]+(?:E[+-]?\d+)?)")
_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40, "PiB": 1 << 50, "EiB": 1 << 60}
_NOT_KNOWN = 1 << 62
"""Spark takes a table for as large as can be, where it knows nothing of it."""

_ROW_BYTES = 64
"""What a row of a table takes in its files, where nobody has counted the rows (ANALYZE TABLE)."""


@dataclass(frozen=True, slots=True)
class _Node:
    depth: int
    words: str
    bytes: int
    rows: int | None


def estimate_of(plan: str, size: Size, own_rows: Sequence[int]) -> Estimate:
    """What EXPLAIN COST says: the bytes of the files that are read, the rows as a guess.

    Rows are counted where somebody has (ANALYZE TABLE), in the share of the bytes that is left after pruning; else they
    are guessed from the bytes. ``own_rows`` are those of the temp tables that the query may read. Spark multiplies
    sizes at each join, so each other operator is taken to go through what the largest scan reads, unless its rows are
    told.
    """
    nodes = _nodes(plan)
    leaves: list[_Node] = []
    inner: list[_Node] = []
    for node, after in zip(nodes, [*nodes[1:], None], strict=True):
        (inner if after is not None and after.depth > node.depth else leaves).append(node)
    own = list(own_rows)
    read, scanned, known = [], 0, True
    for leaf in leaves:
        if leaf.words.startswith("LogicalRDD"):
            read.append(own.pop(0) if own else leaf.rows or leaf.bytes // _ROW_BYTES)
        elif name := _RELATION.match(leaf.words):
            read.append(_rows_read(leaf, name["name"], size))
            scanned += leaf.bytes
            known = known and leaf.bytes < _NOT_KNOWN
        else:
            read.append(leaf.rows if leaf.rows is not None else 1)
    largest = max(read, default=1)
    others = [node.rows if node.rows is not None else largest for node in inner]
    rows = nodes[0].rows if nodes and nodes[0].rows is not None else largest
    return Estimate(rows, sum(read), sum(read) + sum(others), scanned if known else None)


def _rows_read(leaf: _Node, name: str, size: Size) -> int:
    if leaf.rows is not None:
        return leaf.rows
    rows, whole = size(name.replace("`", "").split("."))
    if rows is None:
        return leaf.bytes // _ROW_BYTES if leaf.bytes < _NOT_KNOWN else 0
    return round(rows * min(leaf.bytes / whole, 1.0)) if whole else rows


def _nodes(plan: str) -> list[_Node]:
    optimized = plan.partition("== Optimized Logical Plan ==")[2].partition("\n== Physical Plan")[0]
    found = []
    for line in optimized.splitlines():
        node = _NODE.match(line)
        if node is None:
            continue  # the plan of something cached, inside its line
        told = _SIZE.search(node["told"])
        rows = _ROWS.search(node["told"])
        bytes_ = round(float(told[1]) * _UNITS.get(told[2], 1)) if told else 0
        found.append(_Node(len(node["indent"]), node["words"], bytes_, round(float(rows[1])) if rows else None))
    return found
