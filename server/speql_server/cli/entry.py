"""Entry point of the `speql` script."""

import sys


def main() -> None:
    """Run the command line; `serve`, which editors wait for, without first importing what the other commands need."""
    if sys.argv[1:2] == ["serve"] and not {"-h", "--help"} & set(sys.argv):
        from speql_server.__main__ import main as serve_main

        serve_main(sys.argv[2:])
    else:
        from speql_server.cli.main import main as command_main

        command_main()


if __name__ == "__main__":
    main()
