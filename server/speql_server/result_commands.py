"""What the commands about whole results have in common: arguments in, refusals out."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from pygls.exceptions import JsonRpcInvalidParams

from speql_server.lsp.from_lsp import BadArgumentsError, converted_params
from speql_server.protocol import Wire
from speql_server.wire.lsp_protocol import RequestRefusedError
from speql_sql import SpeqlError

if TYPE_CHECKING:
    from speql_server.app import SpeqlServer
    from speql_server.results.requests import ResultRequests

T = TypeVar("T")


def converted(value: Any, kind: type[T], name: str) -> T:
    """The arguments of a request, checked."""
    try:
        return converted_params(value, kind, name)
    except BadArgumentsError as error:
        raise JsonRpcInvalidParams(str(error)) from error


async def answered(server: "SpeqlServer", uri: str, request: "Callable[[ResultRequests], Awaitable[Wire]]") -> Any:
    """The answer to a request about a result of an open document."""
    found = await server.session(uri)
    if found is None:
        raise JsonRpcInvalidParams(f"{uri} is not open. Open it in the editor first.")
    with refused():
        return msgspec.to_builtins(await request(found[0].results))


@contextmanager
def refused() -> Iterator[None]:
    """What the engine refuses is refused with its words: it is no fault of the server's."""
    try:
        yield
    except SpeqlError as error:
        raise RequestRefusedError(str(error)) from error
