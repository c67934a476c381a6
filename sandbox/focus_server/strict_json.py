"""JSON as the standard has it: without NaN and infinity, and no name twice in an object."""

import json
from typing import Any, NoReturn


class NoJson(ValueError):
    """The bytes are no JSON that could be understood in one way only; the message says what they are."""


def decoded(text: bytes) -> Any:
    """What the bytes say; raises `NoJson`."""
    try:
        return json.loads(text.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_object)
    except NoJson:
        raise
    except (ValueError, RecursionError):
        # Also bytes that are no UTF-8, numbers of thousands of digits, and nesting without end.
        raise NoJson("no JSON") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        # One of the values would be lost, and what is kept would not be what was sent.
        raise NoJson("JSON with the same name twice in an object")
    return made


def _refuse_constant(name: str) -> NoReturn:
    raise NoJson(f"no JSON: {name} is none")
