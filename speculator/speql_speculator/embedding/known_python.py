"""The SQL in a Python document that is being edited."""

from itertools import takewhile

from speql_speculator.common_ends import common_ends
from speql_speculator.embedding.fragment import Fragment
from speql_speculator.embedding.projection import Draft
from speql_speculator.embedding.python_strings import LOOKS_BACK, Step, python_steps


class KnownPython:
    """Remembers how the text before was read, so that of an edited one only what may have changed is read again.

    A step holds as long as the text up to its reach is the same. Behind an edit reading goes on as before from the
    first place where a step ended before, too, and from which on neither the text nor what is looked back at changed.
    """

    def __init__(self) -> None:
        self._text = ""
        self._steps: list[Step] = []

    def regions(self, text: str) -> tuple[Draft, ...]:
        """The regions of SQL in the text, in order."""
        before, known = self._text, self._steps
        head, tail = common_ends(before, text) if known else (0, 0)
        steps = list(takewhile(lambda step: step.reach <= head, known))
        later = _numbers_by_end(before, len(before) - tail, known, len(steps))
        shift = len(text) - len(before)
        for step in python_steps(text, begin=steps[-1].end if steps else 0):
            steps.append(step)
            number = later.get(step.end - shift)
            if number is not None:
                steps += [_shifted(one, shift) for one in known[number + 1 :]] if shift else known[number + 1 :]
                break
        self._text, self._steps = text, steps
        return tuple(step.region for step in steps if step.region is not None)


def _numbers_by_end(text: str, edited: int, steps: list[Step], first: int) -> dict[int, int]:
    """The steps from ``first`` on after which reading does not depend on what is before ``edited``, by their ends."""
    line = text.find("\n", edited) + 1
    settled = max(line, edited + LOOKS_BACK)
    if not line:
        return {}
    return {steps[number].end: number for number in range(first, len(steps)) if steps[number].end >= settled}


def _shifted(step: Step, by: int) -> Step:
    region = step.region
    if region is not None:
        fragments = tuple(
            Fragment(one.kind, one.host.shifted(by), one.text, one.container, one.certainty, one.meaning)
            for one in region.fragments
        )
        region = Draft(region.host.shifted(by), fragments, region.container, region.name)
    return Step(step.end + by, step.reach + by, region)
