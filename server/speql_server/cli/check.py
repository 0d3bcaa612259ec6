"""A finding of `speql doctor`."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "optional", "missing"]


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. ``remedy`` says how to get what is missing."""

    name: str
    status: Status
    found: str
    remedy: str = ""
