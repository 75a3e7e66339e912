"""Users and jobs in Redis. All names of keys stand here."""

import hashlib
import secrets
import time
import uuid

from redis import Redis

SCHEMA = 1


class Store:
    def __init__(self, redis: Redis, pepper: str, prefix: str = "") -> None:
        self._redis = redis
        self._pepper = pepper
        self._prefix = prefix

    def ping(self) -> None:
        self._redis.ping()

    def migrate(self) -> bool:
        """Brings the keys up to date; False where there was nothing to do. Twice at once is once."""
        return self._redis.set(self._key("schema", str(SCHEMA)), int(time.time()), nx=True) is not None

    def create_user(self, name: str) -> str | None:
        """The API key, which is shown once and kept as a hash; None where the name is taken."""
        key = secrets.token_urlsafe(24)
        if not self._redis.set(self._key("user", name), self._hashed(key), nx=True):
            return None
        self._redis.set(self._key("key", self._hashed(key)), name)
        return key

    def user_of(self, key: str) -> str | None:
        return self._redis.get(self._key("key", self._hashed(key)))

    def create_job(self, owner: str, text: str, seconds: int = 0) -> str:
        job_id = uuid.uuid4().hex
        job = {"owner": owner, "text": text, "seconds": seconds, "state": "waiting"}
        with self._redis.pipeline() as both:
            both.hset(self._key("job", job_id), mapping=job)
            both.zadd(self._key("jobs"), {job_id: time.time()})
            both.execute()
        return job_id

    def job(self, job_id: str) -> dict[str, str] | None:
        return self._redis.hgetall(self._key("job", job_id)) or None

    def finish(self, job_id: str, result: str) -> None:
        """A job that is done twice has the same result: messages may come again."""
        if self._redis.exists(self._key("job", job_id)):
            self._redis.hset(self._key("job", job_id), mapping={"state": "done", "result": result})

    def take_round(self, name: str, seconds: int) -> bool:
        """True for one caller in these seconds, however many ask."""
        return bool(self._redis.set(self._key("round", name), 1, nx=True, px=max(1, seconds * 1000 - 500)))

    def remove_older(self, seconds: int) -> int:
        old = self._redis.zrangebyscore(self._key("jobs"), 0, time.time() - seconds)
        for job_id in old:
            with self._redis.pipeline() as both:
                both.delete(self._key("job", job_id))
                both.zrem(self._key("jobs"), job_id)
                both.execute()
        return len(old)

    def count(self) -> int:
        return self._redis.zcard(self._key("jobs"))

    def _key(self, *parts: str) -> str:
        return self._prefix + ":".join(parts)

    def _hashed(self, key: str) -> str:
        return hashlib.sha256(f"{self._pepper}{key}".encode()).hexdigest()


def connect(redis_url: str, pepper: str, prefix: str = "") -> Store:
    """Connects when first asked; a connection that was lost is replaced."""
    redis = Redis.from_url(redis_url, decode_responses=True, socket_timeout=5, health_check_interval=30)
    return Store(redis, pepper, prefix)
