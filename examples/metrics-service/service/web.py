"""The HTTP API. Read from here."""

import hmac
import logging
import math
import re
import time
import uuid

import uvicorn
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .config import Config, config_or_exit
from .database import Database
from .log import log_to_stdout, request_id
from .metrics import Metrics

log = logging.getLogger("web")


class Service:
    def __init__(self, config: Config) -> None:
        self._config = config
        self.database = Database(config)
        self._metrics = Metrics(config.release, self.database.pool_numbers)

    def app(self) -> "Observed":
        routes = [
            Route("/live", self.live),
            Route("/ready", self.ready),
            Route("/metrics", self.metrics),
            Route("/measurements", self.add, methods=["POST"]),
            Route("/measurements/{name}", self.summary),
        ]
        handlers = {HTTPException: refused, OperationalError: away, PoolTimeout: away, Exception: failed}
        return Observed(Starlette(routes=routes, exception_handlers=handlers), self._metrics)

    def live(self, request: Request) -> Response:
        """The process runs; whoever asks this wants to know whether to restart it."""
        return JSONResponse({"status": "live", "version": self._config.release})

    def ready(self, request: Request) -> Response:
        """It can do its work, which is nothing without the database."""
        self.database.ping()
        return JSONResponse({"status": "ready"})

    def metrics(self, request: Request) -> Response:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._config.metrics_token.encode()):
            raise HTTPException(401, "Authorization must be: Bearer, and METRICS_TOKEN")
        return Response(self._metrics.text(), media_type="text/plain; version=0.0.4")

    async def add(self, request: Request) -> Response:
        name, value = measurement_from(await body_of(request))
        await run_in_threadpool(self.database.add, name, value)
        return JSONResponse({"name": name, "value": value}, 201)

    def summary(self, request: Request) -> Response:
        summary = self.database.summary(request.path_params["name"])
        if summary is None:
            raise HTTPException(404, "Nothing of this name was measured")
        return JSONResponse(summary)


async def body_of(request: Request) -> object:
    try:
        return await request.json()
    except ValueError:
        return None


def measurement_from(body: object) -> tuple[str, float]:
    given = body if isinstance(body, dict) else {}
    name, value = given.get("name"), given.get("value")
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,99}", name):
        raise HTTPException(400, "name must be 1 to 100 small letters, digits and _")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise HTTPException(400, "value must be a number")
    return name, float(value)


def refused(request: Request, error: HTTPException) -> Response:
    return JSONResponse({"error": error.detail, "request_id": request_id.get()}, error.status_code)


def away(request: Request, error: Exception) -> Response:
    log.warning("the database is away", extra={"fields": {"error": str(error)}})
    body = {"error": "The database does not answer; try again.", "request_id": request_id.get()}
    return JSONResponse(body, 503, {"Retry-After": "1"})


def failed(request: Request, error: Exception) -> Response:
    body = {"error": "Something went wrong here; the log tells more.", "request_id": request_id.get()}
    return JSONResponse(body, 500)


class Observed:
    """Around all of the app: each request has an id, one line in the log, and is counted."""

    def __init__(self, app: Starlette, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        request_id.set(headers.get(b"x-request-id", b"").decode("latin-1") or str(uuid.uuid4()))
        began, status = time.perf_counter(), 500

        async def answer(message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - began
            route = getattr(scope.get("route"), "path", "none")
            self._metrics.count(scope["method"], route, status, seconds)
            fields = {"method": scope["method"], "path": scope["path"], "status": status, "ms": round(seconds * 1000, 1)}
            log.info("request", extra={"fields": fields})


def main() -> None:
    config = config_or_exit()
    log_to_stdout(config.log_level)
    service = Service(config)
    # On SIGTERM what is being answered is answered, for less than the 30 seconds that a dyno has.
    uvicorn.run(
        service.app(), host="0.0.0.0", port=config.port, log_config=None, access_log=False, timeout_graceful_shutdown=25
    )
    service.database.close()


if __name__ == "__main__":
    main()
