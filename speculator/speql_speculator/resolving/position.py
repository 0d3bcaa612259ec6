"""A number that stands for an output column."""


def position(text: str) -> int | None:
    """The number of an output column that ``text`` is, or None. No output has a number of ten digits.

    >>> position("12"), position("²"), position("a")
    (12, None, None)
    """
    return int(text) if text.isdecimal() and len(text) < 10 else None
