"""The pool of connections, and all statements."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import Connection
from psycopg_pool import ConnectionPool

from .config import Config

SCHEMA = """
CREATE TABLE IF NOT EXISTS measurements (
  id    bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name  text             NOT NULL,
  value double precision NOT NULL,
  at    timestamptz      NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS measurements_name ON measurements (name);
"""


class Database:
    """Connects when first needed, replaces connections that were lost, and waits a limited time for one that is free."""

    def __init__(self, config: Config) -> None:
        self._timeout = config.database_timeout
        self._pool = ConnectionPool(
            config.database_url,
            min_size=0,
            max_size=config.pool_size,
            timeout=config.database_timeout,
            check=ConnectionPool.check_connection,
            kwargs={"connect_timeout": config.database_timeout},
            open=True,
        )

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._pool.connection() as connection:
            connection.execute(f"SET LOCAL statement_timeout = '{self._timeout}s'")
            yield connection

    def ping(self) -> None:
        with self._transaction() as db:
            db.execute("SELECT 1")

    def migrate(self) -> None:
        with self._transaction() as db:
            # Of two at the same time the second waits, and finds nothing to do.
            db.execute("SELECT pg_advisory_xact_lock(hashtext('migrate'))")
            db.execute(SCHEMA)

    def add(self, name: str, value: float) -> None:
        with self._transaction() as db:
            db.execute("INSERT INTO measurements (name, value) VALUES (%s, %s)", (name, value))

    def summary(self, name: str) -> dict | None:
        """Null where nothing was measured."""
        sql = "SELECT count(*), min(value), max(value), avg(value) FROM measurements WHERE name = %s"
        with self._transaction() as db:
            count, least, most, average = db.execute(sql, (name,)).fetchone()
        return {"name": name, "count": count, "min": least, "max": most, "avg": average} if count else None

    def pool_numbers(self) -> dict[str, int]:
        stats = self._pool.get_stats()
        return {name: stats.get(name, 0) for name in ("pool_size", "pool_available", "requests_waiting")}

    def close(self) -> None:
        self._pool.close()
