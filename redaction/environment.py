"""Finding the secrets in a process's environment variables."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

# Names as programs give them: PGPASSWORD, GITHUB_TOKEN, AWS_SECRET_ACCESS_KEY, SSH_PASS, …
_TELLING = re.compile(
    r"PASSWORD|PASSWD|PASSPHRASE|TOKEN|SECRET|CREDENTIAL|API_?KEY|(?:^|_)(?:PASS|PWD|KEY|PAT)(?:_|$)", re.IGNORECASE
)
# ... but not of what holds a secret elsewhere, or of what only sounds like one.
_NOT_TELLING = re.compile(
    r"(?:_(?:FILE|FILES|PATH|DIR|NAME|ID|TYPE|EXECUTION|AUTH_SOCK)|(?:PROJECT|ISSUE|PUBLIC|TEST)_KEY)$|^(?:OLD)?PWD$",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(r"true|false|yes|no|on|off|none|null|[0-9]{1,6}|[~.]{0,2}/.*", re.IGNORECASE | re.DOTALL)
_FROM_SUCH_NAMES = 6  # characters at least; a shorter value may be an ordinary word, and FOCUS_… may be shorter
_FROM_OUR_NAMES = 4

_WITH_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:/{1,3}", re.IGNORECASE)
_MAY_LACK_THE_SCHEME = re.compile(r"_PROXY$|^FOCUS_", re.IGNORECASE)
_WELL_FORMED = re.compile(r"(?<=//)(?P<user>[^:/?#@\s]*):(?P<password>[^/?#@\s]+)@")
_IN_QUERY = re.compile(r"[?&;][^=&]*(?:password|token|secret|key)=(?P<secret>[^&;\s]+)", re.IGNORECASE)
_LONG_USER = 16  # characters; an address whose user alone is as long has a token there


def secrets_in(environment: Mapping[str, str]) -> Iterator[str]:
    """Everything in the variables that must not be shown.

    That is the value of each whose name says so, and of each that is an address the password, well-formed or not, also
    as HTTP writes it with its user.
    """
    for name, value in environment.items():
        stripped = value.strip()
        if _TELLING.search(name) and not _NOT_TELLING.search(name) and not _NO_SECRET.fullmatch(stripped):
            shortest = _FROM_OUR_NAMES if name.startswith("FOCUS_") else _FROM_SUCH_NAMES
            if len(stripped) >= shortest:
                yield from (value, stripped, stripped.strip("\"'"))
        yield from _of_address(stripped, may_lack_the_scheme=bool(_MAY_LACK_THE_SCHEME.search(name)))


def _of_address(value: str, *, may_lack_the_scheme: bool) -> Iterator[str]:
    scheme = _WITH_SCHEME.search(value)
    if scheme is None and not may_lack_the_scheme:
        return
    if scheme is not None:
        yield from (found["secret"] for found in _IN_QUERY.finditer(value))
    for found in _WELL_FORMED.finditer(value):
        yield from _login(found["user"], found["password"])
    # To the last @: what is not escaped may be anything.
    before, at, _ = value[scheme.end() if scheme else 0 :].rpartition("@")
    user, colon, password = before.partition(":")
    if at and colon and "/" not in user:
        yield from _login(user, password)
    elif at and len(user) >= _LONG_USER and "/" not in user:
        yield user


def _login(user: str, password: str) -> Iterator[str]:
    yield password
    if len(password) < _FROM_OUR_NAMES:  # too short to be masked wherever it stands
        yield f"{user}:{password}@"
    for login in {f"{user}:{password}", f"{unquote(user)}:{unquote(password)}"}:
        for encoding in ("utf-8", "latin-1"):
            yield base64.b64encode(login.encode(encoding, errors="replace")).decode()
