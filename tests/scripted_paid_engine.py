"""A scripted paid engine, named as such: it runs nothing, costs what the test says, and notes what it was asked."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pyarrow as pa

from speql_engines import Binding, EngineError, EngineInfo, Estimate, Result, ResultColumn, TempTable
from speql_engines.bill import Bill, statement_bill
from speql_engines.governed.governed_engine import GovernedEngine
from speql_sql import Catalog, FunctionSignature

TEBIBYTE = 1 << 40


@dataclass
class ScriptedPaidEngine:
    """Charges $6.25 a tebibyte, as the list price of the engine that it says it is.

    ``estimates`` are the tebibytes that a statement is expected to scan, ``costs`` those that it really does;
    ``asked`` are the calls that would reach a warehouse, in order. With ``caps`` it holds to the most bytes of a bill.
    """

    paid: bool = True
    estimates: dict[str, float] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)
    free: set[str] = field(default_factory=set)
    caps: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)
    bills: list[Bill] = field(default_factory=list)
    gate: asyncio.Event | None = None
    running: int = 0
    most_running: int = 0
    began: asyncio.Condition = field(default_factory=asyncio.Condition)

    temp_tables_wait = False

    @property
    def info(self) -> EngineInfo:
        return EngineInfo("BigQuery", "scripted", "a scripted project", False, "bigquery", paid=self.paid)

    @property
    def ran(self) -> list[str]:
        """The statements that have cost something."""
        return [sql for kind, sql in self.asked if kind not in ("estimate", "bind", "drop")]

    async def catalog(self) -> Catalog:
        return Catalog()

    async def functions(self) -> tuple[FunctionSignature, ...]:
        return ()

    async def data_version(self) -> str:
        return "1"

    async def bind(self, sql: str) -> Binding:
        self.asked.append(("bind", sql))
        return Binding((ResultColumn("a", "INT64"),))

    async def estimate(self, sql: str) -> Estimate:
        self.asked.append(("estimate", sql))
        if sql == "no estimate":
            raise EngineError("The dry run failed.")
        scanned = int(self.estimates.get(sql, 0.001) * TEBIBYTE)
        return Estimate(1, 1, 1, scanned, dollars=0.0 if sql in self.free else None)

    async def execute(self, sql: str, max_rows: int | None = None) -> Result:
        return await self._run("execute", sql)

    async def submit(self, sql: str, max_rows: int | None = None) -> Result:
        return await self._run("submit", sql)

    async def sample(self, sql: str, table: str, fraction: float, max_rows: int | None = None) -> Result:
        return await self._run("sample", sql)

    async def create_temp_table(self, name: str, sql: str, most_rows: int | None = None) -> TempTable:
        await self._run("create", sql)
        return TempTable(name, name, 1, 8, (ResultColumn("a", "INT64"),), 0.0)

    async def drop_temp_table(self, name: str) -> None:
        self.asked.append(("drop", name))

    async def close(self) -> None:
        self.asked.append(("close", ""))

    async def runs(self, count: int) -> None:
        """Wait until so many statements run."""
        async with self.began:
            await self.began.wait_for(lambda: self.running >= count)

    async def _run(self, kind: str, sql: str) -> Result:
        bill = statement_bill()
        self.asked.append((kind, sql))
        self.bills.append(bill)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        async with self.began:
            self.began.notify_all()
        try:
            if self.gate is not None:
                await self.gate.wait()
        finally:
            self.running -= 1
        if sql == "bad":
            raise EngineError("The statement failed.")
        scanned = int(self.costs.get(sql, self.estimates.get(sql, 0.001)) * TEBIBYTE)
        if self.caps and bill.most_bytes is not None and scanned > bill.most_bytes:
            raise EngineError("Query exceeded limit for bytes billed.")
        bill.bytes = scanned
        return Result((ResultColumn("a", "INT64"),), pa.table({"a": [1]}), True, 0.0)


@dataclass
class Clocks:
    """A wall clock and a monotonic one, in seconds, that a test moves."""

    wall: float = 1_800_000_000.0
    monotonic: float = 1_000.0

    def pass_(self, seconds: float) -> None:
        """Time passes."""
        self.wall += seconds
        self.monotonic += seconds

    def put(self, seconds: float) -> None:
        """Somebody sets the wall clock, forward or back."""
        self.wall += seconds


Govern = Callable[..., GovernedEngine]
