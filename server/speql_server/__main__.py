"""``python -m speql_server``: the language server, started without the command line's own start-up cost."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(command_line: Sequence[str] | None = None) -> None:
    """Read the arguments, the process's own if none are given, and serve."""
    parser = argparse.ArgumentParser(prog="speql serve", description="The SpeQL language server.")
    parser.add_argument("--database", "-d", metavar="FILE", help="the DuckDB file to open, read-only")
    parser.add_argument("--connection", metavar="NAME", help="the connection to open; see speql connections list")
    parser.add_argument("--writable", action="store_true", help="open it for writing, so that submits may change it")
    parser.add_argument("--tcp", metavar="HOST:PORT", help="listen on a loopback address; port 0 takes a free one")
    parser.add_argument("--ws", metavar="HOST:PORT", help="the same for WebSockets, which browsers speak")
    parser.add_argument("--token-file", metavar="FILE", type=Path, help="the token that clients of --tcp and --ws say")
    parser.add_argument(
        "--allow-origin", metavar="ORIGIN", action="append", default=[], help="let pages of this origin in, too"
    )
    parser.add_argument("--log-file", metavar="FILE", type=Path, help="write the log here instead of to standard error")
    parser.add_argument("--log-level", default="warning", choices=("debug", "info", "warning", "error"))
    arguments = parser.parse_args(command_line)
    from speql_server.cli.serve import serve
    from speql_server.wire.serve_error import ServeError

    try:
        serve(
            arguments.database,
            arguments.tcp,
            ws=arguments.ws,
            token_file=arguments.token_file,
            allow_origin=arguments.allow_origin,
            connection=arguments.connection,
            writable=arguments.writable,
            log_file=arguments.log_file,
            log_level=arguments.log_level,
        )
    except ServeError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
