"""Engines that write down what they are asked."""

from dataclasses import dataclass, field

import pyarrow as pa

from speql_engines import Binding, Engine, EngineInfo, Estimate, Result, ResultColumn, TempTable
from speql_sql import Catalog, FunctionSignature


@dataclass
class RecordingEngine:
    """A real engine, and what it was asked to run, to plan or to describe."""

    real: Engine
    asked: list[str] = field(default_factory=list)
    described: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    async def bind(self, sql: str) -> Binding:
        self.described.append(sql)
        return await self.real.bind(sql)

    async def execute(self, sql: str, max_rows: int | None = None) -> Result:
        self.asked.append(sql)
        return await self.real.execute(sql, max_rows)

    async def submit(self, sql: str, max_rows: int | None = None) -> Result:
        self.asked.append(sql)
        return await self.real.submit(sql, max_rows)

    async def create_temp_table(self, name: str, sql: str, most_rows: int | None = None) -> TempTable:
        self.asked.append(sql)
        return await self.real.create_temp_table(name, sql, most_rows)

    async def estimate(self, sql: str) -> Estimate:
        self.asked.append(sql)
        return await self.real.estimate(sql)

    async def sample(self, sql: str, table: str, fraction: float, max_rows: int | None = None) -> Result:
        self.asked.append(sql)
        return await self.real.sample(sql, table, fraction, max_rows)


@dataclass
class ScriptedEngine:
    """No engine: it takes whatever it is given for a query that gives one column and no row.

    It stands for engines that cannot be had here, under `RecordingEngine`. One that takes everything is the worst.
    """

    known: Catalog

    temp_tables_wait = False

    @property
    def info(self) -> EngineInfo:
        return EngineInfo("Scripted", "1", "scripted", False, self.known.dialect)

    async def catalog(self) -> Catalog:
        return self.known

    async def functions(self) -> tuple[FunctionSignature, ...]:
        return ()

    async def bind(self, sql: str) -> Binding:
        return Binding((ResultColumn("a", "INTEGER"),))

    async def execute(self, sql: str, max_rows: int | None = None) -> Result:
        return Result((ResultColumn("a", "INTEGER"),), pa.table({"a": pa.array([], pa.int32())}), True, 0.0)

    submit = execute

    async def create_temp_table(self, name: str, sql: str, most_rows: int | None = None) -> TempTable:
        return TempTable(name, name, 0, 0, (ResultColumn("a", "INTEGER"),), 0.0)

    async def drop_temp_table(self, name: str) -> None:
        return None

    async def estimate(self, sql: str) -> Estimate:
        return Estimate(1, 1, 1)

    async def sample(self, sql: str, table: str, fraction: float, max_rows: int | None = None) -> Result:
        return await self.execute(sql)

    async def data_version(self) -> str:
        return "1"

    async def close(self) -> None:
        return None
