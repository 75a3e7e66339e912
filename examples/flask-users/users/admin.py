"""Admin processes: part of each release, run by hand or before the release takes over."""

import argparse

from psycopg.errors import UniqueViolation

from . import store
from .config import config_or_exit
from .database import Database
from .migrations import migrate
from .user_input import new_user_from, sentence


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m users.admin")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="bring the schema up to date")
    create = commands.add_parser("create-user", help="add a user")
    create.add_argument("--username", required=True)
    create.add_argument("--email", required=True)
    options = parser.parse_args()
    database = Database(config_or_exit())
    try:
        if options.command == "migrate":
            run_migrations(database)
        else:
            create_user(database, vars(options))
    finally:
        database.close()


def run_migrations(database: Database) -> None:
    with database.transaction() as db:
        ran = migrate(db)
    for name in ran:
        print(f"ran {name}")
    print("Schema is up to date." if ran else "Schema is up to date: nothing to run.")


def create_user(database: Database, given: dict[str, str]) -> None:
    fields, problems = new_user_from(given)
    if problems:
        raise SystemExit(sentence(problems))
    try:
        with database.transaction() as db:
            user = store.create_user(db, **fields)
    except UniqueViolation:
        raise SystemExit("Another user has this username or email.") from None
    print(f"Created user {user['id']}: {user['username']}")


if __name__ == "__main__":
    main()
