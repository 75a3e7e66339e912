import unittest

from app.config import config_from


class ConfigTest(unittest.TestCase):
    def test_all_that_is_wrong_is_listed_and_no_value_is_shown(self):
        with self.assertRaises(ValueError) as caught:
            config_from({"REDIS_URL": "http://u:secret@h", "PORT": "-1"})
        for name in ("REDIS_URL", "PORT", "KEY_PEPPER"):
            self.assertIn(name, str(caught.exception))
        self.assertNotIn("secret", str(caught.exception))

    def test_has_defaults(self):
        config = config_from({"REDIS_URL": "redis://h", "KEY_PEPPER": "p"})
        self.assertEqual((config.port, config.keep_seconds, config.release), (3000, 86_400, "dev"))
