"""The rules for names and labels (RFC 1123, RFC 1035 and Kubernetes' own), and generated names."""

import re
import secrets

from sandbox.emulators.kubernetes.errors import Causes

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_LABEL_1035 = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"

_RULES = {
    "subdomain": (
        re.compile(_SUBDOMAIN),
        253,
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and "
        "must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
        rf"'{_SUBDOMAIN}')",
    ),
    "label": (
        re.compile(_LABEL),
        63,
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
        f"and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
        f"'{_LABEL}')",
    ),
    "label1035": (
        re.compile(_LABEL_1035),
        63,
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
        "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
        f"validation is '{_LABEL_1035}')",
    ),
}
_NAME_PART = re.compile(_QUALIFIED)
_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_LONGEST_GENERATED = 63
_SUFFIX_LENGTH = 5


def generated_name(prefix: str) -> str:
    """`prefix` and five random letters, never longer than 63 characters."""
    suffix = "".join(secrets.choice(_SUFFIX_LETTERS) for _ in range(_SUFFIX_LENGTH))
    return prefix[: _LONGEST_GENERATED - _SUFFIX_LENGTH] + suffix


def check_name(rule: str, name: str, path: str, causes: Causes) -> None:
    """An object's or container's name, by the rule `subdomain`, `label` or `label1035`."""
    pattern, longest, message = _RULES[rule]
    if len(name) > longest:
        causes.invalid(path, name, f"must be no more than {longest} characters")
    if not pattern.fullmatch(name):
        causes.invalid(path, name, message)


def check_key(key: str, path: str, causes: Causes) -> None:
    """The key of a label or annotation: `name` or `dns.prefix/name`."""
    prefix, slash, name = key.rpartition("/")
    if slash and not (len(prefix) <= 253 and _RULES["subdomain"][0].fullmatch(prefix)):
        causes.invalid(path, key, f"prefix part {_RULES['subdomain'][2]}")
    if len(name) > 63:
        causes.invalid(path, key, "name part must be no more than 63 characters")
    if not _NAME_PART.fullmatch(name):
        causes.invalid(
            path,
            key,
            "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
            f"alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
            f"'{_QUALIFIED}')",
        )


def check_label(key: str, value: str, path: str, causes: Causes) -> None:
    """One label: its key, and a value of at most 63 characters that may hold `_` but no `/` or space."""
    check_key(key, path, causes)
    if len(value) > 63:
        causes.invalid(path, value, "must be no more than 63 characters")
    if value and not _NAME_PART.fullmatch(value):
        causes.invalid(
            path,
            value,
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and "
            "must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', "
            f"regex used for validation is '({_QUALIFIED})?')",
        )
