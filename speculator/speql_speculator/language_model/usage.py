"""The tokens that a request used."""

from dataclasses import dataclass

CHARACTERS_A_TOKEN = 3
"""SQL and names of columns have about four characters a token; fewer here, so that an estimate is rather too high."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request. ``cached_tokens`` are among ``input_tokens``; ``estimated``: the endpoint did not say."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    estimated: bool = False


def estimated_tokens(text: str) -> int:
    """About how many tokens a text has, rather too many.

    >>> estimated_tokens("SELECT 1")
    3
    """
    return -(-len(text) // CHARACTERS_A_TOKEN)
