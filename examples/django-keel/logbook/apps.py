from django.apps import AppConfig


class LogbookConfig(AppConfig):
    name = "logbook"

    def ready(self) -> None:
        from . import checks  # noqa: F401, which registers them
