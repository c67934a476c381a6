"""Label and field selectors, as query parameters write them and as objects carry them."""

import re
from collections.abc import Callable, Mapping

from sandbox.emulators.kubernetes.errors import Causes, bad_request
from sandbox.emulators.kubernetes.kinds import Kind, Object, value_at
from sandbox.emulators.kubernetes.names import check_label

Selects = Callable[[Object], bool]
_Labels = Mapping[str, str]

_SET = re.compile(r"^(?P<key>\S+)\s+(?P<operator>in|notin)\s*\((?P<values>[^()]*)\)$")
_EQUALITY = re.compile(r"^(?P<key>[^\s=!]+)\s*(?P<operator>==|!=|=)\s*(?P<value>[^\s=!]*)$")
_PRESENCE = re.compile(r"^(?P<absent>!?)\s*(?P<key>[^\s=!()]+)$")


def label_selector(text: str) -> Selects:
    """Understands `a=b,c!=d,e in (f,g),h notin (i),j,!k`.

    Raises ApiError 400 for anything else, as the real server does.
    """
    tests = [_label_test(part.strip()) for part in re.split(r",(?![^()]*\))", text) if part.strip()]
    return lambda item: all(test(item["metadata"].get("labels") or {}) for test in tests)


def _label_test(part: str) -> Callable[[_Labels], bool]:
    if match := _SET.match(part):
        values = {value.strip() for value in match["values"].split(",")}
        key, negated = _legal(match["key"], values), match["operator"] == "notin"
        return lambda labels: (labels.get(key) in values) is not negated
    if match := _EQUALITY.match(part):
        wanted, negated = match["value"], match["operator"] == "!="
        key = _legal(match["key"], {wanted})
        return lambda labels: (labels.get(key) == wanted) is not negated
    if match := _PRESENCE.match(part):
        key, negated = _legal(match["key"], set()), bool(match["absent"])
        return lambda labels: (key in labels) is not negated
    raise bad_request(f"unable to parse requirement: found '{part}', expected: a label requirement")


def _legal(key: str, values: set[str]) -> str:
    causes = Causes()
    for value in values or {""}:
        check_label(key, value, "values", causes)
    if causes.found:
        raise bad_request(f"unable to parse requirement: {causes.found[0]['message']}")
    return key


def field_selector(kind: Kind, text: str) -> Selects:
    """Understands `a=b,c!=d` over the fields that this kind can be selected by; ApiError 400 otherwise."""
    tests: list[Selects] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = re.match(r"^([^=!]+)(==|!=|=)(.*)$", part)
        if match is None:
            raise bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
        name, operator, wanted = match[1].strip(), match[2], match[3].strip()
        if name not in kind.fields:
            raise bad_request(f'field label "{name}" not supported for {kind.kind}')
        tests.append(_field_test(kind.fields[name], wanted, negated=operator == "!="))
    return lambda item: all(test(item) for test in tests)


def _field_test(path: str, wanted: str, *, negated: bool) -> Selects:
    def test(item: Object) -> bool:
        value = value_at(item, path)
        # A counter that is left out while it is zero is selected as "0".
        absent = "0" if path == "status.succeeded" else ""
        return ((absent if value is None else str(value)) == wanted) is not negated

    return test


def selector_matches(selector: Object, labels: _Labels) -> bool:
    """Whether an object's own `spec.selector` (matchLabels, matchExpressions) selects these labels."""
    wanted: _Labels = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    for expression in selector.get("matchExpressions") or []:
        key, operator, values = expression["key"], expression["operator"], expression.get("values") or []
        holds = {
            "In": labels.get(key) in values,
            "NotIn": labels.get(key) not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }
        if not holds.get(operator, False):
            return False
    return True
