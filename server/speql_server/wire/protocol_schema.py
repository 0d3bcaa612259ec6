"""TypeScript declarations of the wire types, made from `protocol.py`."""

import types
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from speql_server import protocol

_SCALARS = {bool: "boolean", int: "number", float: "number", str: "string", type(None): "null", Any: "unknown"}
_HEADER = "// Made from server/speql_server/protocol.py by speql_server.wire.protocol_schema. Do not edit by hand.\n"


def typescript() -> str:
    """The TypeScript text that declares every wire type and the names of the messages.

    Optional properties are those that a client may leave out; the server sends all of its own.
    """
    blocks = [_HEADER, _alias("Cell", protocol.Cell)]
    blocks += [_interface(struct) for struct in _structs()]
    messages = "\n".join(f'  "{method}": {struct.__name__};' for method, struct in protocol.MESSAGES.items())
    blocks.append(
        f"/** The custom notifications and what they carry. */\nexport interface Messages {{\n{messages}\n}}\n"
    )
    return "\n".join(blocks)


def _structs() -> list[type[protocol.Wire]]:
    """Every wire type, in the order of the file."""
    return [
        value
        for value in vars(protocol).values()
        if isinstance(value, type)
        and issubclass(value, protocol.Wire)
        and value not in (protocol.Wire, protocol.Request)
    ]


def _alias(name: str, annotation: object) -> str:
    return f"export type {name} = {_type(annotation, alias=False)};\n"


def _interface(struct: type[protocol.Wire]) -> str:
    optional = issubclass(struct, protocol.Request)
    lines = [
        f"  {field.encode_name}{'?' if optional and not field.required else ''}: {_type(field.type)};"
        for field in msgspec.structs.fields(struct)
    ]
    return f"{_comment(struct.__doc__ or '')}export interface {struct.__name__} {{\n" + "\n".join(lines) + "\n}\n"


def _comment(docstring: str) -> str:
    lines = [line.strip() for line in docstring.strip().splitlines()]
    if len(lines) == 1:
        return f"/** {lines[0]} */\n"
    return "/**\n" + "".join(f" * {line}".rstrip() + "\n" for line in lines) + " */\n"


def _type(annotation: object, alias: bool = True) -> str:
    """The TypeScript spelling of an annotation."""
    if alias and annotation == protocol.Cell:
        return "Cell"
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " | ".join(f'"{value}"' for value in arguments)
    if origin in (Union, types.UnionType):
        return " | ".join(dict.fromkeys(_type(argument) for argument in arguments))
    if origin is list:
        inner = _type(arguments[0])
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if isinstance(annotation, type) and issubclass(annotation, protocol.Wire):
        return annotation.__name__
    raise TypeError(f"{annotation!r} has no TypeScript spelling. Add one to {__name__}.")
