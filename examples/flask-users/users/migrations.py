"""Brings the schema up to date: migrations/*.sql, each once, in order, all or none."""

from pathlib import Path

from psycopg import Connection

FOLDER = Path(__file__).parent.parent / "migrations"


def migrate(db: Connection) -> list[str]:
    """The names of those that were run. Of two at the same time the second waits, and finds nothing to run."""
    db.execute("SELECT pg_advisory_xact_lock(hashtext('migrations'))")
    db.execute("CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, ran_at timestamptz DEFAULT now())")
    done = {row["name"] for row in db.execute("SELECT name FROM migrations")}
    waiting = [file for file in sorted(FOLDER.glob("*.sql")) if file.name not in done]
    for file in waiting:
        db.execute(file.read_text())
        db.execute("INSERT INTO migrations (name) VALUES (%s)", (file.name,))
    return [file.name for file in waiting]
