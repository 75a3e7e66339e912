"""The HTTP API. Read from here."""

import logging
import time
import uuid
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from redis.exceptions import ConnectionError, TimeoutError

from . import tasks
from .log import log_to_stdout, request_id

log = logging.getLogger("web")
app = FastAPI(title="fastapi-celery", version=tasks.config.release)


@app.middleware("http")
async def log_requests(request: Request, call_next):
    """One line a request, with the id that the router has given it; the id goes with its jobs."""
    request_id.set(request.headers.get("x-request-id") or str(uuid.uuid4()))
    began = time.perf_counter()
    response = await call_next(request)
    ms = round((time.perf_counter() - began) * 1000, 1)
    fields = {"method": request.method, "path": request.url.path, "status": response.status_code, "ms": ms}
    log.info("request", extra={"fields": fields})
    return response


@app.exception_handler(ConnectionError)
@app.exception_handler(TimeoutError)
def redis_is_away(request: Request, error: Exception) -> JSONResponse:
    log.warning("redis is away", extra={"fields": {"error": str(error)}})
    return JSONResponse({"detail": "Redis does not answer; try again."}, 503, {"Retry-After": "1"})


@app.get("/live")
def live() -> dict:
    """The process runs: whoever asks this wants to know whether to restart it."""
    return {"status": "live", "version": tasks.config.release}


@app.get("/ready")
def ready() -> dict:
    """It can do its work, which is nothing without Redis."""
    tasks.store.ping()
    return {"status": "ready"}


def user(authorization: Annotated[str, Header()] = "") -> str:
    name = tasks.store.user_of(authorization.removeprefix("Bearer "))
    if name is None:
        raise HTTPException(401, "Authorization must be: Bearer, and a key of `admin create-user`")
    return name


class NewJob(BaseModel):
    text: str = Field(min_length=1, max_length=1000)
    urgent: bool = False
    # How long the work takes: for trying out what a deploy does to it.
    seconds: int = Field(default=0, ge=0, le=20)


@app.post("/jobs", status_code=202)
def create_job(new: NewJob, owner: Annotated[str, Depends(user)]) -> dict:
    """Answered as soon as it is queued."""
    job_id = tasks.store.create_job(owner, new.text, new.seconds)
    (tasks.urgent if new.urgent else tasks.ordinary).delay(job_id)
    return {"id": job_id, "state": "waiting"}


@app.get("/jobs/{job_id}")
def show_job(job_id: str, owner: Annotated[str, Depends(user)]) -> dict:
    job = tasks.store.job(job_id)
    if job is None or job["owner"] != owner:
        raise HTTPException(404, "There is no such job")
    return {"id": job_id, **job}


if __name__ == "__main__":
    log_to_stdout(tasks.config.log_level)
    # On SIGTERM what is being answered is answered, for less than the 30 seconds that a dyno has.
    uvicorn.run(
        app, host="0.0.0.0", port=tasks.config.port, log_config=None, access_log=False, timeout_graceful_shutdown=25
    )
