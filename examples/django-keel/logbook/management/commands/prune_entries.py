from datetime import timedelta

from django.core.management.base import BaseCommand
from django.utils import timezone

from logbook.models import Entry


class Command(BaseCommand):
    help = "Removes old entries"

    def add_arguments(self, parser) -> None:
        parser.add_argument("--days", type=int, default=365)
        parser.add_argument("--dry-run", action="store_true")

    def handle(self, *args: object, days: int, dry_run: bool, **options: object) -> None:
        old = Entry.objects.filter(created_at__lt=timezone.now() - timedelta(days=days))
        count = old.count()
        if not dry_run:
            old.delete()
        self.stdout.write(f"{'Would remove' if dry_run else 'Removed'} {count} entries.")
