"""How gunicorn runs the app; the number of its processes is the config var WEB_CONCURRENCY."""

import os

bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
threads = 4
# Below the 30 seconds that a dyno has between SIGTERM and SIGKILL.
graceful_timeout = 25
accesslog = "-"
access_log_format = '%(m)s %(U)s %(s)s request_id=%({x-request-id}i)s'
