"""How gunicorn runs the app; the number of its processes is the config var WEB_CONCURRENCY."""

import os

from users.log import settings

bind = f"0.0.0.0:{os.environ.get('PORT', '3000')}"
threads = 4
# Below the 30 seconds that a dyno has between SIGTERM and SIGKILL.
graceful_timeout = 25
# The app writes one line a request itself, with the request's id.
accesslog = None
logconfig_dict = settings(os.environ.get("LOG_LEVEL", "INFO"))
