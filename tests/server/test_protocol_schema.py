"""The TypeScript text: every wire type is there, and its shape is right without a compiler at hand."""

import re

import msgspec

from speql_server import protocol
from speql_server.wire.protocol_schema import typescript


def interfaces(text: str) -> dict[str, dict[str, str]]:
    found = re.findall(r"^export interface (\w+) \{\n(.*?)^\}$", text, re.MULTILINE | re.DOTALL)
    return {name: dict(re.findall(r'^  "?([\w/]+)"?: (.+);$', body, re.MULTILINE)) for name, body in found}


def test_every_wire_type_is_declared_once() -> None:
    declared = re.findall(r"^export interface (\w+)", typescript(), re.MULTILINE)
    structs = [
        one.__name__ for one in vars(protocol).values() if isinstance(one, type) and issubclass(one, msgspec.Struct)
    ]
    assert sorted(declared) == sorted({*structs, "Messages"} - {"Wire", "Request"})


def test_fields_have_the_names_of_the_wire_and_types_of_typescript() -> None:
    preview = interfaces(typescript())["Preview"]
    assert list(preview) == [field.encode_name for field in msgspec.structs.fields(protocol.Preview)]
    assert preview["totalRows"] == "number | null"
    assert preview["rows"] == "Cell[][]"
    assert preview["range"] == "Range | null"
    assert preview["outcome"] == '"rows" | "nothing" | "failed"'
    assert preview["states"] == '("exact" | "sample" | "predicted" | "stale" | "cached")[]'
    assert preview["tempOnly"] == "boolean"
    assert interfaces(typescript())["Messages"]["speql/status"] == "Status"


def test_every_name_that_is_used_is_declared() -> None:
    text = typescript()
    declared = set(re.findall(r"^export (?:interface|type) (\w+)", text, re.MULTILINE))
    used = {
        name
        for fields in interfaces(text).values()
        for kind in fields.values()
        for name in re.findall(r"\b[A-Z]\w*", kind)
    }
    assert used <= declared
    assert text.count("{") == text.count("}")
    assert text.count("(") == text.count(")")


def test_the_text_is_always_the_same() -> None:
    assert typescript() == typescript()
    assert typescript().startswith("// Made from")
