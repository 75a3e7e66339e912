import logging

from celery import shared_task

from .models import Entry

log = logging.getLogger(__name__)


@shared_task
def count_words(entry_id: int) -> None:
    """Twice has the same result as once: a message may come again."""
    entry = Entry.objects.filter(pk=entry_id).first()
    if entry is None:
        return
    entry.words = len(entry.text.split())
    entry.save(update_fields=["words"])
    log.info("entry %s has %s words", entry.pk, entry.words)


@shared_task
def summary() -> None:
    log.info("there are %s entries", Entry.objects.count())
