"""Puts the pages that are built from TypeScript into the wheel."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ASSETS = ("server/speql_server/play/assets", "notebook/speql_notebook/assets")
"""Folders of built files, which git ignores."""

LEFT_OUT = "SPEQL_WITHOUT_PAGES"
"""The environment variable for a wheel without them, as the VS Code extension has it: it has pages of its own."""


class PagesHook(BuildHookInterface[Any]):
    """Builds the files where they are missing, and fails with what to do where that is not possible."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before each build. An installation in place needs nothing: `speql play` says what is missing."""
        if version == "editable" or os.environ.get(LEFT_OUT):
            return
        root = Path(self.root)
        if not all(any((root / folder).glob("*.js")) for folder in ASSETS):
            _build(root / "vscode-client")
        build_data["artifacts"] += [f"{folder}/*" for folder in ASSETS]


def _build(client: Path) -> None:
    npm = shutil.which("npm")
    if npm is None or not client.is_dir():
        raise RuntimeError(
            "The pages of `speql play` are not built. In a clone of the repository run: make assets (it needs Node.js "
            f"20 or newer and npm). For a wheel without them set {LEFT_OUT}=1."
        )
    for command in (["ci", "--ignore-scripts", "--no-audit", "--no-fund"], ["run", "build:assets"]):
        subprocess.run([npm, *command], cwd=client, check=True)
