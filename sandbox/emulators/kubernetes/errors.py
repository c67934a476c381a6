"""The errors of the API, worded as a real API server does: a `Status` object with a reason and a code."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.emulators.kubernetes.kinds import Kind


class ApiError(Exception):
    """A request is refused; `status` is the body of the answer and `code` its HTTP status."""

    def __init__(self, code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            **({"details": details} if details else {}),
            "code": code,
        }


@dataclass
class Causes:
    """Collects what is wrong with an object, field by field, so that one answer names everything."""

    found: list[dict[str, str]] = field(default_factory=list)

    def _add(self, reason: str, path: str, message: str) -> None:
        self.found.append({"reason": reason, "message": message, "field": path})

    def required(self, path: str, detail: str = "") -> None:
        """A field must be given."""
        self._add("FieldValueRequired", path, "Required value" + (f": {detail}" if detail else ""))

    def invalid(self, path: str, value: object, detail: str) -> None:
        """A field's value breaks a rule."""
        self._add("FieldValueInvalid", path, f"Invalid value: {json.dumps(value)}: {detail}")

    def unsupported(self, path: str, value: object, choices: Iterable[str]) -> None:
        """A field's value is none of the choices."""
        allowed = ", ".join(f'"{choice}"' for choice in choices)
        self._add(
            "FieldValueNotSupported", path, f"Unsupported value: {json.dumps(value)}: supported values: {allowed}"
        )

    def forbidden(self, path: str, detail: str) -> None:
        """A field may not be set or changed here."""
        self._add("FieldValueForbidden", path, f"Forbidden: {detail}")

    def duplicate(self, path: str, value: object) -> None:
        """A value that must be unique stands there twice."""
        self._add("FieldValueDuplicate", path, f"Duplicate value: {json.dumps(value)}")


def _details(kind: Kind, name: str, **more: Any) -> dict[str, Any]:
    group = {"group": kind.group} if kind.group else {}
    return {"name": name, **group, "kind": kind.plural, **more}


def not_found(kind: Kind, name: str) -> ApiError:
    """404: there is no such object."""
    return ApiError(404, "NotFound", f'{kind.resource} "{name}" not found', _details(kind, name))


def already_exists(kind: Kind, name: str) -> ApiError:
    """409: the name is taken."""
    return ApiError(409, "AlreadyExists", f'{kind.resource} "{name}" already exists', _details(kind, name))


def conflict(kind: Kind, name: str, why: str | None = None) -> ApiError:
    """409: the object is not the one that the caller saw last."""
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    message = f'Operation cannot be fulfilled on {kind.resource} "{name}": {why}'
    return ApiError(409, "Conflict", message, _details(kind, name))


def invalid(kind: Kind, name: str, causes: Sequence[dict[str, str]]) -> ApiError:
    """422: the object breaks rules; each cause names its field."""
    each = [f"{cause['field']}: {cause['message']}" for cause in causes]
    text = each[0] if len(each) == 1 else f"[{', '.join(each)}]"
    title = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    details = {**_details(kind, name), "kind": kind.kind, "causes": list(causes)}
    return ApiError(422, "Invalid", f'{title} "{name}" is invalid: {text}', details)


def forbidden(kind: Kind, name: str, why: str, causes: Sequence[dict[str, str]] = ()) -> ApiError:
    """403: the request is understood and not allowed."""
    more = {"causes": list(causes)} if causes else {}
    message = f'{kind.resource} "{name}" is forbidden: {why}'
    return ApiError(403, "Forbidden", message, _details(kind, name, **more))


def bad_request(message: str) -> ApiError:
    """400: the request makes no sense to the server."""
    return ApiError(400, "BadRequest", message)


def undecodable(kind: Kind, why: str) -> ApiError:
    """400: the body is no object of this kind."""
    return bad_request(f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: {why}')


def unauthorized() -> ApiError:
    """401: no token, or a wrong one."""
    return ApiError(401, "Unauthorized", "Unauthorized")


def method_not_allowed() -> ApiError:
    """405: the resource exists and does not do this."""
    return ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def unsupported_media_type(accepted: Iterable[str]) -> ApiError:
    """415: the body has a content type that this verb does not read."""
    message = "the body of the request was in an unknown format - accepted media types include: "
    return ApiError(415, "UnsupportedMediaType", message + ", ".join(accepted))


def no_such_path() -> ApiError:
    """404: no resource stands at this path."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def expired(message: str) -> ApiError:
    """410: the history that was asked for is no longer kept."""
    return ApiError(410, "Expired", message)
