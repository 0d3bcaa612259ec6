"""Texts with places to fill, as editors know them."""

import re

_SPECIAL = re.compile(r"[\\$}]")


def escaped(text: str) -> str:
    """A text that a snippet gives as it is.

    >>> escaped("weird$col}")
    'weird\\\\$col\\\\}'
    """
    return _SPECIAL.sub(r"\\\g<0>", text)


def placeholder(number: int, text: str) -> str:
    """A place with a text that is selected when one gets there.

    >>> placeholder(1, "o")
    '${1:o}'
    """
    return f"${{{number}:{escaped(text)}}}"
