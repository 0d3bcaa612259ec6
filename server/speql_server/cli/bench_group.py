"""`speql bench` without the name of a benchmark is the oldest of them."""

from typing import Any

from typer.core import TyperGroup

DEFAULT = "typing"


class BenchGroup(TyperGroup):
    """A group whose command `typing` may be left out: ``speql bench queries -d data.duckdb``.

    What a command could be called wins over a folder of that name: write ``./prediction`` for the folder.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command in front of arguments that begin with no other command, but for --help alone."""
        asks_for_help = all(argument in ("-h", "--help") for argument in args)
        if not asks_for_help and not any(argument in self.commands for argument in args[:1]):
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)
