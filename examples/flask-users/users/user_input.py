"""What may be a user, before the database is asked."""

import re

RULES = {
    "username": (r"[A-Za-z0-9_.-]{1,40}", "must be 1 to 40 letters, digits, dots, dashes or underscores"),
    "email": (r"(?=.{3,254}$)[^\s@]+@[^\s@]+", "must be like ada@example.com"),
}


def new_user_from(body: object) -> tuple[dict[str, str], dict[str, str]]:
    """The fields, and what is wrong with each; a new user needs all of them."""
    return _checked(_fields_of(body), list(RULES))


def user_changes_from(body: object) -> tuple[dict[str, str], dict[str, str]]:
    """A change needs at least one."""
    fields = _fields_of(body)
    return _checked(fields, [name for name in RULES if fields[name] is not None] or list(RULES))


def sentence(problems: dict[str, str]) -> str:
    """`username is missing; email must be like …`"""
    return "; ".join(f"{field} {problem}" for field, problem in problems.items())


def _fields_of(body: object) -> dict[str, object]:
    """What of the body is ours, without the spaces around it."""
    given = body if isinstance(body, dict) else {}
    values = {name: given.get(name) for name in RULES}
    return {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}


def _checked(fields: dict[str, object], needed: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    problems = {}
    for name in needed:
        pattern, rule = RULES[name]
        value = fields[name]
        if value is None or value == "":
            problems[name] = "is missing"
        elif not isinstance(value, str) or not re.fullmatch(pattern, value):
            problems[name] = rule
    return {name: fields[name] for name in needed}, problems
