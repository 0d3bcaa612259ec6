"""Whether rows of floats can be paired so that each pair is near."""

from dataclasses import dataclass
from typing import Any

import numpy as np

# A part of rows that could all be near each other is matched exactly up to this size.
_MAX_MATCHED = 400

Floats = np.ndarray[Any, np.dtype[np.float64]]
Labels = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far apart two floats may be: ``relative`` times the larger of them, plus ``absolute``."""

    relative: float
    absolute: float = 0.0


def unpaired_row(
    left: Floats, left_groups: Labels, right: Floats, right_groups: Labels, tolerance: Tolerance
) -> int | None:
    """A row of ``left`` that cannot be paired, or None if all rows can be, each with a near one of its own group.

    ``left`` and ``right`` have one row of floats a row; groups are numbers, the same on both sides.

    Want: a pairing. Cannot: try all. Does not work: sorting both sides and comparing row by row, since with several
    columns a last digit in the first decides the order of rows whose second column differs. Solution: cut each group
    into parts wherever neighbouring values of a column are not near (no pair can cross such a gap); in most parts the
    sorted rows are near one by one, which is a pairing; the others are decided by bipartite matching. What still
    fails: a part of more than 400 rows is called unpairable when its sorted rows are.
    """
    labels = np.concatenate([left_groups, right_groups])
    values = np.concatenate([left, right])
    for column in range(values.shape[1]):
        labels = _refined(labels, values[:, column], tolerance)
    of_left, of_right = labels[: len(left)], labels[len(left) :]
    size = int(labels.max()) + 1 if len(labels) else 0
    lonely = np.flatnonzero(np.bincount(of_left, minlength=size) > np.bincount(of_right, minlength=size))
    if len(lonely):
        return int(np.flatnonzero(of_left == lonely[0])[0])
    left_order, right_order = _order(left, of_left), _order(right, of_right)
    apart = ~near(left[left_order], right[right_order], tolerance)
    for label in np.unique(of_left[left_order][apart]).tolist():
        rows = np.flatnonzero(of_left == label)
        others = np.flatnonzero(of_right == label)
        if values.shape[1] == 1 or len(rows) > _MAX_MATCHED:
            # On a line, if any pairing is near, then so is the one in order.
            return int(rows[0])
        if not _has_perfect_matching(near(left[rows][:, None, :], right[others][None, :, :], tolerance)):
            return int(rows[0])
    return None


def near(left: Floats, right: Floats, tolerance: Tolerance) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """For each pair of rows, whether all their floats are near; NaN is near NaN, an infinity near itself alone."""
    with np.errstate(invalid="ignore", over="ignore"):
        larger = np.maximum(np.abs(left), np.abs(right))
        close = np.abs(left - right) <= tolerance.relative * larger + tolerance.absolute
    close &= np.isfinite(larger)
    return np.asarray((close | (left == right) | (np.isnan(left) & np.isnan(right))).all(axis=-1))


def _refined(labels: Labels, values: Floats, tolerance: Tolerance) -> Labels:
    """Labels cut further, between neighbouring values of one label that are not near."""
    order = np.lexsort((values, labels))
    ranked_labels, ranked_values = labels[order], values[order, None]
    cut = (ranked_labels[1:] != ranked_labels[:-1]) | ~near(ranked_values[1:], ranked_values[:-1], tolerance)
    refined = np.empty_like(labels)
    refined[order] = np.concatenate([[0], np.cumsum(cut)])
    return refined


def _order(values: Floats, labels: Labels) -> Labels:
    return np.asarray(np.lexsort((*values.T[::-1], labels)))


def _has_perfect_matching(edges: "np.ndarray[Any, np.dtype[np.bool_]]") -> bool:
    """Whether each row can have a column of its own among those it has an edge to."""
    row_of_column = [-1] * edges.shape[1]
    return all(_augment(edges, row, row_of_column) for row in range(edges.shape[0]))


def _augment(edges: "np.ndarray[Any, np.dtype[np.bool_]]", start: int, row_of_column: list[int]) -> bool:
    """Give row ``start`` a column, breadth first, letting earlier rows change theirs where needed."""
    reached_from: dict[int, int] = {}
    column_of_row = {row: column for column, row in enumerate(row_of_column) if row >= 0}
    rows = [start]
    for row in rows:
        for column in np.flatnonzero(edges[row]).tolist():
            if column in reached_from:
                continue
            reached_from[column] = row
            if row_of_column[column] >= 0:
                rows.append(row_of_column[column])
                continue
            free: int | None = column
            while free is not None:
                taker = reached_from[free]
                row_of_column[free] = taker
                free = column_of_row.get(taker)
            return True
    return False
