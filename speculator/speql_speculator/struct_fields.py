"""The fields of a column of a STRUCT type."""

from collections.abc import Iterator


def struct_fields(type_name: str) -> tuple[tuple[str, str], ...]:
    """Names and types of the fields of a type as DuckDB spells it; nothing if it is no STRUCT.

    >>> struct_fields('STRUCT(a INTEGER, "b c" STRUCT(d DECIMAL(5,2)[], e DATE))')
    (('a', 'INTEGER'), ('b c', 'STRUCT(d DECIMAL(5,2)[], e DATE)'))
    >>> struct_fields("STRUCT(a INTEGER)[]"), struct_fields("INTEGER")
    ((), ())
    """
    if not type_name.upper().startswith("STRUCT(") or not type_name.endswith(")"):
        return ()
    return tuple(_named(part.strip()) for part in _parts(type_name[len("STRUCT(") : -1]) if part.strip())


def _named(field: str) -> tuple[str, str]:
    if field.startswith('"'):
        end = 1
        while end < len(field) and (field[end] != '"' or field[end : end + 2] == '""'):
            end += 2 if field[end] == '"' else 1
        return field[1:end].replace('""', '"'), field[end + 1 :].strip()
    name, _, kind = field.partition(" ")
    return name, kind.strip()


def _parts(fields: str) -> Iterator[str]:
    """What stands between the commas, those in parentheses and quotes left out."""
    level, quoted, start = 0, False, 0
    for at, letter in enumerate(fields):
        if letter == '"':
            quoted = not quoted
        elif not quoted:
            level += (letter == "(") - (letter == ")")
            if letter == "," and level == 0:
                yield fields[start:at]
                start = at + 1
    yield fields[start:]
