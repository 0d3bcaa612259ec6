"""What has to be imported before `initialize` is answered is little."""

import subprocess
import sys

HEAVY = {"duckdb", "faiss", "networkx", "numpy", "openai", "psycopg", "pyarrow", "sqlglot"}


def test_a_server_is_made_without_what_takes_long_to_import() -> None:
    script = "import sys, speql_server.app as app; app.create_server(); print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert not HEAVY & set(found.stdout.split())
