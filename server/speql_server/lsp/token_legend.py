"""The names of semantic tokens that are told to the client at the start, and their numbers.

Plain data: the answer to ``initialize`` is given before the protocol's types are imported.
"""

_NAMES = {
    "keyword": "keyword",
    "function": "function",
    "type": "type",
    "table": "class",
    "alias": "variable",
    "column": "property",
    "string": "string",
    "number": "number",
    "operator": "operator",
    "comment": "comment",
    "parameter": "parameter",
    "namespace": "namespace",
    "label": "label",
}

TYPES = {kind: number for number, kind in enumerate(_NAMES)}
"""The numbers of what the speculator calls a token."""

TYPE_NAMES = list(_NAMES.values())
"""The protocol's standard names, which every theme has a colour for, in the order of the numbers."""

MODIFIERS = {"declaration": 1, "defaultLibrary": 2}
"""Modifiers with their bits, in the order of the legend."""
