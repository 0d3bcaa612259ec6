"""The notebooks that the editor has open: their cells in order."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its text is a document of its own. Only code is read."""

    uri: str
    code: bool = True


class Notebooks:
    """The cells of each open notebook, in order. Owned by the event loop."""

    def __init__(self) -> None:
        self._cells: dict[str, tuple[Cell, ...]] = {}
        self._notebooks: dict[str, str] = {}

    def put(self, uri: str, cells: Sequence[Cell]) -> None:
        """Open a notebook, or replace its cells."""
        for cell in self._cells.get(uri, ()):
            self._notebooks.pop(cell.uri, None)
        self._cells[uri] = tuple(cells)
        self._notebooks.update({cell.uri: uri for cell in cells})

    def splice(self, uri: str, start: int, delete_count: int, cells: Sequence[Cell]) -> None:
        """Put cells in the place of ``delete_count`` others; a place beyond the end is the end."""
        known = list(self._cells.get(uri, ()))
        start = min(max(start, 0), len(known))
        known[start : start + max(delete_count, 0)] = cells
        self.put(uri, known)

    def update(self, uri: str, cells: Sequence[Cell]) -> None:
        """Cells that have become of another kind."""
        changed = {cell.uri: cell for cell in cells}
        self.put(uri, [changed.get(cell.uri, cell) for cell in self._cells.get(uri, ())])

    def remove(self, uri: str) -> tuple[Cell, ...]:
        """Close a notebook; the cells that it had."""
        cells = self._cells.pop(uri, ())
        for cell in cells:
            self._notebooks.pop(cell.uri, None)
        return cells

    def is_open(self, uri: str) -> bool:
        """Whether this notebook is open."""
        return uri in self._cells

    def cells(self, uri: str) -> tuple[str, ...]:
        """The documents of a notebook's code cells, in order."""
        return tuple(cell.uri for cell in self._cells.get(uri, ()) if cell.code)

    def earlier(self, cell: str) -> tuple[str, ...]:
        """The documents of the code cells before one, in order; none for a document that is no cell."""
        cells = self.cells(self._notebooks.get(cell, ""))
        return cells[: cells.index(cell)] if cell in cells else ()

    def later(self, cell: str) -> tuple[str, ...]:
        """The documents of the code cells behind one, in order."""
        cells = self.cells(self._notebooks.get(cell, ""))
        return cells[cells.index(cell) + 1 :] if cell in cells else ()
