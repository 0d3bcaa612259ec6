"""The `speql` command."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from speql_server.cli.bench_group import BenchGroup
from speql_server.cli.connections import app as connections_app
from speql_server.cli.history import app as history_app
from speql_sql import SpeqlError

app = typer.Typer(
    name="speql",
    help=(
        "Run SQL before it is finished: repair, speculation, exact previews.\n\n"
        "Start with `speql demo` to see the main job in your terminal, or point your editor's language client at "
        "`speql serve`. Commands that take SQL accept the text itself, a file, or - for standard input."
    ),
    epilog=(
        "Exit status: 0 done, 1 the answer is no (rows differ, nothing to run), 2 wrong usage or a failed connection."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Database = Annotated[
    str | None,
    typer.Option("--database", "-d", metavar="FILE", help="A DuckDB file, opened read-only. Without it: in-memory."),
]
Connection = Annotated[
    str | None,
    typer.Option(
        "--connection", metavar="NAME", help="A connection by its name instead: see `speql connections list`."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Output = Annotated[str, typer.Option("--output", "-o", metavar="FILE|-", help="Where the answers go, a line each.")]
Sql = Annotated[str, typer.Argument(metavar="SQL|FILE|-", help="SQL text, a file that holds it, or - for stdin.")]


@app.callback(invoke_without_command=True)
def _speql(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as version_of

        typer.echo(f"speql {version_of('speql')}")
        raise typer.Exit


@app.command()
def demo(
    query: Annotated[
        str, typer.Option("--query", "-q", metavar="NAME|FILE", help="A query of the demo, or your own on its tables.")
    ] = "delays",
    speed: Annotated[float, typer.Option(min=0.1, max=1000, help="1 types as fast as a person does.")] = 1.0,
    plain: Annotated[bool, typer.Option("--plain", help="Plain lines; the default without a terminal.")] = False,
    json: Json = False,
    database: Annotated[
        str | None,
        typer.Option("--database", "-d", metavar="FILE", help="Your own DuckDB file instead of the demo's data."),
    ] = None,
    list_queries: Annotated[bool, typer.Option("--list", help="List the queries of the demo and exit.")] = False,
) -> None:
    """Type an analytical query over 10 million real flights and watch its answer arrive first.

    The first run loads the data (about 20 s, 260 MB) into your cache directory. Exit status 0 only if the rows
    served are equal to those of a direct run.
    """
    from speql_server.cli.demo.run_demo import list_demo_queries, run_demo

    if list_queries:
        list_demo_queries()
        return
    style: Literal["live", "plain", "json"] = (
        "json" if json else "plain" if plain or not sys.stdout.isatty() else "live"
    )
    raise typer.Exit(run_demo(query=query, speed=speed, style=style, database=database))


bench = typer.Typer(
    cls=BenchGroup,
    help="Measure SpeQL: replay typing (`typing`, also without the word), how well it repairs (`repair`) and predicts "
    "(`prediction`), how quickly the language server answers (`lsp`).",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
app.add_typer(bench, name="bench")


@bench.command("typing")
def bench_typing(
    queries: Annotated[
        list[str], typer.Argument(metavar="FOLDER|FILE...", help="Folders of .sql files, or files; a query a file.")
    ],
    database: Annotated[str, typer.Option("--database", "-d", metavar="FILE", help="A DuckDB file, opened read-only.")],
    protocols: Annotated[
        str, typer.Option(metavar="LIST", help="Some of lines, human, edits, with commas between them.")
    ] = "lines,human,edits",
    only: Annotated[str, typer.Option(metavar="LIST", help="Names of the queries to replay, with commas.")] = "",
    slowdown: Annotated[
        float, typer.Option(min=0.1, max=1000, help="Take everything that the engine does as so many times as slow.")
    ] = 1.0,
    direct_runs: Annotated[
        int, typer.Option(min=1, help="Runs of each query directly, of which the median counts.")
    ] = 3,
    compared_previews: Annotated[
        int, typer.Option(min=0, help="Compare at most so many previews of a replay with direct runs.")
    ] = 20,
    hidden_lines: Annotated[
        int, typer.Option(min=1, help="So many lines at a query's end are hidden first by the protocol lines.")
    ] = 20,
    history: Annotated[
        int, typer.Option(min=0, max=50, help="So many other instances of each query were run before.")
    ] = 0,
    results: Annotated[
        Path, typer.Option(metavar="FILE", help="Where the records are kept; an interrupted run goes on there.")
    ] = Path("bench/results/bench.jsonl"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the records that are there.")] = False,
) -> None:
    """Replay typing on a virtual clock and compare every result with a direct run of the same query.

    Pauses cost nothing and work takes its time. Exit status 0 only if no result was wrong.
    """
    from speql_server.cli.bench.replay import ReplaySettings
    from speql_server.cli.bench.run_bench import run_bench

    settings = ReplaySettings(slowdown, direct_runs, compared_previews, hidden_lines, history)
    status = run_bench(
        queries,
        database=database,
        protocols=[name.strip() for name in protocols.split(",") if name.strip()],
        only=[name.strip() for name in only.split(",") if name.strip()],
        settings=settings,
        results=results,
        fresh=fresh,
    )
    raise typer.Exit(status)


@bench.command("repair")
def bench_repair(
    queries: Annotated[
        list[str], typer.Argument(metavar="FOLDER|FILE...", help="Folders of .sql files, or files; a query a file.")
    ],
    database: Database = None,
    connection: Connection = None,
    only: Annotated[str, typer.Option(metavar="LIST", help="Names of the queries, with commas.")] = "",
    random_texts: Annotated[
        int, typer.Option("--random", min=0, help="So many cuts at random characters, and so many edits in the middle.")
    ] = 20_000,
    schema: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Instead of a database, the statements that make it; only DuckDB can bind then."
        ),
    ] = None,
    dialect: Annotated[str, typer.Option(help="The dialect of the schema and the queries.")] = "duckdb",
    share: Annotated[float, typer.Option(min=0.0, max=1.0, help="The share of all texts that is tried.")] = 1.0,
    seed: Annotated[int, typer.Option(help="What random texts are drawn with.")] = 1,
    failures: Annotated[int, typer.Option(min=0, help="Examples that are shown of each cause of failure.")] = 3,
    json: Json = False,
) -> None:
    """Repair queries cut at lines, tokens and characters and changed in the middle; ask the engine whether they bind.

    Exit status 0 only if no word was left out elsewhere than at the cursor without a problem that says so.
    """
    from speql_server.cli.bench_repair.run_bench_repair import run_bench_repair

    status = run_bench_repair(
        queries,
        database=database,
        connection=connection,
        only=[name.strip() for name in only.split(",") if name.strip()],
        random_texts=random_texts,
        schema=schema,
        dialect=dialect,
        share=share,
        seed=seed,
        failures=failures,
        json=json,
    )
    raise typer.Exit(status)


@bench.command("prediction")
def bench_prediction(
    queries: Annotated[
        list[str], typer.Argument(metavar="FOLDER|FILE...", help="Folders of .sql files, or files with statements.")
    ],
    database: Database = None,
    connection: Connection = None,
    history: Annotated[
        int, typer.Option(min=0, max=50, help="Other instances of each query that were run before.")
    ] = 3,
    columns_only: Annotated[
        bool, typer.Option("--columns-only", help="Leave ghost text out, which takes longer.")
    ] = False,
    json: Json = False,
) -> None:
    """Type queries and compare what is predicted with what comes: without history, and with other instances of them."""
    from speql_server.cli.bench_prediction.run_bench_prediction import run_bench_prediction

    status = run_bench_prediction(
        queries, database=database, connection=connection, history=history, columns_only=columns_only, json=json
    )
    raise typer.Exit(status)


@bench.command("lsp")
def bench_lsp(
    queries: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FOLDER|FILE...]", help="Folders of .sql files, or files; a query a file."),
    ] = None,
    database: Database = None,
    connection: Connection = None,
    only: Annotated[str, typer.Option(metavar="LIST", help="Names of the queries, with commas.")] = "",
    speed: Annotated[float, typer.Option(min=0.1, max=1000, help="So many times as fast as a person types.")] = 4.0,
    synthetic_lines: Annotated[
        int, typer.Option(min=0, help="Type in the middle of a document of so many lines, and of a short one.")
    ] = 0,
    keystrokes: Annotated[int, typer.Option(min=1, help="So many keys are typed there.")] = 200,
    soak: Annotated[
        int, typer.Option(metavar="EDITS", min=0, help="Make so many edits; show what the server holds meanwhile.")
    ] = 0,
    rows: Annotated[bool, typer.Option("--rows", help="Show the slowest answers, too, a row each.")] = False,
    json: Json = False,
) -> None:
    """Type queries into a language server over stdio, ask as editors do, and measure how long the answers take.

    Exit status 0 only if every request had an answer.
    """
    from speql_server.cli.bench_lsp.run_bench_lsp import run_bench_lsp

    status = run_bench_lsp(
        queries or [],
        database=database,
        connection=connection,
        only=[name.strip() for name in only.split(",") if name.strip()],
        speed=speed,
        synthetic_lines=synthetic_lines,
        keystrokes=keystrokes,
        soak_edits=soak,
        rows=rows,
        json=json,
    )
    raise typer.Exit(status)


@app.command("bench-report")
def bench_report(
    results: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Results of `speql bench`.")],
    page: Annotated[Path, typer.Option(metavar="FILE", help="The page to write.")] = Path("docs/benchmarks.md"),
) -> None:
    """Write the tables and plots of benchmark results as a Markdown page (needs matplotlib: speql[bench])."""
    from speql_server.cli.bench.report_page import write_report

    write_report(results, page)
    typer.echo(f"{page} is written.")


app.add_typer(history_app, name="history")
app.add_typer(connections_app, name="connections")


@app.command()
def serve(
    database: Database = None,
    connection: Connection = None,
    tcp: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Listen on a loopback address instead of stdio.")
    ] = None,
    ws: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="The same for WebSockets, which browsers speak.")
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The token that clients of --tcp and --ws say.")
    ] = None,
    allow_origin: Annotated[
        list[str] | None, typer.Option(metavar="ORIGIN", help="Let pages of this origin in, too; may be repeated.")
    ] = None,
    writable: Annotated[
        bool, typer.Option("--writable", help="Open the file for writing: submits may change it.")
    ] = False,
    log_file: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the log here instead of stderr.")] = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "warning",
) -> None:
    """Run the language server for an editor (stdio, --tcp 127.0.0.1:PORT or --ws 127.0.0.1:PORT)."""
    from speql_server.cli.serve import serve as run_server

    run_server(
        database,
        tcp,
        ws=ws,
        token_file=token_file,
        allow_origin=allow_origin or (),
        connection=connection,
        writable=writable,
        log_file=log_file,
        log_level=log_level,
    )


@app.command()
def play(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE...]",
            help="Texts (.sql) and data: DuckDB files, .csv and .parquet files, folders of those. The first data is "
            "what the page begins with.",
        ),
    ] = None,
    connection: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[=DATABASE]",
            help="Another database to choose from; or, without =, the one to begin with: of `speql connections list`, "
            "also of .speql.toml.",
        ),
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Begin with the data of `speql demo`: 10 million real flights.")
    ] = False,
    writable: Annotated[
        bool, typer.Option("--writable", help="Open the files for writing: submits may change them.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The port at 127.0.0.1; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in your browser.")] = True,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "error",
) -> None:
    """Open SpeQL in the browser: an editor, previews, the tables, and files to drop on it.

    Only this machine reaches it, and only with the token in the address that is printed.
    """
    from speql_server.cli.play import play_command

    raise typer.Exit(
        play_command(
            files or [],
            connection=connection or [],
            demo=demo,
            writable=writable,
            port=port,
            browser=browser,
            log_level=log_level,
        )
    )


@app.command()
def repair(
    sql: Annotated[
        str | None, typer.Argument(metavar="SQL|FILE|-", help="SQL text, a file, or - for stdin; or give --cases.")
    ] = None,
    cursor: Annotated[
        int | None, typer.Option(min=0, help="Where the cursor is, in characters. Default: the end of the text.")
    ] = None,
    database: Database = None,
    connection: Connection = None,
    json: Json = False,
    cases: Annotated[
        str | None,
        typer.Option(metavar="FILE|-", help='Instead of SQL: a case a line, {"id", "text", "cursor", "schema"}.'),
    ] = None,
    output: Output = "-",
) -> None:
    """Turn unfinished SQL into a query that runs, and show every edit and its reason."""
    if (sql is None) == (cases is None):
        raise typer.BadParameter("Give either SQL or --cases FILE.")
    if cases is not None:
        if cursor is not None or json:
            raise typer.BadParameter("--cursor and --json are for one text; a case has its own cursor.")
        from speql_server.cli.repair_cases import repair_cases_command

        raise typer.Exit(repair_cases_command(cases, database=database, connection=connection, output=output))
    if output != "-":
        raise typer.BadParameter("--output goes with --cases.")
    assert sql is not None
    from speql_server.cli.repair import repair_command

    raise typer.Exit(repair_command(sql, cursor=cursor, database=database, connection=connection, json=json))


@app.command()
def rewrite(
    cases: Annotated[
        str,
        typer.Option(metavar="FILE|-", help='A case a line: {"id", "schema", "views": [{"name", "sql"}], "query"}.'),
    ],
    dialect: Annotated[str, typer.Option(help="The dialect of the schema, the views and the queries.")] = "duckdb",
    output: Output = "-",
) -> None:
    """Answer queries from views where that is proved to give the same rows, many cases in one process."""
    from speql_server.cli.rewrite import rewrite_command

    raise typer.Exit(rewrite_command(cases, dialect=dialect, output=output))


@app.command("format")
def format_files(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE|FOLDER|-...", help="Files, folders of .sql files, or - for stdin.")
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit status 1 if a file would be changed.")
    ] = False,
    keyword_case: Annotated[
        str, typer.Option("--keyword-case", metavar="CASE", help="Key words as typed, upper or lower.")
    ] = "typed",
    line_width: Annotated[int, typer.Option("--line-width", min=20, max=1000, help="Columns of a line.")] = 100,
    indent: Annotated[int, typer.Option("--indent", min=1, max=16, help="Spaces of a level.")] = 4,
    tabs: Annotated[bool, typer.Option("--tabs", help="A tab a level instead of spaces.")] = False,
    dialect: Annotated[str, typer.Option(help="The dialect that the files are in.")] = "duckdb",
) -> None:
    """Lay out the queries of files: only white space changes. What is no query, or not finished, stays as it is."""
    if keyword_case not in ("typed", "upper", "lower"):
        raise typer.BadParameter("--keyword-case is typed, upper or lower.")
    from speql_server.cli.format import format_command
    from speql_speculator.formatting.style import Style
    from speql_sql.parse import is_dialect

    if not is_dialect(dialect):
        raise typer.BadParameter(f"{dialect} is no dialect of SQL that is known here.")
    case: Literal["typed", "upper", "lower"] = (
        "upper" if keyword_case == "upper" else "lower" if keyword_case == "lower" else "typed"
    )
    style = Style(indent, tabs, line_width, case)
    raise typer.Exit(format_command(files, check=check, style=style, dialect=dialect))


@app.command()
def explain(sql: Sql, database: Database = None, connection: Connection = None, json: Json = False) -> None:
    """Show what SpeQL would compute for a query, what it would reuse, and why not."""
    from speql_server.cli.explain import explain_command

    raise typer.Exit(explain_command(sql, database=database, connection=connection, json=json))


@app.command()
def doctor(
    database: Database = None,
    connection: Connection = None,
    language_model: Annotated[
        str | None,
        typer.Option("--language-model", metavar="PROFILE", help="Check the key and endpoint of this profile, too."),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option("--base-url", metavar="URL", help="The language model's endpoint, if not the profile's."),
    ] = None,
    json: Json = False,
) -> None:
    """Check this installation: versions, the engine, what is missing and how to get it."""
    from speql_server.cli.doctor import doctor_command

    status = doctor_command(
        database=database, connection=connection, json=json, language_model=language_model, base_url=base_url
    )
    raise typer.Exit(status)


@app.command()
def spending(
    days: Annotated[
        int | None, typer.Option("--days", min=1, help="Only so many days, today the last. Without it: all.")
    ] = None,
    by: Annotated[
        str, typer.Option("--by", metavar="LIST", help="Some of day, engine, connection, with commas between them.")
    ] = "day,engine,connection",
    json: Json = False,
    clear: Annotated[bool, typer.Option("--clear", help="Empty the ledger; budgets begin again.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --clear: do not ask.")] = False,
) -> None:
    """Print what statements have cost: your own, those run ahead and used, those wasted, and what was saved.

    It is kept in a ledger on this machine, without the text of any query. See docs/spending.md.
    """
    from speql_server.cli.spending import clear_command, spending_command

    if clear:
        raise typer.Exit(clear_command(yes=yes))
    names = tuple(name.strip() for name in by.split(",") if name.strip())
    if not set(names) <= {"day", "engine", "connection"}:
        raise typer.BadParameter("--by takes day, engine and connection, with commas between them.")
    raise typer.Exit(spending_command(days=days, by=names, json=json))


def main() -> None:
    """Entry point of the `speql` script: known errors become one message and exit status 2."""
    try:
        app()
    except SpeqlError as error:
        typer.secho(f"speql: {error}", fg="red", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
