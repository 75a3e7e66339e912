from unittest.mock import patch

from django.core.management import call_command
from django.test import TestCase

from .models import Entry
from .tasks import count_words


class EntriesTest(TestCase):
    def post(self, body: object):
        with patch("logbook.views.count_words") as self.queued, self.captureOnCommitCallbacks(execute=True):
            return self.client.post("/entries", body, content_type="application/json")

    def test_an_entry_is_made_and_its_words_are_to_be_counted(self):
        made = self.post({"text": " land in sight "})
        self.assertEqual((made.status_code, made.json()["text"]), (201, "land in sight"))
        self.queued.delay.assert_called_once_with(made.json()["id"])

    def test_what_is_no_entry_is_refused(self):
        for body in ({}, {"text": ""}, {"text": 7}, [], "{", {"text": "x" * 1001}):
            self.assertEqual(self.post(body).status_code, 400)
        self.assertEqual(Entry.objects.count(), 0)

    def test_words_are_counted_however_often_the_message_comes(self):
        entry = Entry.objects.create(text="land in sight")
        for _ in range(2):
            count_words(entry.pk)
        self.assertEqual(self.client.get("/entries").json()["entries"][0]["words"], 3)
        count_words(entry.pk + 1)

    def test_old_entries_are_pruned(self):
        Entry.objects.create(text="new")
        call_command("prune_entries", "--days", "1", verbosity=0)
        self.assertEqual(Entry.objects.count(), 1)
        call_command("prune_entries", "--days", "0", verbosity=0)
        self.assertEqual(Entry.objects.count(), 0)

    def test_is_healthy(self):
        self.assertEqual(self.client.get("/health").json()["status"], "healthy")
