"""The classes of sqlglot for functions that are known from an engine's documentation: part of the guard's data.

``python -m speql_engines.documented_functions`` writes them anew into ``sql/speql_sql/*_functions.json``, wherever such
a file names its source. The names in there are written by hand.
"""

import json
from pathlib import Path

import sqlglot
from sqlglot import exp

from speql_engines.function_classes import classes_of
from speql_sql import guard
from speql_sql.guard_functions import VOLATILE_FUNCTIONS
from speql_sql.parse import PARSE_ERRORS

REFUSED = ("volatile", "side_effects", "outside")
"""The keys of those names that are never speculated."""

# Some classes come of certain arguments only.
_ARGUMENTS = (
    "'a'",
    "1",
    "a, 'a'",
    "a, 1",
    "'day', a",
    "day, a",
    "a, day",
    "day, a, a",
    "day, 1, a",
    "'day', a, a",
    "a, INTERVAL 1 DAY",
    "a, a, day",
    "DISTINCT a",
    "*",
    "a ORDER BY a",
    "a, 'a', 'a'",
    "a, '$.a'",
    "a, 1, 1",
)


def classes_of_documented(data: dict[str, object], dialect: str) -> list[str]:
    """The classes into which sqlglot parses calls of the functions of ``data``, and of no other that ``data`` names."""
    harmless, refused = (
        _names(data, "functions"),
        set(VOLATILE_FUNCTIONS).union(*(_names(data, key) for key in REFUSED)),
    )
    classes = set().union(*(_classes(name, dialect) for name in harmless))
    classes -= set().union(*(_classes(name, dialect) for name in refused - harmless))
    return sorted(classes | _names(data, "grammar"))


def _names(data: dict[str, object], key: str) -> set[str]:
    names = data.get(key, [])
    assert isinstance(names, list), key
    return set(names)


def _classes(name: str, dialect: str) -> set[str]:
    found = classes_of(name, dialect)
    for arguments in _ARGUMENTS:
        try:
            tree = sqlglot.parse_one(f"SELECT {name}({arguments})", read=dialect)
        except PARSE_ERRORS:
            continue
        if isinstance(tree, exp.Select):
            found |= {type(node).__name__ for node in tree.find_all(exp.Func)}
    return found - {"Anonymous"}


def main() -> None:
    """Write the data anew."""
    for file in sorted(Path(guard.__file__).parent.glob("*_functions.json")):
        data = json.loads(file.read_text("utf-8"))
        if "source" in data:
            data["nodes"] = classes_of_documented(data, file.name.removesuffix("_functions.json"))
            file.write_text(json.dumps(data, indent=0, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
