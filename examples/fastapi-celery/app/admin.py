"""Admin processes: part of each release, run by hand or before the release takes over."""

import argparse
import code

from .config import config_or_exit
from .store import connect


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m app.admin")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="bring the keys in Redis up to date")
    commands.add_parser("create-user", help="add a user, and show the API key").add_argument("name")
    commands.add_parser("shell", help="Python, with `store` and `config`")
    cleanup = commands.add_parser("cleanup", help="remove old jobs")
    cleanup.add_argument("--older-than", type=int, metavar="SECONDS")
    options = parser.parse_args()
    config = config_or_exit()
    store = connect(config.redis_url, config.pepper)
    match options.command:
        case "migrate":
            print("Keys are up to date." if store.migrate() else "Keys are up to date: nothing to do.")
        case "create-user":
            key = store.create_user(options.name)
            if key is None:
                raise SystemExit(f"There is a user {options.name} already.")
            print(f"Created user {options.name}. This key is shown only now: {key}")
        case "shell":
            code.interact(banner="", local={"store": store, "config": config}, exitmsg="")
        case "cleanup":
            seconds = config.keep_seconds if options.older_than is None else options.older_than
            print(f"Removed {store.remove_older(seconds)} jobs.")


if __name__ == "__main__":
    main()
