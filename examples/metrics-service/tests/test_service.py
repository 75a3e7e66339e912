import asyncio
import json
import unittest

from service.config import config_from
from service.web import Service

AWAY = {"DATABASE_URL": "postgres://u@127.0.0.1:1/d", "METRICS_TOKEN": "0123456789abcdef", "DATABASE_TIMEOUT": "1"}


class ServiceTest(unittest.TestCase):
    """Without a database: what the service says then. With one it is checked by example.json."""

    def setUp(self):
        self.service = Service(config_from(AWAY))
        self.addCleanup(self.service.database.close)
        self.app = self.service.app()

    def ask(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None):
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
        }
        sent = []

        async def receive():
            return {"type": "http.request", "body": body}

        async def send(message):
            sent.append(message)

        with self.assertLogs("web"):
            asyncio.run(self.app(scope, receive, send))
        text = b"".join(message.get("body", b"") for message in sent).decode()
        return sent[0]["status"], text

    def test_lives_but_is_not_ready_without_its_database(self):
        self.assertEqual(self.ask("GET", "/live")[0], 200)
        self.assertEqual(self.ask("GET", "/ready")[0], 503)

    def test_metrics_are_for_those_who_know_the_token(self):
        self.assertEqual(self.ask("GET", "/metrics")[0], 401)
        self.ask("GET", "/nowhere/at/all")
        status, text = self.ask("GET", "/metrics", headers={"authorization": f"Bearer {AWAY['METRICS_TOKEN']}"})
        self.assertEqual(status, 200)
        self.assertIn('http_requests_total{method="GET",route="/metrics",status="401"} 1.0', text)
        self.assertIn('http_requests_total{method="GET",route="none",status="404"} 1.0', text)
        self.assertIn('service_info{release="dev"} 1.0', text)

    def test_what_is_no_measurement_is_refused(self):
        for body in ({}, [], {"name": "A", "value": 1}, {"name": "a", "value": "1"}, {"name": "a", "value": True}):
            status, text = self.ask("POST", "/measurements", json.dumps(body).encode(), {"x-request-id": "mine"})
            self.assertEqual((status, json.loads(text)["request_id"]), (400, "mine"))
        for body in (b"{", b'{"name": "a", "value": NaN}', b"\xff"):
            self.assertEqual(self.ask("POST", "/measurements", body)[0], 400)
