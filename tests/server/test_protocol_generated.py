"""The TypeScript types of the wire are those of the Python declarations."""

from pathlib import Path

from speql_server.wire.protocol_schema import typescript

CHECKED_IN = Path(__file__).parents[2] / "vscode-client" / "src" / "protocol.gen.ts"


def test_the_checked_in_types_are_up_to_date() -> None:
    assert CHECKED_IN.read_text("utf-8") == typescript(), (
        "Run `npm run protocol` in vscode-client/ and commit the file."
    )
