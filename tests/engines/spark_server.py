"""A real Spark Connect server of these tests' own: Spark in an environment of its own, a small heap, no pages."""

import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ENVIRONMENT = Path(os.environ.get("SPEQL_SPARK", ".venv-engines/spark"))
_BRIEF = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""It starts often, and runs briefly."""

_STARTED = re.compile(r"Spark Connect server started at: 127\.0\.0\.1:(\d+)")


def spark_home() -> Path | None:
    """Where Spark is installed, if it is."""
    return next(ENVIRONMENT.absolute().glob("lib/python3*/site-packages/pyspark"), None)


@contextmanager
def spark_server(home: Path) -> Iterator[str]:
    """The name of a server (``sc://...``) whose tables and files are gone with it.

    It has two threads, so that one statement may run beside one that takes long.
    """
    with tempfile.TemporaryDirectory(prefix="speql-spark") as folder:
        settings = {
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": "0",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.extraJavaOptions": _BRIEF,
            "spark.driver.host": "127.0.0.1",
            "spark.local.dir": f"{folder}/local",
            "spark.log.structuredLogging.enabled": "false",
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.shuffle.partitions": "2",
            "spark.sql.warehouse.dir": f"{folder}/warehouse",
            "spark.ui.enabled": "false",
        }
        command = [f"{home}/bin/spark-submit", "--master", "local[2]", "--driver-memory", "1g"]
        for key, value in settings.items():
            command += ["--conf", f"{key}={value}"]
        command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
        environment = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_CONF_DIR": folder}
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            assert process.stdout is not None
            port = next((found[1] for line in process.stdout if (found := _STARTED.search(line))), None)
            assert port is not None, "Spark Connect did not start"
            reader = threading.Thread(target=process.stdout.read, daemon=True)
            reader.start()  # or it would wait for its log to be read
            yield f"sc://127.0.0.1:{port}/;user_id=ann"
        finally:
            process.terminate()
            process.wait(30)
            if process.stdout is not None:
                process.stdout.close()


def empty_catalog(session: Any) -> None:
    """Drop all schemas, tables and views of the server."""
    for (schema,) in session.sql("SHOW SCHEMAS").collect():
        if schema != "default":
            session.sql(f"DROP SCHEMA `{schema}` CASCADE")
    for table in session.catalog.listTables("default"):
        session.sql(f"DROP {'VIEW' if table.tableType == 'VIEW' else 'TABLE'} default.`{table.name}`")
