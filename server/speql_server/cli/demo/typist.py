"""Types a text as a person does."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

CHARACTERS_PER_SECOND = 6.0
LINE_PAUSE_SECONDS = 0.8


@dataclass(frozen=True, slots=True)
class Keystroke:
    """The text after a keystroke, where the cursor is in it, and the seconds that pass before it."""

    text: str
    cursor: int
    pause: float


def keystrokes(text: str, speed: float = 1.0, seed: int = 1) -> Iterator[Keystroke]:
    """Every character of ``text``: 6 a second with log-normal jitter, and a thought at each line's end.

    Indentation comes with its line break, as an editor types it. The same ``seed`` gives the same pauses.
    """
    jitter = random.Random(seed)
    for end in range(1, len(text) + 1):
        if text[end - 1] == " " and not text[:end].rsplit("\n", 1)[-1].strip():
            continue
        pause = jitter.lognormvariate(0, 0.35) / CHARACTERS_PER_SECOND
        if text[end - 1] == "\n":
            pause += LINE_PAUSE_SECONDS
        yield Keystroke(text[:end], end, pause / speed)


def retyped(before: str, after: str, speed: float = 1.0) -> Iterator[Keystroke]:
    """The keystrokes from one text to the other: the word that differs is selected and typed over."""
    # What is added goes in at the end of the line before, not at the beginning of the one after.
    tail = _common_length(before[::-1], after[::-1])
    start = _common_length(before[: len(before) - tail], after[: len(after) - tail])
    while start > 0 and after[start - 1].isalnum():
        start -= 1
    while tail > 0 and after[len(after) - tail].isalnum():
        tail -= 1
    for end in range(start + 1, len(after) - tail + 1):
        yield Keystroke(after[:end] + after[len(after) - tail :], end, 1 / CHARACTERS_PER_SECOND / speed)


def _common_length(left: str, right: str) -> int:
    """How many characters two texts begin with alike."""
    return next(
        (index for index, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right))
    )
