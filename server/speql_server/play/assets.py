"""The scripts and style sheets of the page, which are built from the TypeScript of the VS Code client."""

from dataclasses import dataclass
from pathlib import Path

from speql_server.wire.serve_error import ServeError

FOLDER = Path(__file__).parent / "assets"
NAMES = ("play.js", "play.css", "chart.js", "icon.svg")
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    content_type: str
    body: bytes


def load_assets(folder: Path = FOLDER) -> dict[str, Asset]:
    """All assets by their names. Raises `ServeError` where they are not built, as in a fresh clone."""
    missing = [name for name in NAMES if not (folder / name).is_file()]
    if missing:
        raise ServeError(
            f"The page's files are not built: {', '.join(missing)}.",
            "In a clone of the repository run: make assets (it needs Node.js 20 or newer and npm).",
        )
    return {name: Asset(_TYPES[Path(name).suffix], (folder / name).read_bytes()) for name in NAMES}
