"""What is done outside of requests: `celery -A app.tasks worker`, `celery -A app.tasks beat`."""

import logging
import time

from celery import Celery, signals

from .config import config_or_exit
from .log import log_to_stdout, request_id
from .store import connect

log = logging.getLogger("tasks")
config = config_or_exit()
store = connect(config.redis_url, config.pepper)

celery = Celery("tasks", broker=config.redis_url)
celery.conf.update(
    task_default_queue="default",
    task_routes={"urgent": {"queue": "urgent"}},
    # A message is done with when its work is: if a worker ends in the middle, another one does it again.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    # After which work of a worker that was killed is given to another; longer than any task takes.
    broker_transport_options={"visibility_timeout": 120},
    broker_connection_retry_on_startup=True,
    task_ignore_result=True,
    beat_schedule={"cleanup": {"task": "cleanup", "schedule": config.cleanup_seconds}},
)


@celery.task(name="ordinary")
def ordinary(job_id: str) -> None:
    work(job_id)


@celery.task(name="urgent")
def urgent(job_id: str) -> None:
    work(job_id)


def work(job_id: str) -> None:
    job = store.job(job_id)
    if job is None:
        log.warning("job is gone", extra={"fields": {"job": job_id}})
        return
    log.info("job begins", extra={"fields": {"job": job_id}})
    time.sleep(int(job["seconds"]))
    store.finish(job_id, job["text"].upper())
    log.info("job is done", extra={"fields": {"job": job_id}})


@celery.task(name="cleanup")
def cleanup() -> None:
    if store.take_round("cleanup", config.cleanup_seconds):
        log.info("cleaned up", extra={"fields": {"removed": store.remove_older(config.keep_seconds)}})


@signals.setup_logging.connect
def set_up_logging(**_: object) -> None:
    log_to_stdout(config.log_level)


@signals.before_task_publish.connect
def send_request_id(headers: dict, **_: object) -> None:
    headers["request_id"] = request_id.get()


@signals.task_prerun.connect
def receive_request_id(task, **_: object) -> None:
    request_id.set(getattr(task.request, "request_id", None))
