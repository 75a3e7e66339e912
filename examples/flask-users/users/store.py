"""Users in the database."""

from psycopg import Connection

COLUMNS = "id, username, email, created_at, updated_at"
GREATEST_ID = 2**31 - 1


def list_users(db: Connection, after: int, limit: int) -> list[dict]:
    sql = f"SELECT {COLUMNS} FROM users WHERE id > %s ORDER BY id LIMIT %s"
    return [_user(row) for row in db.execute(sql, (after, limit))]


def count_users(db: Connection) -> int:
    return db.execute("SELECT count(*) AS count FROM users").fetchone()["count"]


def create_user(db: Connection, username: str, email: str) -> dict:
    sql = f"INSERT INTO users (username, email) VALUES (%s, %s) RETURNING {COLUMNS}"
    return _user(db.execute(sql, (username, email)).fetchone())


def find_user(db: Connection, user_id: int) -> dict | None:
    return _user(db.execute(f"SELECT {COLUMNS} FROM users WHERE id = %s", (user_id,)).fetchone())


def update_user(db: Connection, user_id: int, changes: dict[str, str]) -> dict | None:
    """Changes the fields that are given."""
    sql = f"""
        UPDATE users SET username = coalesce(%s, username), email = coalesce(%s, email), updated_at = now()
        WHERE id = %s RETURNING {COLUMNS}"""
    return _user(db.execute(sql, (changes.get("username"), changes.get("email"), user_id)).fetchone())


def delete_user(db: Connection, user_id: int) -> bool:
    return db.execute("DELETE FROM users WHERE id = %s", (user_id,)).rowcount == 1


def _user(row: dict | None) -> dict | None:
    """As it is answered: times in ISO 8601."""
    if row is None:
        return None
    return row | {name: row[name].isoformat() for name in ("created_at", "updated_at")}
