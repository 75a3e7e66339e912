import os
import unittest
import uuid

import psycopg
from psycopg.conninfo import make_conninfo

from users.config import config_from
from users.database import Database
from users.migrations import migrate
from users.web import create_app

DATABASE_URL = os.environ.get("DATABASE_URL")


@unittest.skipUnless(DATABASE_URL, "DATABASE_URL names no database to test on")
class ApiTest(unittest.TestCase):
    """Each test in a schema of its own, which is dropped afterwards."""

    def setUp(self):
        self.schema = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(DATABASE_URL) as db:
            db.execute(f"CREATE SCHEMA {self.schema}")
        url = make_conninfo(DATABASE_URL, options=f"-c search_path={self.schema}")
        config = config_from({"DATABASE_URL": DATABASE_URL, "LOG_LEVEL": "ERROR"})
        self.app = create_app(config.__class__(**{**vars(config), "database_url": url}))
        self.database: Database = self.app.extensions["database"]
        with self.database.transaction() as db:
            migrate(db)
        self.client = self.app.test_client()

    def tearDown(self):
        self.database.close()
        with psycopg.connect(DATABASE_URL) as db:
            db.execute(f"DROP SCHEMA {self.schema} CASCADE")

    def create(self, username="ada", email="ada@example.com"):
        return self.client.post("/users", json={"username": username, "email": email})

    def test_a_user_is_made_changed_and_removed(self):
        made = self.create()
        self.assertEqual(made.status_code, 201)
        path = made.headers["Location"]
        self.assertEqual(self.client.put(path, json={"email": "a@b"}).json["email"], "a@b")
        self.assertEqual(self.client.get(path).json["username"], "ada")
        self.assertEqual(self.client.delete(path).status_code, 204)
        self.assertEqual(self.client.get(path).status_code, 404)

    def test_what_is_taken_is_told(self):
        self.create()
        self.assertEqual(self.create(username="ADA", email="x@y").json["field"], "username")
        self.assertEqual(self.create(username="x", email="ADA@example.com").json["field"], "email")

    def test_pages(self):
        for n in range(3):
            self.create(username=f"u{n}", email=f"u{n}@b")
        page = self.client.get("/users?limit=2").json
        self.assertEqual((len(page["users"]), page["count"]), (2, 3))
        rest = self.client.get(f"/users?after={page['users'][-1]['id']}").json
        self.assertEqual([user["username"] for user in rest["users"]], ["u2"])
        for wrong in ("limit=0", "limit=1001", "after=-1", "after=x", f"after={10**30}"):
            self.assertEqual(self.client.get(f"/users?{wrong}").status_code, 400)

    def test_errors_have_one_shape(self):
        for answer in (
            self.client.get("/nothing"),
            self.client.get("/users/0"),
            self.client.get(f"/users/{10**30}"),
            self.client.post("/users", data="{", content_type="application/json"),
            self.client.patch("/users"),
        ):
            self.assertEqual(set(answer.json) & {"error", "message", "request_id"}, {"error", "message", "request_id"})
        answer = self.client.get("/nothing", headers={"X-Request-Id": "mine"})
        self.assertEqual(answer.json["request_id"], "mine")

    def test_migrations_run_once(self):
        with self.database.transaction() as db:
            self.assertEqual(migrate(db), [])

    def test_a_database_that_is_away_is_told_as_such(self):
        config = config_from({"DATABASE_URL": "postgres://a@127.0.0.1:1/b", "DATABASE_TIMEOUT": "1", "LOG_LEVEL": "ERROR"})
        app = create_app(config)
        self.addCleanup(app.extensions["database"].close)
        answers = [app.test_client().get(path) for path in ("/health", "/users")]
        self.assertEqual([answer.status_code for answer in answers], [503, 503])
        self.assertEqual(answers[1].headers["Retry-After"], "1")
