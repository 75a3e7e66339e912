"""All that differs between one deploy and the next. The only file that reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Config:
    database_url: str
    # Connections, at most.
    pool_size: int
    # Seconds for a connection and for a statement.
    database_timeout: int
    metrics_token: str
    port: int
    log_level: str
    release: str


def config_from(environment: Mapping[str, str]) -> Config:
    """Raises one ValueError that lists all that is wrong. Never names a value: it may be a password."""
    problems = []

    def whole_number(name: str, default: int, least: int, most: int) -> int:
        text = environment.get(name, str(default))
        if text.isascii() and text.isdigit() and least <= int(text) <= most:
            return int(text)
        problems.append(f"{name} must be a whole number from {least} to {most}")
        return default

    config = Config(
        database_url=environment.get("DATABASE_URL", ""),
        pool_size=whole_number("DATABASE_POOL_SIZE", 5, 1, 100),
        database_timeout=whole_number("DATABASE_TIMEOUT", 3, 1, 60),
        metrics_token=environment.get("METRICS_TOKEN", ""),
        port=whole_number("PORT", 3000, 0, 65_535),
        log_level=environment.get("LOG_LEVEL", "INFO"),
        release=environment.get("TFK_RELEASE_VERSION") or environment.get("HEROKU_RELEASE_VERSION") or "dev",
    )
    if not config.database_url.startswith(("postgres://", "postgresql://")):
        problems.append("DATABASE_URL must be like postgres://user:password@host/name (tfk addons:create postgres sets it)")
    if len(config.metrics_token) < 16:
        problems.append("METRICS_TOKEN must have 16 letters or more")
    if config.log_level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        problems.append("LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR")
    if problems:
        raise ValueError("The environment is not right:\n" + "\n".join(f"  - {text}" for text in problems))
    return config


def config_or_exit() -> Config:
    """For the start of a process: says what is wrong and ends, before anything else has begun."""
    try:
        return config_from(os.environ)
    except ValueError as error:
        raise SystemExit(str(error)) from None
