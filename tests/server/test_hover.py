"""Hover and signature help over the wire: what catalog, text and engine know, together."""

from pathlib import Path
from typing import Any

from .conftest import Editor, Start

TEXT = """WITH late AS (
  SELECT carrier AS airline, count(*) AS n, avg(dep_delay) AS mean FROM flights f GROUP BY 1
)
SELECT a.name, late.n + 1 AS more, d.total, round(late.mean, 1)
FROM late JOIN airlines a ON late.airline = a.carrier
CROSS JOIN (SELECT sum(n) AS total FROM late) d"""

HOVERS = [
    ("dep_delay", 1, "flights.dep_delay INTEGER", ["Column of table `flights`, 5,000 rows."]),
    ("a.carrier", 3, "airlines.carrier VARCHAR", ["Primary key.", "Not null.", "Column of table `airlines`, 4 rows."]),
    ("flights", 1, "table main.flights", ["5,000 rows.", "- `id` INTEGER Primary key.", "- `dep_delay` INTEGER"]),
    ("airlines a", 9, "table main.airlines AS a", ["- `name` VARCHAR"]),
    ("late AS", 1, "WITH late", ["- `airline` VARCHAR", "- `n` BIGINT", "- `mean` DOUBLE"]),
    ("late.n", 5, "late.n BIGINT", ["`count(*)`"]),
    ("late.airline", 6, "late.airline VARCHAR", ["`carrier`"]),
    ("d.total", 0, "d", ["- `total` HUGEINT"]),
    ("d.total", 3, "d.total HUGEINT", ["`sum(n)`"]),
    ("more", 1, "more BIGINT", ["`late.n + 1`"]),
]


async def ask(editor: Editor, method: str, offset: int) -> Any:
    params = {"textDocument": {"uri": editor.uri}, "position": editor.position(offset)}
    return await editor.client.request(f"textDocument/{method}", params)


async def test_names_are_explained(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open(TEXT)
    for text, by, head, notes in HOVERS:
        answer = await ask(editor, "hover", TEXT.index(text) + by)
        assert answer is not None, text
        shown = answer["contents"]["value"]
        assert shown.startswith(f"```sql\n{head}\n```"), (text, shown)
        assert not [note for note in notes if note not in shown], (text, shown)
    assert editor.covered((await ask(editor, "hover", TEXT.index("late.airline") + 6))["range"]) == "airline"


async def test_functions_are_explained(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open(TEXT)
    shown = (await ask(editor, "hover", TEXT.index("round") + 1))["contents"]["value"]
    assert "round(x, precision INTEGER)" in shown
    assert "Rounds x" in shown


async def test_nothing_is_said_of_what_is_not_known(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open("SELECT nothing, 'text', 12, f.nothing, my_own(1) FROM flights f WHERE")
    for word in ("nothing", "text", "12", ".nothing", "my_own", "WHERE", "SELECT"):
        assert await ask(editor, "hover", editor.text.index(word) + 1) is None, word


async def test_broken_text_is_explained_as_far_as_it_goes(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    editor.open("WITH late AS (SELECT carrier c, sum(dep_delay FROM flights) SELECT late.c FROM late WHERE (")
    assert "flights.dep_delay INTEGER" in (await ask(editor, "hover", 38))["contents"]["value"]
    shown = (await ask(editor, "hover", 6))["contents"]["value"]
    assert "- `c` VARCHAR" in shown  # the engine cannot bind it, the text says it


async def test_signatures_come_from_the_engine(start: Start, flights: Path) -> None:
    editor = await start("--database", flights)
    for text, label, parameter in (
        ("SELECT round(dep_delay, ", "round(x, precision INTEGER)", 1),
        ("SELECT day, substring(carrier, 1, ", "substring(string VARCHAR, start BIGINT, length BIGINT)", 2),
        ("SELECT concat('a', 'b', 'c', ", "concat(value ANY, ...)", 0),
    ):
        editor.open(text)
        answer = await ask(editor, "signatureHelp", len(text))
        active = answer["signatures"][answer["activeSignature"]]
        assert active["label"].startswith(label), active
        assert answer["activeParameter"] == parameter
        assert all(one["label"] in active["label"] for one in active["parameters"])
    for text in ("SELECT my_own(", "SELECT (", "SELECT 1 IN (", ""):
        editor.open(text)
        assert await ask(editor, "signatureHelp", len(text)) is None
