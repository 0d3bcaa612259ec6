"""The language server protocol as pygls speaks it, where SpeQL needs it otherwise."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from cattrs.errors import BaseValidationError, StructureHandlerNotFoundError
from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified, JsonRpcException, JsonRpcInternalError, JsonRpcInvalidParams
from pygls.protocol import JsonRPCNotification, JsonRPCRequestMessage, LanguageServerProtocol, lsp_method
from pygls.protocol.json_rpc import JsonRPCResponseMessage

from speql_server.wire.framing import MOST_BYTES
from speql_sql import SpeqlError

logger = logging.getLogger(__name__)

_MISFITS = (TypeError, ValueError, KeyError, AttributeError, RecursionError)
"""What the converter raises, besides its own errors, for values that are of other types than declared."""

_BEFORE_ADMISSION = 2**20
"""A client that has not said its token needs no longer messages."""


class RequestRefusedError(JsonRpcException):
    """A request that is in order and cannot be done; the message says why, and clients show it. Nobody's error."""

    CODE = types.LSPErrorCodes.RequestFailed.value


class NotAdmittedError(Exception):
    """The client did not say the token. The connection ends."""


class SpeqlLanguageServerProtocol(LanguageServerProtocol):
    """pygls' protocol with our own reading and writing of messages and document sync, and cancellable commands.

    pygls answers nothing to a message that it cannot read, and logs what is in it; it takes requests before
    `initialize`. Here every request has an answer, and a message of the client's is never in the log.

    pygls applies edits to its own copy of each document: it breaks lines where the protocol does not (form feed,
    U+2028), so every later position is off, and it rebuilds the text line by line. Our handlers keep the text.
    It also runs a command apart from the request that asked for it, so `$/cancelRequest` does not reach the command.
    """

    admits: Callable[[object], bool] | None = None
    """Whether a client with this token may go on; None where all may, because only one can reach the server."""

    @property
    def most_bytes(self) -> int:
        """How long a message may be now."""
        return MOST_BYTES if self.admits is None or self._workspace is not None else _BEFORE_ADMISSION

    def receive(self, body: bytes) -> None:
        """Take a message: hand it to its handler, or answer why not. Nothing that a client can send is an error here.

        Raises ``SystemExit`` at ``exit``, and `NotAdmittedError` for a client without the right token.
        """
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            self._refuse(None, types.ErrorCodes.ParseError, "The message is not JSON.")
            return
        number = message.get("id") if isinstance(message, dict) else None
        if isinstance(number, bool) or not isinstance(number, (int, str)):
            number = None
        if not isinstance(message, dict) or message.get("jsonrpc") != self.VERSION:
            self._refuse(number, types.ErrorCodes.InvalidRequest, "The message is not one of JSON-RPC 2.0.")
            return
        method = message.get("method")
        if isinstance(method, str):
            if "id" in message:
                self._receive_request(number, method, message)
            else:
                self._receive_notification(method, message)
        elif number is not None and ("result" in message or "error" in message):
            self._receive_response(message)
        else:
            self._refuse(number, types.ErrorCodes.InvalidRequest, "The message has no method.")

    def send_wire(self, method: str, params: msgspec.Struct) -> None:
        """Send one of our own notifications."""
        self._write({"jsonrpc": self.VERSION, "method": method, "params": params})

    def _receive_request(self, number: int | str | None, method: str, message: dict[str, Any]) -> None:
        if number is None:
            self._refuse(None, types.ErrorCodes.InvalidRequest, "A request's id is a number or a string.")
            return
        if self._shutdown:
            self._refuse(number, types.ErrorCodes.InvalidRequest, "The server is shut down.")
            return
        begins = method == types.INITIALIZE
        if begins == (self._workspace is not None):
            if begins:
                self._refuse(number, types.ErrorCodes.InvalidRequest, "The server is initialized already.")
            else:
                self._refuse(number, types.ErrorCodes.ServerNotInitialized, "The server is not initialized yet.")
            return
        if begins and self.admits is not None and not self.admits(_token(message)):
            self._refuse(
                number, types.ErrorCodes.InvalidRequest, "The right token is missing in initializationOptions.token."
            )
            raise NotAdmittedError
        if not self._handles(method):
            self._refuse(number, types.ErrorCodes.MethodNotFound, f"{method} is not known here.")
            return
        request = self._structured(message) or (self._structured(_plainest(message)) if begins else None)
        if request is None:
            self._refuse(number, types.ErrorCodes.InvalidParams, f"The parameters of {method} do not fit.")
        elif not hasattr(request, "id"):
            self._refuse(number, types.ErrorCodes.InvalidRequest, f"{method} is no request.")
        else:
            self.handle_message(request)
            # From now on, and not when all has been stopped: what comes meanwhile would start it again.
            self._shutdown = self._shutdown or method == types.SHUTDOWN

    def _receive_notification(self, method: str, message: dict[str, Any]) -> None:
        if method != types.EXIT and (self._shutdown or self._workspace is None):
            logger.warning("%s came before initialize or after shutdown; it was ignored", _known(method))
            return
        if not self._handles(method):
            return  # as the protocol wants it: clients tell of more than servers care for
        notification = self._structured(message)
        if notification is None or hasattr(notification, "id"):
            logger.warning("The parameters of %s do not fit; it was ignored", _known(method))
        else:
            self.handle_message(notification)

    def _receive_response(self, message: dict[str, Any]) -> None:
        kind = self._result_types.pop(message["id"], None)
        if "error" in message:
            kind = types.ResponseErrorMessage
        response: Any = JsonRPCResponseMessage(message["id"], self.VERSION, message.get("result"))
        if kind is not None:
            response = self._as(kind, message)
        if response is None:
            logger.warning("An answer of the client's does not fit; it was ignored")
        else:
            self.handle_message(response)

    def _handles(self, method: str) -> bool:
        return method == types.CANCEL_REQUEST or method in self.fm.builtin_features or method in self.fm.features

    def _structured(self, message: dict[str, Any]) -> Any:
        """The request or notification with its declared type; None if its parameters do not fit."""
        method = message["method"]
        kind = self.get_message_type(method)
        if kind is not None:
            return self._as(kind, message)
        if "id" in message:
            return JsonRPCRequestMessage(message["id"], method, self.VERSION, message.get("params"))
        return JsonRPCNotification(method, self.VERSION, message.get("params"))

    def _as(self, kind: type[Any], message: dict[str, Any]) -> Any:
        try:
            return self._converter.structure(message, kind)
        except (BaseValidationError, StructureHandlerNotFoundError, *_MISFITS):
            return None

    def _send_handler_result(self, future: Any, *, msg_id: int | str) -> None:
        """Answer a request. What cannot be done is told in the words that are meant for the user."""
        error = None if future.cancelled() else future.exception()
        if isinstance(error, JsonRpcException) and not isinstance(error, JsonRpcInternalError):
            answer: Any = {"code": error.code, "message": error.message}
        elif isinstance(error, SpeqlError):
            answer = {"code": types.LSPErrorCodes.RequestFailed.value, "message": str(error)}
        else:
            super()._send_handler_result(future, msg_id=msg_id)
            return
        self._request_futures.pop(msg_id, None)
        # What was overtaken by an edit is no failure.
        level = logging.DEBUG if isinstance(error, JsonRpcContentModified) else logging.WARNING
        logger.log(level, "A request failed: %s", type(error).__name__)
        self._write({"jsonrpc": self.VERSION, "id": msg_id, "error": answer})

    def _handle_cancel_notification(self, msg_id: Any) -> None:
        """Cancel a request; one that is answered already is none to speak of, and an id may be anything."""
        future = self._request_futures.get(msg_id) if isinstance(msg_id, int | str) else None
        if future is not None:
            super()._handle_cancel_notification(msg_id)

    def _refuse(self, number: int | str | None, code: types.ErrorCodes, message: str) -> None:
        logger.warning("A message was refused: %s", message if number is None else code.name)
        self._write({"jsonrpc": self.VERSION, "id": number, "error": {"code": code.value, "message": message}})

    def _send_data(self, data: Any) -> None:
        """Send what pygls has made."""
        self._write(self._converter.unstructure(data) if hasattr(data, "__attrs_attrs__") else data)

    def _write(self, message: Any) -> None:
        if self.writer is None:
            logger.error("There is nobody to send a message to")
            return
        try:
            body = msgspec.json.encode(message)
        except (TypeError, UnicodeEncodeError, OverflowError):
            # Lone surrogates, which JSON can say and UTF-8 cannot, and what only pygls knows how to write.
            body = json.dumps(message, default=self._plain).encode()
        if self._include_headers:
            body = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        self.writer.write(body)

    def _plain(self, value: Any) -> Any:
        return msgspec.to_builtins(value) if isinstance(value, msgspec.Struct) else self._serialize_message(value)

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> Iterator[Any]:
        """Hand over to our own handler."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_OPEN], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Iterator[Any]:
        """Hand over to our own handler."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> Iterator[Any]:
        """Hand over to our own handler."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE], (params,), None

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def lsp_notebook_document__did_open(self, params: types.DidOpenNotebookDocumentParams) -> Iterator[Any]:
        """Hand over to our own handler."""
        yield self.fm.features[types.NOTEBOOK_DOCUMENT_DID_OPEN], (params,), None

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def lsp_notebook_document__did_change(self, params: types.DidChangeNotebookDocumentParams) -> Iterator[Any]:
        """Hand over to our own handler."""
        yield self.fm.features[types.NOTEBOOK_DOCUMENT_DID_CHANGE], (params,), None

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def lsp_notebook_document__did_close(self, params: types.DidCloseNotebookDocumentParams) -> Iterator[Any]:
        """Hand over to our own handler."""
        yield self.fm.features[types.NOTEBOOK_DOCUMENT_DID_CLOSE], (params,), None

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(  # type: ignore[override]  # pygls takes a coroutine for a handler as well
        self, params: types.ExecuteCommandParams
    ) -> Any:
        """Run a command with the list of its arguments."""
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise JsonRpcInvalidParams(f"There is no command {params.command}.")
        return await handler(params.arguments or [])


def _token(message: dict[str, Any]) -> object:
    params = message.get("params")
    options = params.get("initializationOptions") if isinstance(params, dict) else None
    return options.get("token") if isinstance(options, dict) else None


def _plainest(message: dict[str, Any]) -> dict[str, Any]:
    """An ``initialize`` with what we read of it, for clients with capabilities that the types do not know."""
    params = message.get("params")
    params = params if isinstance(params, dict) else {}
    capabilities = params.get("capabilities")
    general = capabilities.get("general") if isinstance(capabilities, dict) else None
    encodings = general.get("positionEncodings") if isinstance(general, dict) else None
    process = params.get("processId")
    kept = {
        "processId": process if isinstance(process, int) else None,
        "rootUri": params.get("rootUri") if isinstance(params.get("rootUri"), str) else None,
        "capabilities": {"general": {"positionEncodings": encodings}} if isinstance(encodings, list) else {},
        "initializationOptions": params.get("initializationOptions"),
    }
    return {**message, "params": kept}


def _known(method: str) -> str:
    """The method's name, if it is one of the protocol's: others may hold anything."""
    return method if method in types.METHOD_TO_TYPES or method.startswith("speql/") else "A notification"
