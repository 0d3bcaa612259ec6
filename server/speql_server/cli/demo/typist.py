"""Types a text as a person does."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

CHARACTERS_PER_SECOND = 6.0
LINE_PAUSE_SECONDS = 0.8


@dataclass(frozen=True, slots=True)
class Keystroke:
    """The text after one more character (the cursor is at its end), and the seconds that pass before it."""

    text: str
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
        yield Keystroke(text[:end], pause / speed)
