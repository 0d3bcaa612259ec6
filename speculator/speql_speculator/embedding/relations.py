"""The relations that dbt has made of models and sources, from its manifest."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec


@dataclass(frozen=True)
class Relations:
    """Names of relations as SQL writes them: of models, seeds and snapshots by name or package and name; of sources.

    ``files`` are where they are described, by ``ref`` or ``source`` and the same names: package and path in it.
    """

    refs: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    sources: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    files: Mapping[tuple[str, ...], tuple[str, str]] = field(default_factory=dict)

    def ref(self, *names: str) -> str | None:
        """The relation of ``ref('model')`` or ``ref('package', 'model')``."""
        return self.refs.get(names)

    def source(self, *names: str) -> str | None:
        """The relation of ``source('source', 'table')``."""
        return self.sources.get(names)


NO_RELATIONS = Relations()


def relations_of_manifest(manifest: bytes) -> Relations | None:
    """The relations of a ``target/manifest.json``; None if it cannot be read as one."""
    try:
        read = msgspec.json.decode(manifest, type=_Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    refs: dict[tuple[str, ...], str] = {}
    files: dict[tuple[str, ...], tuple[str, str]] = {}
    for node in read.nodes.values():
        if node.resource_type not in ("model", "seed", "snapshot"):
            continue
        files.setdefault(("ref", node.name), node.file)
        files["ref", node.package_name, node.name] = node.file
        if node.relation_name:
            refs.setdefault((node.name,), node.relation_name)
            refs[node.package_name, node.name] = node.relation_name
    sources: dict[tuple[str, ...], str] = {}
    for node in read.sources.values():
        files["source", node.source_name, node.name] = node.file
        if node.relation_name:
            sources[node.source_name, node.name] = node.relation_name
    return Relations(refs, sources, files)


class _Node(msgspec.Struct):
    name: str
    resource_type: str = ""
    package_name: str = ""
    source_name: str = ""
    relation_name: str | None = None
    original_file_path: str = ""

    @property
    def file(self) -> tuple[str, str]:
        """The package that it is in, and the path of its file in that."""
        return self.package_name, self.original_file_path


class _Manifest(msgspec.Struct):
    nodes: dict[str, _Node]
    sources: dict[str, _Node] = {}
