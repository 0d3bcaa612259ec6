"""The jobs of a document, and how they hang together."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from speql_engines.statement_log import telling_ids
from speql_scheduler.running.answer import Answer

logger = logging.getLogger(__name__)

JobKind = Literal["create", "preview", "submit"]
JobState = Literal["queued", "running", "done", "failed", "cancelled", "greyed", "evicted"]
EdgeKind = Literal["input", "served-by", "subsumes"]

GONE: frozenset[JobState] = frozenset({"failed", "cancelled", "greyed", "evicted"})


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work: a temp table to create, a preview or a submit.

    ``key`` is the canonical key of what it computes, so a job outlives the text that first asked for it. ``rows`` and
    ``bytes`` are the real size once it is done; ``seconds`` the time it took. ``reason`` says in a sentence why it is
    done, or why it ended as it did. ``table`` is the temp table that it has made; ``tables`` are the full names of the
    base tables that it reads. What is expected of it are ``estimated_rows`` and ``estimated_seconds``.
    """

    key: str
    kind: JobKind
    label: str
    state: JobState = "queued"
    sql: str = ""
    rows: int | None = None
    bytes: int | None = None
    seconds: float | None = None
    reason: str = ""
    queries: tuple[str, ...] = ()
    """The ids of the statements that were sent to the engine for it, as in the log."""
    table: str = ""
    tables: tuple[str, ...] = ()
    estimated_rows: int | None = None
    estimated_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class JobGraph:
    """The job graph at one moment: jobs in the order in which they were first wanted, edges as (from, to, kind).

    ``input``: ``to`` reads the temp table of ``from``. ``served-by``: the preview or submit ``from`` reads the temp
    table ``to``. ``subsumes``: the temp table of ``from`` answers ``to``, which therefore needs none of its own.
    """

    jobs: tuple[Job, ...] = ()
    edges: tuple[tuple[str, str, str], ...] = ()

    def job(self, key: str) -> Job | None:
        """The job of that key."""
        return next((job for job in self.jobs if job.key == key), None)


class JobBoard:
    """The job graph as it changes. ``on_change`` gets a snapshot at most once per turn of the event loop."""

    def __init__(self, on_change: Callable[[JobGraph], None]) -> None:
        # networkx takes a quarter of a second to import: not before the first document is opened.
        import networkx

        self._graph: networkx.MultiDiGraph[Any] = networkx.MultiDiGraph()
        self._on_change = on_change
        self._handle: asyncio.Handle | None = None

    def __getitem__(self, key: str) -> Job:
        job: Job = self._graph.nodes[key]["job"]
        return job

    def __contains__(self, key: str) -> bool:
        return key in self._graph

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All jobs, in the order in which they were first wanted."""
        return tuple(self[key] for key in self._graph)

    def put(self, job: Job) -> None:
        """Add a job, or replace the one of its key."""
        self._graph.add_node(job.key, job=job)
        self._changed()

    def change(self, key: str, **changes: Any) -> None:
        """Change fields of a job; nothing happens if it is no longer on the board."""
        if key in self._graph:
            changed = replace(self[key], **changes)
            if changed.state != self[key].state:
                # Of a failure only that it is one: the engine's words may quote values of rows.
                reason = f": {changed.reason}" if changed.reason and changed.state != "failed" else ""
                queries = ", ".join(changed.queries)
                logger.debug("job %s (%s) is %s%s", changed.kind, queries or "nothing sent", changed.state, reason)
            self.put(changed)

    @contextmanager
    def noting_queries(self, key: str) -> Iterator[None]:
        """Within it, what is sent to the engine is noted as this job's."""

        def note(query: str) -> None:
            if key in self._graph:
                self.put(replace(self[key], queries=(*self[key].queries, query)))

        with telling_ids(note):
            yield

    def remove(self, keys: Iterable[str]) -> None:
        """Take jobs and their edges off the board."""
        self._graph.remove_nodes_from(list(keys))
        self._changed()

    def connect(self, source: str, target: str, kind: EdgeKind) -> None:
        """Add an edge between two jobs that are on the board; others are ignored."""
        if source in self._graph and target in self._graph and source != target:
            self._graph.add_edge(source, target, key=kind)
            self._changed()

    def disconnect(self, key: str) -> None:
        """Forget what a job was said to read or to be answered by."""
        self._graph.remove_edges_from(list(self._graph.in_edges(key, keys=True)))
        served = [edge for edge in self._graph.out_edges(key, keys=True) if edge[2] == "served-by"]
        self._graph.remove_edges_from(served)
        self._changed()

    def answered(self, key: str, answer: Answer, keys_by_name: Mapping[str, str]) -> None:
        """A preview or submit is done, served from the temp tables of these names."""
        self.change(
            key,
            state="done",
            sql=answer.executed_sql,
            tables=answer.base_tables,
            rows=answer.result.rows.num_rows,
            seconds=answer.seconds,
        )
        self.disconnect(key)
        for name in answer.served_from:
            self.connect(key, keys_by_name.get(name, ""), "served-by")

    def prune(self, wanted: Collection[str]) -> None:
        """Take off what is neither wanted nor of any more use: jobs that ended without a temp table."""
        self.remove(job.key for job in self.jobs if job.state in GONE and job.key not in wanted)

    def snapshot(self) -> JobGraph:
        """The graph as a frozen value."""
        return JobGraph(
            self.jobs, tuple((source, target, kind) for source, target, kind in self._graph.edges(keys=True))
        )

    def _changed(self) -> None:
        if self._handle is None:
            self._handle = asyncio.get_running_loop().call_soon(self._publish)

    def _publish(self) -> None:
        self._handle = None
        self._on_change(self.snapshot())

    def close(self) -> None:
        """Publish no more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._on_change = lambda _: None
