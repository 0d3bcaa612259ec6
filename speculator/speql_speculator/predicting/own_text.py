"""The text so far as its own past: branches of UNION, CTEs and conditions that say nearly the same again."""

import numpy as np

from speql_speculator.predicting.alignment import Aligned, coded, local_scores, matched_names, weights_of
from speql_speculator.predicting.history import PastStatement
from speql_speculator.predicting.place import Place

_LEAST_SCORE = 0.75
_FEWEST_WORDS = 24
_TRUST = 0.79
"""What was written a moment ago is repeated less often than what was run, and seldom over several lines."""


def align_with_itself(place: Place) -> Aligned | None:
    """The earlier place of the same statement whose words before it are most like those before the cursor, or None.

    It lies in the same clause and at least a few words back: what is being written is no past of itself.
    """
    words = place.reading.words
    if len(words) < _FEWEST_WORDS:
        return None
    codes = coded(words, {})
    earlier = codes[: len(words) - 6]
    scores = local_scores(codes, [earlier], weights_of(words))[0]
    best = int(np.argmax(scores))
    score = float(scores[best])
    if score < _LEAST_SCORE or best >= len(earlier) or words[best - 1].clause != words[-1].clause:
        return None
    past = PastStatement((place.before,), "", "", True, 1, 0.0, place.catalog.dialect)
    return Aligned(past, best, score * _TRUST, *matched_names(words, past.words, best))
