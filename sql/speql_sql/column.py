"""A column of a table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column. ``type`` is the engine's own spelling, with its collation if it has one: ``VARCHAR COLLATE NOCASE``."""

    name: str
    type: str
    nullable: bool = True
