"""The last repair of a query that ends with a LIMIT, remembered while its number is typed."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from speql_sql.outer_limit import outer_limit, split_limit, with_limit

if TYPE_CHECKING:
    from speql_speculator.repair import Repair


@dataclass(slots=True)
class KnownLimit:
    """Of a query that needed no repair, what another number at its end makes of it needs none either.

    One value, replaced as a whole: it may be asked from several threads.
    """

    _last: "tuple[str, int | None, Repair] | None" = None

    def find(self, text: str, cursor: int | None) -> "Repair | None":
        """The repair of a text that differs from the last one in the number of its outer LIMIT alone."""
        split, last = split_limit(text), self._last
        if split is None or last is None or (split[0], _behind(text, cursor)) != last[:2]:
            return None
        before = last[2]
        if before.typed == text or before.query is None:
            return before
        moved = before.cursor + len(text) - len(before.typed) if before.cursor is not None else None
        return replace(before, typed=text, sql=text, query=with_limit(before.query, split[1]), cursor=moved)

    def keep(self, repaired: "Repair", cursor: int | None) -> None:
        """Remember a repair, if it is one of those that tell what a text with another number needs."""
        split = split_limit(repaired.typed)
        if split is None or repaired.query is None or repaired.sql != repaired.typed or repaired.problems:
            return
        behind = _behind(repaired.typed, cursor)
        if outer_limit(repaired.query) == split[1] and behind in (None, 0):
            self._last = split[0], behind, repaired


def _behind(text: str, cursor: int | None) -> int | None:
    """How far behind the end of the text the cursor is."""
    return cursor - len(text) if cursor is not None else None
