"""Who may connect, as tables."""

from pathlib import Path

import pytest

from speql_server.wire.access import VARIABLE, Token, host_admitted, origin_admitted, token_for
from speql_server.wire.serve_error import ServeError

ORIGINS = [
    (None, True),
    ("http://localhost", True),
    ("http://localhost:8888", True),
    ("https://localhost:1", True),
    ("http://127.0.0.1:5173", True),
    ("http://127.9.9.9", True),
    ("http://[::1]:80", True),
    ("HTTP://LOCALHOST:80", True),
    ("vscode-webview://1abc2def", True),
    ("https://let.in:444", True),
    ("https://LET.in:444/", True),
    ("https://let.in", False),
    ("http://let.in:444", False),
    ("null", False),
    ("", False),
    ("https://example.com", False),
    ("http://localhost.example.com", False),
    ("http://127.0.0.1.example.com", False),
    ("http://example.com#http://localhost", False),
    ("http://localhost@example.com", False),
    ("file://", False),
    ("chrome-extension://abc", False),
    ("localhost", False),
    ("http://[::1", False),
]


@pytest.mark.parametrize(("origin", "admitted"), ORIGINS)
def test_origins(origin: str | None, admitted: bool) -> None:
    assert origin_admitted(origin, ["https://let.in:444"]) is admitted


HOSTS = [
    ("localhost", True),
    ("localhost:4711", True),
    ("127.0.0.1:4711", True),
    ("[::1]:4711", True),
    ("LOCALHOST:1", True),
    (None, False),
    ("", False),
    ("example.com:4711", False),
    ("127.0.0.1.example.com", False),
    ("192.168.0.7:4711", False),
    ("0.0.0.0:4711", False),
]


@pytest.mark.parametrize(("host", "admitted"), HOSTS)
def test_hosts(host: str | None, admitted: bool) -> None:
    assert host_admitted(host) is admitted


@pytest.mark.parametrize(
    ("given", "admitted"),
    [
        ("a" * 20, True),
        ("a" * 19, False),
        ("", False),
        (None, False),
        (7, False),
        ("é\ud800", False),
        (["a" * 20], False),
    ],
)
def test_tokens(given: object, admitted: bool) -> None:
    assert Token("a" * 20, generated=False).admits(given) is admitted


def test_a_token_is_generated_or_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    first, second = token_for(None), token_for(None)
    assert first.generated
    assert len(first.value) >= 40
    assert first.value != second.value
    monkeypatch.setenv(VARIABLE, "of-the-environment")
    assert token_for(None) == Token("of-the-environment", generated=False)
    assert VARIABLE not in __import__("os").environ, "what the server starts does not get to know it"
    monkeypatch.setenv(VARIABLE, "of-the-environment")
    file = tmp_path / "token"
    file.write_text("  of-the-token-file\n")
    assert token_for(file) == Token("of-the-token-file", generated=False)
    assert "of-the-token-file" not in repr(token_for(file))


@pytest.mark.parametrize("text", ["", "short", "with a space in it, long enough", "ümlaute-sind-nicht-gut"])
def test_tokens_that_are_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ServeError, match="at least 16"):
        token_for(file)


def test_a_token_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ServeError, match="cannot be read"):
        token_for(tmp_path / "missing")
