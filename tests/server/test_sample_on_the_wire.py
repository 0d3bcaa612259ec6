"""An estimated answer as a message."""

import msgspec
import pyarrow as pa
import pytest

from speql_engines import Result, ResultColumn
from speql_scheduler.running.answer import Answer, Interval, SampleInfo
from speql_server.analysis import Analysis
from speql_server.lsp import to_lsp
from speql_server.lsp.positions import LineIndex
from speql_speculator.snapshot import Snapshot
from speql_sql import Catalog

RESULT = Result(
    (ResultColumn("g", "VARCHAR"), ResultColumn("n", "BIGINT")),
    pa.table({"g": ["a", "b"], "n": [50, 70]}),
    complete=False,
    seconds=0.1,
)


@pytest.fixture
def analysis() -> Analysis:
    text = "SELECT g, count(*) AS n FROM t GROUP BY g"
    return Analysis(Snapshot("file:///q.sql", 3, text, len(text)), Catalog(), LineIndex(text))


def test_a_sample_has_its_fraction_and_the_intervals_of_each_column(analysis: Analysis) -> None:
    sample = SampleInfo(0.1, "t", (None, Interval((40.0, None), (60.0, None))), 1_200)
    answer = Answer(RESULT, ("sample",), None, "SELECT 1", sample=sample)
    message = msgspec.to_builtins(to_lsp.preview(analysis, "utf-16", answer=answer))
    assert message["states"] == ["sample"]
    assert message["sample"] == {
        "fraction": 0.1,
        "table": "t",
        "intervals": [None, {"low": [40.0, None], "high": [60.0, None]}],
        "rows": 1_200,
    }
    assert (message["complete"], message["totalRows"]) == (False, None)


def test_other_answers_have_none(analysis: Analysis) -> None:
    answer = Answer(RESULT, ("exact",), 2, "SELECT 1")
    assert to_lsp.preview(analysis, "utf-16", answer=answer).sample is None
