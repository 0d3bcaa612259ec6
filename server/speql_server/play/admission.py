"""Which requests are let in: made to this machine's own name, by our own page, with the token.

Any page in the user's browser can send requests to 127.0.0.1, also one that is served from another port of this
machine, and a name can be made to resolve to it. So the host must be a loopback name; what a page sends must come from
this very origin, which the browser says truthfully; and the token must be there, which only our page was told.
"""

from http import HTTPStatus

from websockets.datastructures import Headers

from speql_server.wire.access import Token, host_admitted
from speql_server.wire.websocket import tokens_said

Refusal = tuple[HTTPStatus, str]


def refused_host(headers: Headers) -> Refusal | None:
    """Why a request may not have been made to this name."""
    hosts = headers.get_all("Host")
    if len(hosts) != 1 or not host_admitted(hosts[0]):
        return HTTPStatus.FORBIDDEN, "The host is not this machine."
    return None


def refused_origin(headers: Headers) -> Refusal | None:
    """Why what a page sends may not come from there: it is another page than ours, or does not say which.

    A browser says for each websocket where its page is from; for other requests it says how far that is.
    """
    given = headers.get_all("Origin")
    if given and (len(given) > 1 or given[0] != f"http://{headers['Host']}"):
        return HTTPStatus.FORBIDDEN, "Pages of another origin are not let in."
    if headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return HTTPStatus.FORBIDDEN, "Pages of another origin are not let in."
    return None


def refused_socket(headers: Headers) -> Refusal | None:
    """Why a websocket may not be opened from there."""
    if not headers.get_all("Origin"):
        return HTTPStatus.FORBIDDEN, "Only the page itself is let in."
    return refused_origin(headers)


def refused_token(path: str, headers: Headers, token: Token) -> Refusal | None:
    """Why a request is not from somebody who was told the token."""
    if any(token.admits(one) for one in tokens_said(path, headers)):
        return None
    return HTTPStatus.UNAUTHORIZED, "The right token is missing. Open the address that speql play has printed."
