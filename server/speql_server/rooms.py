"""What the server uses of the rooms below, in one import that takes a second: see `app.py` for when it is made."""

from speql_scheduler.running.settings import SchedulerSettings
from speql_server.connecting.connection import Connection, open_connection, open_engine_of, predictor_of
from speql_server.executors import Executors
from speql_server.outlets import Outlets
from speql_server.session import Session

__all__ = [
    "Connection",
    "Executors",
    "Outlets",
    "SchedulerSettings",
    "Session",
    "open_connection",
    "open_engine_of",
    "predictor_of",
]
