"""What a client can do with completions."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CompletionAbilities:
    """Snippets, items that say themselves how much they replace, details beside the label, and what a list can say once
    for all of its items (``editRange``, ``data``, ...).
    """

    snippets: bool = False
    insert_replace: bool = False
    label_details: bool = False
    item_defaults: frozenset[str] = frozenset()
