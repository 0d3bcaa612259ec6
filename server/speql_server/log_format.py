"""How the log is written: what happened where, and nothing of what queries and rows say."""

import logging
import traceback
from types import TracebackType


class LogFormatter(logging.Formatter):
    """Lines with time, level and place. Of an error only its kind and the way to it are written.

    The words of an error are often those of a query or of a row: of a library that quotes what it could not read, of
    an engine that says which value it could not convert.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatException(  # noqa: N802 - logging's name
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """The ways to an error and to those that it came from, each with its kind."""
        lines: list[str] = []
        error: BaseException | None = ei[1]
        seen: set[int] = set()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            frames = traceback.format_tb(error.__traceback__)
            lines.append(
                f"{type(error).__module__}.{type(error).__qualname__} (its words are left out)\n{''.join(frames)}"
            )
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "from ".join(lines).rstrip()
