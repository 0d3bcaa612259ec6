"""What dbt knows of the models around a document: its manifest, read again when it has changed."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from speql_speculator.embedding.relations import NO_RELATIONS, Relations, relations_of_manifest

_LARGEST = 200_000_000
"""A manifest with more bytes than this is not read."""


class DbtProjects:
    """The relations of the dbt projects that documents are in. Used from one thread, so it needs no lock."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[tuple[int, int], Relations]] = {}

    def relations(self, uri: str, workspace: Path | None = None) -> Relations:
        """What ``ref`` and ``source`` mean in a document, by the nearest ``target/manifest.json`` above it, or else in
        the workspace; nothing where there is none that can be read. The same object while the file is the same.
        """
        return self._project(uri, workspace)[1]

    def file(self, uri: str, workspace: Path | None, *names: str) -> Path | None:
        """The file of a model, seed or source, by ``ref`` or ``source`` and its names; None if there is none here."""
        folder, relations = self._project(uri, workspace)
        package, path = relations.files.get(names, ("", ""))
        if folder is None or not path:
            return None
        # Of packages that were installed dbt names the paths in these.
        places = (folder / path, folder / "dbt_packages" / package / path)
        return next((place for place in places if place.is_file()), None)

    def _project(self, uri: str, workspace: Path | None) -> tuple[Path | None, Relations]:
        for folder in _folders(uri, workspace):
            manifest = folder / "target" / "manifest.json"
            try:
                stat = manifest.stat()
                state = (stat.st_mtime_ns, stat.st_size)
                known = self._read.get(manifest)
                if known is not None and known[0] == state:
                    return folder, known[1]
                relations = relations_of_manifest(manifest.read_bytes()) if stat.st_size <= _LARGEST else None
            except OSError:
                continue
            # A manifest that is being written is no manifest yet: what was read before holds until it is one.
            previous = known[1] if known is not None else NO_RELATIONS
            self._read[manifest] = (state, relations or previous)
            return folder, self._read[manifest][1]
        return None, NO_RELATIONS


def _folders(uri: str, workspace: Path | None) -> list[Path]:
    parts = urlsplit(uri)
    folders = list(Path(unquote(parts.path)).parents) if parts.scheme == "file" else []
    return [*folders, *([workspace] if workspace is not None else [])]
