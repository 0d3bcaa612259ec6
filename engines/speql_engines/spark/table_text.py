"""What SHOW TABLE EXTENDED tells of a table, in a text made for people."""

import re
from dataclasses import dataclass

from speql_sql import Column

_TYPE = re.compile(r"^Type: (.*)$", re.M)
_PROVIDER = re.compile(r"^Provider: (.*)$", re.M)
_SIZE = re.compile(r"^Statistics: (\d+) bytes(?:, (\d+) rows)?", re.M)
_VIEW, _ORIGINAL, _SCHEMA = "\nView Text: ", "\nView Original Text: ", "\nSchema: root\n"
_FIELD = re.compile(
    r"^(?P<indent>(?: \|   )*) \|-- (?P<name>.*): (?P<type>.+?)(?: \((?:nullable|valueContainsNull|containsNull) = "
    r"(?P<nullable>true|false)\))?$"
)
_TYPES = {"integer": "int", "long": "bigint", "short": "smallint", "byte": "tinyint"}


@dataclass(frozen=True, slots=True)
class TableText:
    """What is told; ``columns`` is None where the text leaves them in doubt, ``view_text`` empty likewise."""

    is_view: bool
    provider: str = ""
    view_text: str = ""
    rows: int | None = None
    bytes: int | None = None
    columns: tuple[Column, ...] | None = None


@dataclass(slots=True)
class _Field:
    name: str
    type: str
    nullable: bool
    inner: "list[_Field]"

    @property
    def spelling(self) -> str:
        """The type as SQL writes it."""
        inner = {one.name: one.spelling for one in self.inner}
        if self.type == "struct":
            return f"struct<{','.join(f'{one.name}:{one.spelling}' for one in self.inner)}>"
        if self.type == "array":
            return f"array<{inner['element']}>"
        if self.type == "map":
            return f"map<{inner['key']},{inner['value']}>"
        return _TYPES.get(self.type, self.type)


def table_text(information: str) -> TableText:
    r"""The parts of the text.

    >>> told = table_text("Table: t\nType: MANAGED\nProvider: orc\nSchema: root\n |-- a: long (nullable = true)\n\n")
    >>> told.provider, [(column.name, column.type) for column in told.columns]
    ('orc', [('a', 'bigint')])
    """
    kind, provider, size = (pattern.search(information) for pattern in (_TYPE, _PROVIDER, _SIZE))
    return TableText(
        is_view=kind is not None and "VIEW" in kind[1],
        provider=provider[1] if provider else "",
        view_text=_view_text(information),
        rows=int(size[2]) if size and size[2] else None,
        bytes=int(size[1]) if size else None,
        columns=_columns(information.rpartition(_SCHEMA)[2]) if _SCHEMA in information else None,
    )


def _view_text(information: str) -> str:
    """The view's query; nothing where its own words, or a comment's, could be taken for the end of it."""
    if information.count(_VIEW) != 1 or information.count(_ORIGINAL) != 1:
        return ""
    return information.partition(_VIEW)[2].partition(_ORIGINAL)[0]


def _columns(text: str) -> tuple[Column, ...] | None:
    top: list[_Field] = []
    for line in text.strip("\n").split("\n"):
        found = _FIELD.match(line)
        if found is None:
            return None
        depth = len(found["indent"]) // 5
        siblings = top
        for _ in range(depth):
            if not siblings:
                return None
            siblings = siblings[-1].inner
        siblings.append(_Field(found["name"], found["type"], found["nullable"] != "false", []))
    try:
        return tuple(Column(one.name, one.spelling, one.nullable) for one in top)
    except KeyError:
        return None
