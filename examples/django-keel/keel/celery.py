"""`celery -A keel worker`, `celery -A keel beat`; settings begin with CELERY_ in settings.py."""

import os
from logging.config import dictConfig

from celery import Celery, signals
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "keel.settings")

app = Celery("keel")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.setup_logging.connect
def log_as_django_does(**_: object) -> None:
    dictConfig(settings.LOGGING)
