import unittest

from service.config import config_from

GOOD = {"DATABASE_URL": "postgres://u@h/d", "METRICS_TOKEN": "0123456789abcdef"}


class ConfigTest(unittest.TestCase):
    def test_all_that_is_wrong_is_listed_and_no_value_is_shown(self):
        with self.assertRaises(ValueError) as caught:
            config_from({"DATABASE_URL": "mysql://u:secret@h", "METRICS_TOKEN": "short", "PORT": "99999", "LOG_LEVEL": "loud"})
        for name in ("DATABASE_URL", "METRICS_TOKEN", "PORT", "LOG_LEVEL"):
            self.assertIn(name, str(caught.exception))
        for value in ("secret", "short", "99999", "loud"):
            self.assertNotIn(value, str(caught.exception))

    def test_has_defaults(self):
        config = config_from(GOOD)
        self.assertEqual((config.port, config.pool_size, config.release), (3000, 5, "dev"))
