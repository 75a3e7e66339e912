"""All that differs between one deploy and the next. The only file that reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Config:
    redis_url: str
    port: int
    # Makes stored hashes of API keys useless elsewhere.
    pepper: str
    cleanup_seconds: int
    # How long jobs that are done are kept.
    keep_seconds: int
    log_level: str
    release: str


def config_from(environment: Mapping[str, str]) -> Config:
    """Raises one ValueError that lists all that is wrong. Never names a value: it may be a password."""
    problems = []

    def whole_number(name: str, default: int) -> int:
        text = environment.get(name, str(default))
        if text.isascii() and text.isdigit():
            return int(text)
        problems.append(f"{name} must be a whole number")
        return default

    config = Config(
        redis_url=environment.get("REDIS_URL", ""),
        port=whole_number("PORT", 3000),
        pepper=environment.get("KEY_PEPPER", ""),
        cleanup_seconds=whole_number("CLEANUP_SECONDS", 60),
        keep_seconds=whole_number("KEEP_SECONDS", 86_400),
        log_level=environment.get("LOG_LEVEL", "INFO"),
        release=environment.get("TFK_RELEASE_VERSION") or environment.get("HEROKU_RELEASE_VERSION") or "dev",
    )
    if not config.redis_url.startswith(("redis://", "rediss://")):
        problems.append("REDIS_URL must be like redis://:password@host:6379 (tfk addons:create redis sets it)")
    if not config.pepper:
        problems.append("KEY_PEPPER is missing: any long random text")
    if problems:
        raise ValueError("The environment is not right:\n" + "\n".join(f"  - {text}" for text in problems))
    return config


def config_or_exit() -> Config:
    """For the start of a process: says what is wrong and ends, before anything else has begun."""
    try:
        return config_from(os.environ)
    except ValueError as error:
        raise SystemExit(str(error)) from None
