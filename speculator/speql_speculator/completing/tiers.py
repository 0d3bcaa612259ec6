"""The order of kinds of proposals."""

from enum import IntEnum


class Tier(IntEnum):
    """The smaller, the likelier is such a proposal, where it can stand at all."""

    WHOLE = 0
    """A whole condition, all keys of GROUP BY, a table with its condition, a value."""
    COLUMN = 1
    CTE = 2
    TABLE = 3
    ALIAS = 4
    COMMON_FUNCTION = 5
    OUTER_COLUMN = 6
    KEYWORD = 7
    SCHEMA = 8
    ELSEWHERE = 9
    """A table of a schema that has to be named."""
    FUNCTION = 10
    RARE = 11
