import os
import unittest
import uuid

from app.store import connect

REDIS_URL = os.environ.get("REDIS_URL")


@unittest.skipUnless(REDIS_URL, "REDIS_URL names no Redis to test on")
class StoreTest(unittest.TestCase):
    """Each test under a prefix of its own, whose keys are removed afterwards."""

    def setUp(self):
        self.prefix = f"test-{uuid.uuid4().hex}:"
        self.store = connect(REDIS_URL, "pepper", self.prefix)

    def tearDown(self):
        redis = self.store._redis
        for key in redis.scan_iter(f"{self.prefix}*"):
            redis.delete(key)
        redis.close()

    def test_a_user_has_one_key(self):
        key = self.store.create_user("ada")
        self.assertEqual(self.store.user_of(key), "ada")
        self.assertIsNone(self.store.create_user("ada"))
        self.assertIsNone(self.store.user_of("another"))
        self.assertIsNone(connect(REDIS_URL, "other pepper", self.prefix).user_of(key))

    def test_a_job_is_done_however_often_its_message_comes(self):
        job = self.store.create_job("ada", "text")
        for _ in range(2):
            self.store.finish(job, "TEXT")
        self.assertEqual(self.store.job(job)["result"], "TEXT")

    def test_a_job_that_was_removed_does_not_come_back(self):
        job = self.store.create_job("ada", "text")
        self.assertEqual(self.store.remove_older(-1), 1)
        self.store.finish(job, "TEXT")
        self.assertIsNone(self.store.job(job))
        self.assertEqual(self.store.count(), 0)

    def test_a_round_is_taken_once(self):
        self.assertEqual([self.store.take_round("a", 60) for _ in range(3)], [True, False, False])

    def test_migrating_twice_is_once(self):
        self.assertEqual([self.store.migrate(), self.store.migrate()], [True, False])
