"""Something that may be put at the cursor."""

from dataclasses import dataclass
from typing import Literal

from speql_speculator.completing.names_in_scope import NamedColumn, NamedSource
from speql_sql import FunctionSignature, Table

ProposalKind = Literal[
    "table",
    "view",
    "schema",
    "column",
    "cte",
    "alias",
    "keyword",
    "function",
    "condition",
    "value",
    "type",
    "expression",
    "window",
    "snippet",
]

Subject = Table | NamedColumn | NamedSource | tuple[FunctionSignature, ...] | None
"""What a proposal is about: its documentation is made of that, when it is asked for."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """``text`` to put in the place of the word at the cursor; ``label`` is what the user looks for.

    ``tier`` is the smaller the likelier the kind of thing is here. ``detail`` goes right behind the label,
    ``description`` to the edge. ``filter_text`` is what the word is compared with, if that is not the label.
    ``snippet`` is the text with places to fill, for clients that have them. ``name`` is the folded name by which
    earlier statements say how likely it is.
    """

    label: str
    kind: ProposalKind
    text: str
    tier: int
    detail: str = ""
    description: str = ""
    filter_text: str = ""
    snippet: str = ""
    name: str = ""
    subject: Subject = None

    @property
    def compared(self) -> str:
        """What the typed word is compared with."""
        return self.filter_text or self.label
