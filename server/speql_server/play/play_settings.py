"""What `speql play` serves: which connections a page may choose from, and which texts it may open."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from speql_server.settings import ServerSettings


class Text(msgspec.Struct, frozen=True):
    """A text that the page may open, as it was when the server started. ``uri`` is that of its file."""

    name: str
    uri: str
    text: str


class Example(msgspec.Struct, frozen=True):
    """A query that types itself. It is for one database, by its label; an empty one is any."""

    name: str
    question: str
    text: str
    database: str = ""


@dataclass(frozen=True, slots=True)
class PlaySettings:
    """``server`` is what each page's language server is told; ``folder`` is where relative paths start."""

    server: ServerSettings
    folder: Path
    texts: tuple[Text, ...] = ()
    examples: tuple[Example, ...] = field(default=())

    def told(self, exports: Path, largest_upload: int) -> dict[str, Any]:
        """What the page is told when it starts."""
        return {
            "root": self.folder.as_uri(),
            "texts": msgspec.to_builtins(self.texts),
            "examples": msgspec.to_builtins(self.examples),
            "exports": str(exports),
            "largestUpload": largest_upload,
        }
