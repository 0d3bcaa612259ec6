"""How a function of the engine is called."""

from dataclasses import dataclass
from typing import Literal

FunctionKind = Literal["scalar", "aggregate", "window", "table", "macro", "table_macro", "other"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; ``type`` is empty where the function takes several types there."""

    name: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class FunctionSignature:
    """One way to call a function: overloads that differ only in types are one. ``returns`` may be empty likewise.

    ``variadic``: any number of further arguments like the last one.
    """

    name: str
    parameters: tuple[Parameter, ...]
    returns: str = ""
    kind: FunctionKind = "scalar"
    variadic: bool = False
    description: str = ""
    example: str = ""
