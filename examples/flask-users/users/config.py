"""All that differs between one deploy and the next. The only file of the app that reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True)
class Config:
    database_url: str
    # Connections of one process.
    pool_size: int
    # Seconds that a connection, a query or a health check may take.
    database_timeout: int
    log_level: str
    # `v12`: which release this is.
    release: str


def config_from(environment: Mapping[str, str]) -> Config:
    """Raises one ValueError that lists all that is wrong. Never names a value: it may be a password."""
    problems = []

    def whole_number(name: str, default: int, most: int) -> int:
        text = environment.get(name, str(default))
        if text.isascii() and text.isdigit() and 1 <= int(text) <= most:
            return int(text)
        problems.append(f"{name} must be a whole number from 1 to {most}")
        return default

    config = Config(
        database_url=environment.get("DATABASE_URL", ""),
        pool_size=whole_number("DATABASE_POOL_SIZE", 4, 100),
        database_timeout=whole_number("DATABASE_TIMEOUT", 5, 60),
        log_level=environment.get("LOG_LEVEL", "INFO"),
        release=environment.get("TFK_RELEASE_VERSION") or environment.get("HEROKU_RELEASE_VERSION") or "dev",
    )
    if not config.database_url:
        problems.append("DATABASE_URL is missing (tfk addons:create postgres sets it)")
    elif not config.database_url.startswith(("postgres://", "postgresql://")):
        problems.append("DATABASE_URL must be like postgres://user:password@host:5432/name")
    if config.log_level not in LOG_LEVELS:
        problems.append(f"LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}")
    if problems:
        raise ValueError("The environment is not right:\n" + "\n".join(f"  - {text}" for text in problems))
    return config


def config_or_exit() -> Config:
    """For the start of a process: says what is wrong and ends, before anything else has begun."""
    try:
        return config_from(os.environ)
    except ValueError as error:
        raise SystemExit(str(error)) from None
