"""Which of Microsoft's servers a session is on."""

from dataclasses import dataclass

FACTS = """
    SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('EngineEdition') AS int),
        DB_NAME(), SCHEMA_NAME(), CAST(DATABASEPROPERTYEX(DB_NAME(), 'Collation') AS nvarchar(128))"""
SNAPSHOT = """
    SELECT CASE WHEN snapshot_isolation_state = 1 AND is_read_committed_snapshot_on = 0 THEN 1 ELSE 0 END
    FROM sys.databases WHERE name = DB_NAME()"""

_DEDICATED = 6
_SERVERLESS = 11
_NAMES = {5: "Azure SQL", 6: "Synapse", 8: "Azure SQL Managed Instance", 11: "Synapse", 12: "Fabric SQL"}


@dataclass(frozen=True, slots=True)
class Server:
    """What a server says of itself; ``edition`` is ``SERVERPROPERTY('EngineEdition')``.

    ``snapshot`` is True if a query may ask for a snapshot, which it does not get by default: then what works ahead
    asks for one, so that it neither waits for writers nor holds them up.
    """

    version: str = ""
    edition: int = 0
    database: str = ""
    schema: str = "dbo"
    collation: str = ""
    snapshot: bool = False

    @property
    def name(self) -> str:
        """What it is called.

        >>> Server(edition=3).name, Server(edition=5).name
        ('SQL Server', 'Azure SQL')
        """
        return _NAMES.get(self.edition, "SQL Server")

    @property
    def paid(self) -> bool:
        """Whether Microsoft runs it, for money."""
        return self.edition in _NAMES

    @property
    def is_dedicated_pool(self) -> bool:
        """Whether it is a dedicated pool of Synapse."""
        return self.edition == _DEDICATED

    @property
    def is_serverless_pool(self) -> bool:
        """Whether it is a serverless pool of Synapse, or something of Fabric that is like it."""
        return self.edition == _SERVERLESS

    @property
    def is_synapse(self) -> bool:
        """Whether it is a pool of Synapse, which knows less of T-SQL."""
        return self.is_dedicated_pool or self.is_serverless_pool

    @property
    def pool(self) -> str:
        """Which pool it is, or nothing."""
        return "dedicated" if self.is_dedicated_pool else "serverless" if self.is_serverless_pool else ""
