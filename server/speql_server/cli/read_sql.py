"""The SQL argument of a command."""

import sys
from pathlib import Path

from speql_sql import SpeqlError


def read_sql(argument: str) -> str:
    """The text that ``argument`` means: standard input for ``-``, a file's content if one is there, else itself.

    Raises :class:`SpeqlError` for a directory, an unreadable file, or a name that looks like a missing .sql file.
    """
    if argument == "-":
        return decoded(sys.stdin.buffer.read(), "standard input")
    if not argument:
        return ""
    try:
        path = Path(argument).expanduser()
        if path.is_dir():
            raise SpeqlError(f"{argument} is a directory.", "Name a .sql file, or give the SQL itself in quotes.")
        if path.is_file():
            return decoded(path.read_bytes(), argument)
    except (OSError, ValueError) as error:
        # A long or odd SQL text is no legal path: then it is the text. A path that cannot be read is an error.
        if argument.endswith(".sql"):
            raise SpeqlError(f"Could not read {argument}: {error}.", "Check the name and its permissions.") from error
        return argument
    if argument.endswith(".sql") and not any(character.isspace() for character in argument):
        raise SpeqlError(f"There is no file {argument}.", "Check the name, or give the SQL itself in quotes.")
    return argument


def decoded(content: bytes, source: str) -> str:
    """Bytes as text; raises :class:`SpeqlError` if they are not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpeqlError(
            f"{source} is not UTF-8 text (byte {error.start}).", "Save it as UTF-8, or name a text file."
        ) from error
