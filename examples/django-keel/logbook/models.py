from django.db import models


class Entry(models.Model):
    text = models.TextField()
    # Counted by a worker, after the entry was made.
    words = models.IntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return self.text[:40]
