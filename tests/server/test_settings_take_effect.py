"""Each setting, also those inside others, as a client sets it: what is so without it, and what with it.

Each is told once by ``workspace/configuration`` and once in ``initializationOptions``. Time is the test's own: short
pauses take none, and one of `HELD_SECONDS` lasts until the test lets it go.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import duckdb
import msgspec
import pytest

from speql_engines import Engine
from speql_engines.governed.settings import SpeculationSettings
from speql_server.app import create_server
from speql_server.clock import Clock
from speql_server.connecting.connection import open_engine_of
from speql_server.connecting.profile import ConnectionProfile
from speql_server.settings import FormatSettings
from speql_speculator.language_model.settings import LanguageModelSettings

from ..scripted_model import says, scripted_model
from .conftest import TABLES
from .seen_by_clients import (
    GROUPED,
    HELD_SECONDS,
    Look,
    Noted,
    OwnTime,
    Room,
    asked_after_the_pause,
    asked_model,
    continued,
    diagnosed,
    embedded,
    handed,
    held_from_all,
    held_from_the_word,
    hinted,
    kept_catalogs,
    laid_out,
    lensed,
    previewed,
    proposed_values,
    remembered,
    run_ahead,
    submitted,
    told,
)
from .served_here import served_here

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Case:
    """A setting and a value for it: what is seen ``without`` it and ``within`` it, both with what else is set."""

    setting: str
    value: Any
    look: Look
    without: Any
    within: Any
    beside: dict[str, Any] = field(default_factory=dict)
    charges: bool = False


def cases(
    rows: list[tuple[str, Any, Look, Any, Any]], inside: str = "", charges: bool = False, **beside: Any
) -> list[Case]:
    """Cases that have the rest of their settings in common; the names of theirs stand ``inside`` another."""
    return [Case(inside + setting, *rest, beside=beside, charges=charges) for setting, *rest in rows]


FLIGHTS = "{folder}/flights.duckdb"
SHOPS = "{folder}/shops.duckdb"
IN_SHOPS = "-- speql: connection=shops\n"
LIMA = [["Lima"]]
MODEL = {"enabled": True, "profile": "llama.cpp", "baseUrl": "{model}"}
is_asked = asked_model()
first_model = asked_model(lambda model: model.asked[0].body["model"])
key = asked_model(lambda model: model.asked[0].headers["authorization"])
large_model = asked_model(lambda model: any(one.body["model"] == "large" for one in model.asked))
is_structured = asked_model(lambda model: "response_format" in model.asked[0].body)
sends_literals = asked_model(lambda model: "secret" in model.sent)
sends_comments = asked_model(lambda model: "remark" in model.sent)
attempts = asked_model(lambda model: len(model.asked))
is_asked_when_unsure = asked_model(text="SELECT carrier, foo FROM airlines")
is_continued = continued(lambda model: bool(model.asked))
filling = continued(lambda model: model.asked[0].path)
runs_ahead = run_ahead(GROUPED)

CASES = [
    *cases(
        [
            ("database", FLIGHTS, submitted("SELECT count(*) FROM airlines"), "failed", [[4]]),
            ("workspace", "{folder}/data", previewed("FROM '{folder}/data/a.csv'"), "file-access", [[7]]),
            ("connections", {"shops": {"database": SHOPS}}, submitted(f"{IN_SHOPS}FROM shops"), "failed", LIMA),
            ("codeLens", False, lensed, True, False),
            ("documentLimit", 10, diagnosed("SELECT 1 AS one"), [], ["document-too-large"]),
            ("statementLimit", 10, diagnosed("SELECT 1 AS one"), [], ["statement-too-long"]),
        ]
    ),
    *cases(
        [
            ("writable", True, submitted("CREATE TABLE made AS SELECT 1 AS x"), "failed", [[1]]),
            ("speculate", False, runs_ahead, True, False),
            ("history.enabled", False, remembered, [True, True], [False, False]),
            ("history.limit", 1, remembered, [True, True], [False, True]),
            ("format.keywordCase", "upper", laid_out, [], ["SELECT", "FROM"]),
            ("format.lineWidth", 30, laid_out, [], ["\n  ", "\n  ", "\n  ", "\n"]),
            ("completion.values", False, proposed_values, ["AA", "B6", "UA"], []),
            ("inlayHints", "types", hinted, [0, 1], [1]),
            ("inlayHints", "rows", hinted, [0, 1], [0]),
            ("inlayHints", "off", hinted, [0, 1], None),
            ("keepCatalog", False, kept_catalogs, True, False),
            ("backgroundTables", 1, handed("background_tables"), 5_000, 1),
            ("unfinishedSeconds", HELD_SECONDS, held_from_the_word, [["unknown-column"]], []),
            ("bindingSeconds", HELD_SECONDS, held_from_all, [["unknown-column"]], []),
        ],
        database=FLIGHTS,
    ),
    *cases(
        [
            ("connection", "shops", submitted("FROM shops"), "failed", LIMA),
            ("connection", {"/**/*.sql": "shops"}, submitted("FROM shops"), "failed", LIMA),
            ("connections.shops.writable", True, submitted(f"{IN_SHOPS}CREATE TABLE x AS FROM shops"), "failed", [[1]]),
            (
                *("connections.shops.workspace", "{folder}/data"),
                *(previewed(IN_SHOPS + "FROM '{folder}/data/a.csv'"), "file-access", [[7]]),
            ),
            ("connections.shops.speculation", {"mode": "off"}, run_ahead(f"{IN_SHOPS}FROM shops"), True, False),
        ],
        connections={"shops": {"database": SHOPS}},
    ),
    *cases(
        [("connections.shops.database", SHOPS, submitted(f"{IN_SHOPS}FROM shops"), "failed", LIMA)],
        connections={"shops": {}},
    ),
    *cases(
        [
            ("mode", "off", runs_ahead, True, False),
            ("perStatement.seconds", 0.0, runs_ahead, True, False),
            ("perStatement.bytes", 0, runs_ahead, True, False),
            ("perHour.seconds", 0.0, runs_ahead, True, False),
            ("perHour.bytes", 0, runs_ahead, True, False),
            ("perDay.seconds", 0.0, runs_ahead, True, False),
            ("perDay.bytes", 0, runs_ahead, True, False),
            ("concurrency", 3, told("concurrency"), None, 3),
            ("resumeWarehouse", True, told("resumeWarehouse"), False, True),
        ],
        inside="speculation.",
        database=FLIGHTS,
    ),
    *cases([("mode", "budget", runs_ahead, False, True)], inside="speculation.", charges=True, database=FLIGHTS),
    *cases(
        [
            ("perStatement.dollars", 0.0, runs_ahead, True, False),
            ("perHour.dollars", 0.0, runs_ahead, True, False),
            ("perDay.dollars", 0.0, runs_ahead, True, False),
            ("price.dollarsPerHour", 1e9, runs_ahead, True, False),
        ],
        inside="speculation.",
        charges=True,
        database=FLIGHTS,
        speculation={"mode": "budget"},
    ),
    *cases(
        [
            ("connections", ["another"], is_asked, True, False),
            ("profile", "anthropic", first_model, "qwen2.5-coder", "claude-haiku-4-5"),
            ("keyName", "SPEQL_OF_A_TEST", key, "Bearer no-key", "Bearer of-a-test"),
            ("smallModel", "small", first_model, "qwen2.5-coder", "small"),
            ("largeModel", "large", large_model, False, True),
            ("structure", "none", is_structured, True, False),
            ("redactLiterals", False, sends_literals, False, True),
            ("redactComments", False, sends_comments, False, True),
            ("tokensPerHour", 1, is_asked, True, False),
            ("inputPrice", 1e9, is_asked, True, False),
            ("outputPrice", 1e9, is_asked, True, False),
            ("debounceSeconds", HELD_SECONDS, asked_after_the_pause, True, False),
            ("attempts", 1, attempts, 4, 2),
            ("askBelow", 0.0, is_asked_when_unsure, True, False),
            ("ghostText", True, is_continued, False, True),
        ],
        inside="languageModel.",
        database=FLIGHTS,
        languageModel=MODEL,
    ),
    *cases(
        [("dollarsPerHour", 0.0, is_asked, True, False), ("dollarsPerDay", 0.0, is_asked, True, False)],
        inside="languageModel.",
        database=FLIGHTS,
        languageModel={**MODEL, "inputPrice": 0.001, "outputPrice": 0.001},
    ),
    *cases(
        [("languageModel.enabled", True, is_asked, False, True)],
        database=FLIGHTS,
        languageModel={**MODEL, "enabled": False},
    ),
    *cases(
        [("languageModel.baseUrl", "{model}", is_asked, False, True)],
        database=FLIGHTS,
        languageModel={**MODEL, "profile": "azure", "baseUrl": ""},
    ),
    *cases(
        [("languageModel.filling", "chat", filling, "/v1/completions", "/v1/chat/completions")],
        database=FLIGHTS,
        languageModel={**MODEL, "ghostText": True},
    ),
    *cases(
        [("languageModel.embeddingModel", "vectors", embedded, [], ["/v1/embeddings"])],
        database=FLIGHTS,
        languageModel={**MODEL, "embeddingDimensions": 2},
    ),
    *cases(
        [("languageModel.embeddingDimensions", 2, embedded, [], ["/v1/embeddings"])],
        database=FLIGHTS,
        languageModel={**MODEL, "embeddingModel": "vectors"},
    ),
]

GOVERNOR = "engines/governed/test_governor.py"
ENDPOINT = "speculator/language_model/test_endpoint.py"
CLIENT = "speculator/language_model/test_client.py"
ELSEWHERE = {
    "speculation.price.dollarsPerTebibyte": (GOVERNOR, "test_a_price_that_the_user_tells_is_known"),
    "languageModel.unknownInputPrice": (ENDPOINT, "test_a_model_of_unknown_price_is_taken_to_be_dear"),
    "languageModel.unknownOutputPrice": (ENDPOINT, "test_a_model_of_unknown_price_is_taken_to_be_dear"),
    "languageModel.timeoutSeconds": (CLIENT, "test_a_slow_answer_ends_at_the_time_out"),
}
"""What no client here can see: the test that shows it."""


def merged(one: Any, other: Any) -> Any:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return other
    return {**one, **{name: merged(one.get(name), value) for name, value in other.items()}}


def nested(path: str, value: Any) -> Any:
    """``{"a": {"b": value}}`` of ``a.b``."""
    first, _, rest = path.partition(".")
    return {first: nested(rest, value) if rest else value}


def filled(value: Any, places: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: filled(one, places) for name, one in value.items()}
    return value.format(**places) if isinstance(value, str) else value


async def seen(case: Case, folder: Path, way: str, *, holds: bool) -> Any:
    """What is seen by a client that sets all this in this way."""
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "a.csv").write_text("a\n7\n", encoding="utf-8")
    with duckdb.connect(str(folder / "flights.duckdb")) as connection:
        connection.execute(TABLES)
    with duckdb.connect(str(folder / "shops.duckdb")) as connection:
        connection.execute("CREATE TABLE shops AS SELECT 'Lima' AS city")
    own, engines, profiles = OwnTime(), list[Noted](), list[ConnectionProfile]()

    async def open_engine(profile: ConnectionProfile) -> Engine:
        profiles.append(profile)
        engine = Noted(cast(Any, await open_engine_of(profile)))
        engine.charges = case.charges
        engines.append(engine)
        return cast(Engine, engine)

    async with scripted_model(says("no JSON")) as model:
        settings = merged(case.beside, nested(case.setting, case.value)) if holds else case.beside
        settings = filled(settings, {"folder": str(folder), "model": model.base_url})
        asked = way == "configuration"
        server = create_server(open_engine=open_engine, clock=Clock(time.perf_counter, own.sleep))
        async with served_here(
            server,
            answers={"workspace/configuration": lambda params: [settings for _ in params["items"]]},
            options=None if asked else settings,
            capabilities={"workspace": {"configuration": asked}},
        ) as editor:
            return await case.look(Room(editor, server, own, model, folder, engines, profiles))


@pytest.fixture(autouse=True)
def own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("SPEQL_OF_A_TEST", "of-a-test")


@pytest.mark.parametrize("case", CASES, ids=[f"{case.setting}={case.value}" for case in CASES])
async def test_a_setting_has_its_effect(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {}
    for way in ("configuration", "initializationOptions"):
        for holds in (False, True):
            folder = tmp_path / way / str(holds)
            for name in ("DATA", "CACHE"):
                monkeypatch.setenv(f"SPEQL_{name}_DIR", str(folder / f"speql-{name.lower()}"))
            found[way, holds] = await seen(case, folder, way, holds=holds)
    assert found == {(way, holds): case.within if holds else case.without for way, holds in found}


def names_of(struct: type[msgspec.Struct], inside: str) -> Iterator[str]:
    """The names of all settings of a structure."""
    for one in msgspec.structs.fields(struct):
        kind = one.type
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            yield from names_of(kind, f"{inside}.{one.encode_name}")
        else:
            yield f"{inside}.{one.encode_name}"


def test_each_setting_has_a_case() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    documented = set(
        re.findall(r"^\| `(\w+)`", text.partition("## All settings")[2].partition("\n## ")[0], re.MULTILINE)
    )
    inner = {
        *names_of(FormatSettings, "format"),
        *names_of(SpeculationSettings, "speculation"),
        *names_of(LanguageModelSettings, "languageModel"),
        *("history.enabled", "history.limit", "completion.values"),
        *(f"connections.shops.{name}" for name in ("database", "writable", "workspace", "speculation")),
    }
    outer = documented - {name.partition(".")[0] for name in inner} | {"connections"}
    assert {case.setting for case in CASES} | ELSEWHERE.keys() == outer | inner
    for file, name in ELSEWHERE.values():
        assert f"def {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8")
