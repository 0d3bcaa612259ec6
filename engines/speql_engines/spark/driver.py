"""Spark Connect's Python client, made to neither print nor warn: its lines hold the text of statements."""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _in_a_program() -> Iterator[None]:
    """The client takes a program that has no file (``python -c``) for a run of its own doctests, and may end it."""
    main = sys.modules["__main__"]
    if hasattr(main, "__file__"):
        yield
        return
    main.__file__ = "-c"
    try:
        yield
    finally:
        del main.__file__


with warnings.catch_warnings(), _in_a_program():
    warnings.simplefilter("ignore")  # about versions of pandas, of which nothing is used here
    from pyspark.errors import PySparkException
    from pyspark.sql import types
    from pyspark.sql.connect.client.core import DefaultChannelBuilder, SparkConnectClient
    from pyspark.sql.connect.client.retries import DefaultPolicy
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.functions.builtin import col as column
    from pyspark.sql.connect.plan import SQL
    from pyspark.sql.connect.session import SparkSession
    from pyspark.sql.dataframe import DataFrame as Frame

__all__ = [
    "SQL",
    "DataFrame",
    "DefaultChannelBuilder",
    "DefaultPolicy",
    "Frame",
    "PySparkException",
    "SparkConnectClient",
    "SparkSession",
    "active",
    "column",
    "types",
]

_SILENT = logging.CRITICAL + 1
for _name in ("SQLQueryContextLogger", "pyspark.sql.connect.logging"):
    logging.getLogger(_name).setLevel(_SILENT)
# It gives up with an error, too.
warnings.filterwarnings("ignore", message=r"\[RETRIES_EXCEEDED\]")


@contextmanager
def active(session: SparkSession) -> Iterator[None]:
    """Within it, what the client makes on this thread is of ``session``: a checkpoint asks for no other way."""
    at = SparkSession._active_session
    before = getattr(at, "session", None)
    at.session = session
    try:
        yield
    finally:
        at.session = before
