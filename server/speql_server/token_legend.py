"""The names of semantic tokens that are told to the client at the start, and their numbers."""

from lsprotocol import types

TYPES = {
    kind: (number, name)
    for number, (kind, name) in enumerate(
        {
            "keyword": types.SemanticTokenTypes.Keyword,
            "function": types.SemanticTokenTypes.Function,
            "type": types.SemanticTokenTypes.Type,
            "table": types.SemanticTokenTypes.Class,
            "alias": types.SemanticTokenTypes.Variable,
            "column": types.SemanticTokenTypes.Property,
            "string": types.SemanticTokenTypes.String,
            "number": types.SemanticTokenTypes.Number,
            "operator": types.SemanticTokenTypes.Operator,
            "comment": types.SemanticTokenTypes.Comment,
            "parameter": types.SemanticTokenTypes.Parameter,
            "namespace": types.SemanticTokenTypes.Namespace,
            "label": types.SemanticTokenTypes.Label,
        }.items()
    )
}
"""What the speculator calls a token, with its number and the protocol's name. Standard names: every theme has them."""

MODIFIERS = {"declaration": 1, "defaultLibrary": 2}
"""Modifiers with their bits, in the order of the legend."""

LEGEND = types.SemanticTokensLegend(
    token_types=[name.value for _, name in TYPES.values()], token_modifiers=list(MODIFIERS)
)
