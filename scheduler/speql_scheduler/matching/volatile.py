"""Functions that may give another value the next time."""

from sqlglot import exp

_VOLATILE_NODES: tuple[type, ...] = (exp.Rand, exp.Randn, exp.Uuid, exp.CurrentTimestamp, exp.CurrentDate)
_VOLATILE_NODES += (exp.CurrentTime, exp.CurrentDatetime, exp.CurrentUser, exp.NextValueFor, exp.TableSample)
_VOLATILE_NODES += (exp.Localtime, exp.Localtimestamp, exp.CurrentSchema, exp.SessionUser, exp.Parameter)
_VOLATILE_NODES += (exp.Placeholder, exp.CurrentDatabase, exp.CurrentSchemas)
# fmt: off
_VOLATILE_NAMES = frozenset(
    (
        "random", "setseed", "gen_random_uuid", "uuidv4", "uuidv7", "uuid", "now", "get_current_timestamp",
        "get_current_time", "current_localtime", "current_localtimestamp", "today", "transaction_timestamp",
        "nextval", "currval", "txid_current", "pg_backend_pid", "getenv", "getvariable", "current_setting",
        "current_query", "current_database", "current_schemas", "in_search_path", "version", "clock_timestamp",
        "statement_timestamp", "timeofday", "sysdate", "getdate", "newid", "checkpoint", "force_checkpoint",
        "write_log", "parse_duckdb_log_message", "age", "sleep_ms", "current_connection_id", "current_query_id",
        "current_transaction_id", "stats", "setval", "error", "vector_type",
    )
)
# fmt: on


def volatile_function(query: exp.Expr) -> str:
    """The first function of a query that may give another value the next time (``random``, ``now``); or empty."""
    for node in query.walk():
        if isinstance(node, _VOLATILE_NODES):
            return node.key
        if isinstance(node, exp.Anonymous) and node.name.lower() in _VOLATILE_NAMES:
            return node.name.lower()
    return ""
