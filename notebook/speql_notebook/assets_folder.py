"""The files of the widget that are built from TypeScript."""

from importlib.resources import files

from speql_sql import SpeqlError


class AssetsMissingError(SpeqlError):
    """The widget's files were not built."""


def asset(name: str) -> str:
    """The text of one of them. Raises `AssetsMissingError`: in a clone of the repository they have to be built."""
    try:
        return (files("speql_notebook") / "assets" / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise AssetsMissingError(
            f"The widget's file {name} is not there.",
            "In a clone of the repository run `make assets`, which needs Node.js and npm.",
        ) from None
