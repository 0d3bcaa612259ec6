"""`speql bench lsp`: what is asked when, what is made of the answers, and a run of each kind on a small database."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from speql_server.cli.bench_lsp.long_document import document_of
from speql_server.cli.bench_lsp.moments import asked_after
from speql_server.cli.bench_lsp.records import Answered, figures_of
from speql_server.cli.main import app

MOMENTS = [
    ("S", {"inlineCompletion", "completion"}),
    ("SE", {"inlineCompletion"}),
    ("SELECT ", {"inlineCompletion", "semanticTokens/full/delta", "documentHighlight"}),
    ("SELECT f.", {"inlineCompletion", "completion"}),
    ("SELECT f.d", {"inlineCompletion", "completion"}),
    ("SELECT sum(", {"inlineCompletion", "signatureHelp"}),
    ("SELECT sum(a,", {"inlineCompletion", "signatureHelp"}),
    (
        "SELECT a\n",
        {
            *("inlineCompletion", "semanticTokens/full/delta", "documentHighlight", "documentSymbol"),
            *("foldingRange", "hover", "definition"),
        },
    ),
]


@pytest.mark.parametrize(("text", "expected"), MOMENTS)
def test_what_is_asked_after_a_key(text: str, expected: set[str]) -> None:
    assert set(asked_after(text)) == expected


def test_figures() -> None:
    records = [Answered("hover", "q", n, float(n), "answered") for n in range(1, 101)]
    records += [Answered("hover", "q", 0, 999.0, "modified"), Answered("completion", "q", 0, 5.0, "cancelled")]
    found = figures_of(records)
    assert list(found) == ["completion", "hover"]
    assert found["hover"] == {
        "count": 101,
        "p50": 50.5,
        "p90": 90.1,
        "p99": 99.01,
        "max": 100.0,
        "modified": 0.0099,
        "cancelled": 0.0,
        "failed": 0.0,
    }
    assert found["completion"]["p50"] is None
    assert found["completion"]["cancelled"] == 1.0


@pytest.mark.parametrize("queries", [[], ["SELECT 1\nFROM t", "SELECT 2"]])
def test_a_document_of_so_many_lines(queries: list[str]) -> None:
    text = document_of(queries, 1_000)
    assert 1_000 <= text.count("\n") < 1_010
    assert 0.4 < text.index("/*here*/") / len(text) < 0.6


def test_typing_a_query(small_database: Path, tmp_path: Path) -> None:
    query = tmp_path / "delays.sql"
    query.write_text("SELECT a.name, count(*) AS n\nFROM flights f\nJOIN airlines a USING (carrier)\nGROUP BY a.name")
    arguments = ["bench", "lsp", str(query), "-d", str(small_database), "--speed", "60", "--json"]
    answer = CliRunner().invoke(app, arguments)
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout.strip().splitlines()[-1])
    assert found["queries"] == 1
    assert found["keystrokes"] == len(query.read_text())
    methods = found["methods"]
    wanted = {"completion", "hover", "inlineCompletion", "semanticTokens/full/delta", "documentSymbol", "preview"}
    assert wanted <= set(methods)
    assert all(row["failed"] == 0 for row in methods.values())
    assert methods["completion"]["p50"] < 1_000
    assert {"late", "own", "garbage"} == set(found["loop"])


def test_a_long_document(small_database: Path) -> None:
    arguments = ["bench", "lsp", "-d", str(small_database), "--synthetic-lines", "400", "--keystrokes", "20"]
    answer = CliRunner().invoke(app, [*arguments, "--speed", "4", "--json"])
    assert answer.exit_code == 0, answer.output
    short, long = json.loads(answer.stdout.strip().splitlines()[-1])["documents"]
    assert short["lines"] < 60 < 400 <= long["lines"]
    assert long["methods"]["completion"]["count"] == 20
    assert long["cpuMsPerKeystroke"] > 0


def test_nothing_to_type() -> None:
    answer = CliRunner().invoke(app, ["bench", "lsp"])
    assert answer.exit_code != 0
    assert "nothing to type" in str(answer.exception)
