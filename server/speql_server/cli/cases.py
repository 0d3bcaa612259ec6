"""Commands that answer a file of cases, one JSON object a line."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from speql_sql import SpeqlError
from speql_sql.parse import PARSE_ERRORS

Answer = dict[str, object]
_Case = TypeVar("_Case")
_FAILURES = (*PARSE_ERRORS, AssertionError)


class BrokenCaseError(Exception):
    """A case that asks for what is not there (a dialect); the message is a sentence."""


def answer_cases(
    cases: str,
    output: str,
    kind: type[_Case],
    answer: Callable[[_Case], Answer],
    refuse: Callable[[object, str], Answer],
) -> int:
    """Write one answer for each case, in their order and as they come; 1 if a line was no case, else 0.

    ``cases`` and ``output`` are files, or ``-`` for the standard streams. Lines of white space have no answer. A line
    that cannot be answered is answered by ``refuse(id, reason)``, and the next ones go on.
    """
    # The parser warns of statements that it does not know: the answers say that.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    decoder = msgspec.json.Decoder(kind)
    broken = False
    with ExitStack() as files:
        lines = _opened(cases, "rb", files)
        if output != "-" and cases != "-" and Path(output).exists() and Path(output).samefile(cases):
            raise SpeqlError(f"{output} is the file of the cases.", "Name another file for the answers.")
        answers = _opened(output, "wb", files)
        try:
            for number, line in _numbered(lines):
                try:
                    value = answer(decoder.decode(line))
                except (msgspec.DecodeError, UnicodeDecodeError, BrokenCaseError, *_FAILURES) as error:
                    broken = True
                    value = refuse(_id_of(line), _reason(number, error))
                answers.write(msgspec.json.encode(value) + b"\n")
                answers.flush()
        except BrokenPipeError:
            # Who reads the answers has read enough. Python would fail again when it flushes the stream at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
    return 1 if broken else 0


def _opened(name: str, mode: str, files: ExitStack) -> IO[bytes]:
    if name == "-":
        return sys.stdin.buffer if mode == "rb" else sys.stdout.buffer
    try:
        opened: IO[bytes] = files.enter_context(Path(name).expanduser().open(mode))
    except (OSError, ValueError, RuntimeError) as error:
        verb = "read" if mode == "rb" else "write"
        raise SpeqlError(f"Could not {verb} {name}: {error}.", "Check the name and its permissions.") from error
    return opened


def _numbered(lines: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(lines, 1):
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if text.strip():
            yield number, text


def _reason(number: int, error: Exception) -> str:
    if isinstance(error, BrokenCaseError):
        return str(error)
    if isinstance(error, msgspec.DecodeError | UnicodeDecodeError):
        return f"Line {number} is not a case: {str(error).rstrip('.')}."
    return f"Line {number} could not be answered, which is a defect of SpeQL: {type(error).__name__}: {error}."


def _id_of(line: bytes) -> object:
    """The id of a line that is no case, if it has one."""
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value.get("id") if isinstance(value, dict) else None
