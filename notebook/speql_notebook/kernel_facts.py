"""How a language server finds the kernel of a notebook: a file for each kernel, which only its user can read."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from platformdirs import user_runtime_path

_VIRTUAL = "/.virtual_documents/"


@dataclass(frozen=True, slots=True)
class KernelFacts:
    """The notebook of a kernel, its process, and where its language server listens, on this machine alone."""

    notebook: str
    process: int
    port: int
    token: str = field(repr=False)

    def write(self) -> Path:
        """Tell of it; the file that has to be removed."""
        folder = _folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / f"{self.process}.json"
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as text:
            json.dump(asdict(self), text)
        return file


def kernel_of(uri: str) -> KernelFacts | None:
    """The kernel of the notebook that a document is a part of, if there is one and it has loaded SpeQL.

    JupyterLab's language client makes ``ROOT/.virtual_documents/FOLDER/NAME.ipynb.….sql`` of ROOT/FOLDER/NAME.ipynb.
    """
    path = unquote(urlsplit(uri).path)
    end = path.find(".ipynb")
    if end < 0:
        return None
    written = path[: end + len(".ipynb")].replace(_VIRTUAL, "/")
    for facts in _alive():
        notebook = Path(facts.notebook).as_posix()
        if notebook == written:
            return facts
    return None


def _alive() -> Iterator[KernelFacts]:
    """The kernels that are there; the files of others are taken away."""
    folder = _folder()
    for file in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            facts = KernelFacts(**json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            continue  # it is being written, or taken away
        if _is_running(facts.process):
            yield facts
        else:
            file.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    if os.name == "nt":
        return True  # there is no asking without harm; a door that nobody answers at is passed by
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _folder() -> Path:
    return user_runtime_path("speql") / "kernels"
