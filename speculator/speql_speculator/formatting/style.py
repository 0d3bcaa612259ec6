"""How SQL is to be laid out."""

from dataclasses import dataclass
from typing import Literal

KeywordCase = Literal["typed", "upper", "lower"]


@dataclass(frozen=True, slots=True)
class Style:
    """One level is ``tab_size`` columns wide, and written as spaces or, with ``tabs``, as one tab.

    Lines are broken where they would be longer than ``width`` columns, if there is a place for it.
    """

    tab_size: int = 4
    tabs: bool = False
    width: int = 100
    keyword_case: KeywordCase = "typed"

    def indentation(self, level: int) -> str:
        """What a line of a level begins with."""
        return "\t" * level if self.tabs else " " * (self.tab_size * level)
