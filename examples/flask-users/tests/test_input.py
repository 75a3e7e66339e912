import unittest

from users.config import config_from
from users.user_input import new_user_from, sentence, user_changes_from


class InputTest(unittest.TestCase):
    def test_spaces_around_are_dropped(self):
        fields, problems = new_user_from({"username": " ada ", "email": "ada@example.com", "admin": True})
        self.assertEqual((fields, problems), ({"username": "ada", "email": "ada@example.com"}, {}))

    def test_all_that_is_wrong_is_told_at_once(self):
        _, problems = new_user_from({"username": "a b", "email": ""})
        self.assertRegex(sentence(problems), "^username must be .*; email is missing$")
        for body in (None, [], "ada", {"username": 7, "email": ["a@b"]}):
            self.assertEqual(set(new_user_from(body)[1]), {"username", "email"})

    def test_a_change_needs_one_field(self):
        self.assertEqual(user_changes_from({"email": "a@b"}), ({"email": "a@b"}, {}))
        self.assertEqual(set(user_changes_from({})[1]), {"username", "email"})


class ConfigTest(unittest.TestCase):
    def test_all_that_is_wrong_is_listed_and_no_value_is_shown(self):
        with self.assertRaises(ValueError) as caught:
            config_from({"DATABASE_URL": "mysql://u:secret@h/d", "LOG_LEVEL": "loud", "DATABASE_POOL_SIZE": "many"})
        for name in ("DATABASE_URL", "LOG_LEVEL", "DATABASE_POOL_SIZE"):
            self.assertIn(name, str(caught.exception))
        self.assertNotIn("secret", str(caught.exception))

    def test_has_defaults(self):
        config = config_from({"DATABASE_URL": "postgres://u@h/d", "HEROKU_RELEASE_VERSION": "v3"})
        self.assertEqual((config.pool_size, config.log_level, config.release), (4, "INFO", "v3"))
