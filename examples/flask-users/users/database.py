"""The one backing service. All that is known of it is a URL."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from .config import Config


class Database:
    """A pool that connects when first needed, and replaces connections that were lost."""

    def __init__(self, config: Config) -> None:
        self._timeout = config.database_timeout
        self._pool = ConnectionPool(
            config.database_url,
            min_size=0,
            max_size=config.pool_size,
            timeout=config.database_timeout,
            check=ConnectionPool.check_connection,
            kwargs={"row_factory": dict_row, "connect_timeout": config.database_timeout},
            open=True,
        )

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with self._pool.connection() as connection:
            connection.execute(f"SET LOCAL statement_timeout = '{self._timeout}s'")
            yield connection

    def close(self) -> None:
        self._pool.close()
