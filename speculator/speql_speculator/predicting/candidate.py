"""A text that may come next."""

from dataclasses import dataclass
from typing import Literal

CandidateSource = Literal["history", "rules", "model"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """``text`` as it would be put at the cursor, behind the half-typed word that it completes.

    ``score`` is the estimated chance, 0 to 1, that the user would write exactly this; ``reason`` says where it is from.
    """

    text: str
    score: float
    source: CandidateSource
    reason: str
