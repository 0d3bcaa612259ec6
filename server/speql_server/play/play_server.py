"""The server of `speql play`: the page, its language server, the files that it is given and that it saves."""

import asyncio
import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from speql_server.app import create_server
from speql_server.play.admission import Refusal, refused_host, refused_origin, refused_socket, refused_token
from speql_server.play.assets import Asset
from speql_server.play.open_pages import OpenPage, OpenPages
from speql_server.play.page_html import COMMON_HEADERS, page_html, page_policy
from speql_server.play.play_settings import PlaySettings
from speql_server.play.uploads import LARGEST_UPLOAD, receive_upload
from speql_server.wire.access import Token
from speql_server.wire.framing import MOST_BYTES
from speql_server.wire.transport import cannot_listen, until_stopped
from speql_server.wire.websocket import serve_connection, spoken_subprotocol

logger = logging.getLogger(__name__)

_CHUNK = 2**20


async def serve_play(
    settings: PlaySettings,
    assets: dict[str, Asset],
    root: Path,
    port: int,
    token: Token,
    announce: Callable[[str], object],
    listening: Callable[[str], object],
) -> int:
    """Serve pages until the process is told to stop; ``listening`` is called with the address to open.

    ``root`` is a directory of this process alone, in which the pages' files are kept while they are open.
    """
    play = _Play(settings, assets, OpenPages(root), token)
    try:
        listener: Server = await serve(
            play.connected,
            "127.0.0.1",
            port,
            process_request=play.answered,
            select_subprotocol=spoken_subprotocol,
            max_size=MOST_BYTES,
            compression=None,  # on one machine it costs time and saves none
            server_header=None,
        )
    except OSError as error:
        return cannot_listen("127.0.0.1", port, error, announce)
    number = next(socket.getsockname()[1] for socket in listener.sockets)
    listening(f"http://127.0.0.1:{number}/?token={token.value}")
    try:
        async with listener:
            await until_stopped()
    finally:
        await play.pages.close()
    return 0


class _Play:
    """Answers requests and serves connections."""

    def __init__(self, settings: PlaySettings, assets: dict[str, Asset], pages: OpenPages, token: Token) -> None:
        self.pages = pages
        self._settings = settings
        self._assets = assets
        self._token = token

    def answered(self, connection: ServerConnection, request: Request) -> Response | None:
        """The answer to a request; None for a websocket that may be opened."""
        path, headers = urlsplit(request.path).path, request.headers
        refusal = refused_host(headers)
        if refusal is None and path.startswith("/assets/"):
            return self._asset(path.removeprefix("/assets/"), headers)
        if refusal is None and path in _SOCKETS:
            refusal = refused_socket(headers)
        elif refusal is None and path != "/":
            refusal = refused_origin(headers)
        refusal = refusal or refused_token(request.path, headers, self._token)
        if refusal is not None:
            return _refused(refusal)
        if path in _SOCKETS:
            return None
        if path == "/":
            return _page(headers["Host"])
        if path == "/start":
            return self._start(_query(request.path, "page"))
        return _text(HTTPStatus.NOT_FOUND, "There is nothing here.")

    async def connected(self, connection: ServerConnection) -> None:
        """Serve a websocket to its end."""
        request = connection.request
        assert request is not None, "the handshake is over"
        key = _query(request.path, "page")
        serve_one = _SOCKETS[urlsplit(request.path).path]
        if serve_one is not _serve_language and self.pages.find(key) is None:
            await connection.close(1008, "The page is not open.")
            return
        try:
            async with self.pages.entered(key) as page:
                await serve_one(self._settings, connection, page)
        except ValueError:
            await connection.close(1008, "That is no page.")
        except ConnectionClosed:
            logger.info("A page has left in the middle of something")

    def _start(self, key: str) -> Response:
        page = self.pages.find(key)
        if page is None:
            return _text(HTTPStatus.NOT_FOUND, "The page is not open.")
        return _json(self._settings.told(page.exports, LARGEST_UPLOAD))

    def _asset(self, name: str, headers: Headers) -> Response:
        # No secret, so no token; but whoever embeds it in a page of another origin would learn that SpeQL runs.
        refusal = refused_origin(headers)
        if refusal is not None:
            return _refused(refusal)
        asset = self._assets.get(name)
        if asset is None:
            return _text(HTTPStatus.NOT_FOUND, "There is nothing here.")
        return _response(HTTPStatus.OK, asset.content_type, asset.body)


async def _serve_language(settings: PlaySettings, connection: ServerConnection, page: OpenPage) -> None:
    server = create_server(replace(settings.server, dropped=page.dropped))
    page.servers.add(server)
    try:
        await serve_connection(server, connection)
    finally:
        page.servers.discard(server)


async def _serve_upload(settings: PlaySettings, connection: ServerConnection, page: OpenPage) -> None:
    request = connection.request
    assert request is not None, "the handshake is over"
    size = _query(request.path, "size")
    if not size.isdecimal():
        await connection.close(1008, "The size of the file is missing.")
        return
    await receive_upload(connection, page, _query(request.path, "name"), int(size))


async def _serve_download(settings: PlaySettings, connection: ServerConnection, page: OpenPage) -> None:
    """Send a file that was exported, in binary frames, and remove it."""
    request = connection.request
    assert request is not None, "the handshake is over"
    wanted = _query(request.path, "name")
    path = next((path for path in page.exports.iterdir() if path.name == wanted), None)
    if path is None:
        await connection.close(1008, "There is no such file.")
        return
    try:
        with await asyncio.to_thread(path.open, "rb") as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                await connection.send(chunk)
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


_SOCKETS = {"/lsp": _serve_language, "/upload": _serve_upload, "/download": _serve_download}


def _query(path: str, name: str) -> str:
    return next(iter(parse_qs(urlsplit(path).query).get(name, [])), "")


def _page(host: str) -> Response:
    nonce = secrets.token_urlsafe(18)
    answer = _response(HTTPStatus.OK, "text/html", page_html(nonce).encode())
    answer.headers["Content-Security-Policy"] = page_policy(nonce, host)
    return answer


def _refused(refusal: Refusal) -> Response:
    status, reason = refusal
    logger.warning("A request was refused: %s", reason)
    return _text(status, reason)


def _text(status: HTTPStatus, text: str) -> Response:
    return _response(status, "text/plain", f"{text}\n".encode())


def _json(value: object) -> Response:
    return _response(HTTPStatus.OK, "application/json", json.dumps(value).encode())


def _response(status: HTTPStatus, content_type: str, body: bytes) -> Response:
    headers = Headers(
        {
            **COMMON_HEADERS,
            "Content-Type": f"{content_type}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
    )
    return Response(status.value, status.phrase, headers, body)
