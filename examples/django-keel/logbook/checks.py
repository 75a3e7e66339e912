"""`manage.py check --deploy` and `migrate` refuse an environment in which the app could not work."""

import os

from django.core.checks import Error, Tags, register

NEEDED = {
    "SECRET_KEY": "any long random text",
    "DATABASE_URL": "tfk addons:create postgres sets it",
    "REDIS_URL": "tfk addons:create redis sets it",
}


@register(Tags.database)
def environment_is_whole(**_: object) -> list[Error]:
    return [Error(f"{name} is missing: {hint}") for name, hint in NEEDED.items() if not os.environ.get(name)]
