"""The HTTP API. Read from here."""

import logging
import logging.config
import time
import uuid

from flask import Flask, Response, g, jsonify, request
from psycopg import OperationalError
from psycopg.errors import UniqueViolation
from psycopg_pool import PoolTimeout
from werkzeug.exceptions import HTTPException

from . import store
from .config import Config, config_or_exit
from .database import Database
from .log import settings
from .user_input import new_user_from, sentence, user_changes_from

log = logging.getLogger("users")


def create_app(config: Config | None = None) -> Flask:
    config = config or config_or_exit()
    logging.config.dictConfig(settings(config.log_level))
    app = Flask(__name__)
    app.json.sort_keys = False
    database = Database(config)
    app.extensions["database"] = database
    log_requests(app)
    answer_errors(app)
    health_route(app, database, config.release)
    user_routes(app, database)
    return app


def log_requests(app: Flask) -> None:
    """One line a request, with the id that the router has given it."""

    @app.before_request
    def begin() -> None:
        g.request_id = request.headers.get("X-Request-Id") or str(uuid.uuid4())
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        fields = {
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "ms": round((time.perf_counter() - g.began) * 1000, 1),
        }
        log.info("request", extra={"fields": fields})
        return response


def answer_errors(app: Flask) -> None:
    """Every error has the same shape: `{error, message, request_id}`."""

    @app.errorhandler(HTTPException)
    def known(error: HTTPException):
        if error.code == 404:
            return failure(404, "not_found", f"There is no {request.method} {request.path}")
        return failure(error.code, "invalid", error.description)

    @app.errorhandler(OperationalError)
    @app.errorhandler(PoolTimeout)
    def away(error: Exception):
        log.warning("the database is away", extra={"fields": {"error": str(error)}})
        answer, status = failure(503, "unavailable", "The database does not answer. Nothing was changed; try again.")
        return answer, status, {"Retry-After": "1"}

    @app.errorhandler(Exception)
    def unknown(error: Exception):
        log.error("request failed", exc_info=error)
        return failure(500, "internal", "Something went wrong here; the log tells more under this request_id.")


def failure(status: int, error: str, message: str, **more: object) -> tuple[Response, int]:
    return jsonify(error=error, message=message, **more, request_id=g.request_id), status


def health_route(app: Flask, database: Database, release: str) -> None:
    """Ready means: able to do its work, which is nothing without the database."""

    @app.get("/health")
    def health():
        try:
            with database.transaction() as db:
                db.execute("SELECT 1")
            return {"status": "healthy", "database": "connected", "version": release}
        except (OperationalError, PoolTimeout) as error:
            log.warning("not healthy", extra={"fields": {"error": str(error)}})
            return {"status": "unhealthy", "database": "unreachable", "version": release}, 503


def user_routes(app: Flask, database: Database) -> None:
    @app.get("/users")
    def index():
        """`count` is the number of all users; the next page begins `after` the last id of this one."""
        after, limit = whole_number("after", 0, store.GREATEST_ID), whole_number("limit", 100, 1000)
        if after is None or limit in (None, 0):
            return failure(400, "invalid", "after and limit must be whole numbers; limit is at most 1000")
        with database.transaction() as db:
            return {"users": store.list_users(db, after, limit), "count": store.count_users(db)}

    @app.post("/users")
    def create():
        fields, problems = new_user_from(request.get_json(silent=True))
        if problems:
            return failure(400, "invalid", sentence(problems), fields=problems)
        try:
            with database.transaction() as db:
                user = store.create_user(db, **fields)
        except UniqueViolation as error:
            return taken(error)
        return user, 201, {"Location": f"/users/{user['id']}"}

    @app.get("/users/<user_id>")
    def show(user_id: str):
        with database.transaction() as db:
            user = store.find_user(db, known_id(user_id))
        return user or no_user(user_id)

    @app.put("/users/<user_id>")
    def update(user_id: str):
        changes, problems = user_changes_from(request.get_json(silent=True))
        if problems:
            return failure(400, "invalid", sentence(problems), fields=problems)
        try:
            with database.transaction() as db:
                user = store.update_user(db, known_id(user_id), changes)
        except UniqueViolation as error:
            return taken(error)
        return user or no_user(user_id)

    @app.delete("/users/<user_id>")
    def delete(user_id: str):
        with database.transaction() as db:
            deleted = store.delete_user(db, known_id(user_id))
        return ("", 204) if deleted else no_user(user_id)


def whole_number(name: str, default: int, most: int) -> int | None:
    text = request.args.get(name, str(default))
    return int(text) if text.isascii() and text.isdigit() and int(text) <= most else None


def known_id(text: str) -> int:
    """0, which no user has, for what cannot be an id."""
    number = int(text) if text.isascii() and text.isdigit() else 0
    return number if number <= store.GREATEST_ID else 0


def taken(error: UniqueViolation) -> tuple[Response, int]:
    field = "email" if error.diag.constraint_name == "users_email_taken" else "username"
    return failure(409, "conflict", f"Another user has this {field}", field=field)


def no_user(user_id: str) -> tuple[Response, int]:
    return failure(404, "not_found", f"There is no user {user_id}")
