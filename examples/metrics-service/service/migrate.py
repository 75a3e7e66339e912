"""Brings the schema up to date: `tfk run migrate`."""

from .config import config_or_exit
from .database import Database

if __name__ == "__main__":
    database = Database(config_or_exit())
    try:
        database.migrate()
    finally:
        database.close()
    print("Schema is up to date.")
