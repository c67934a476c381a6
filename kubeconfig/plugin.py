"""Credentials from an exec plugin.

https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kubeconfig.errors import KubeconfigError
from kubeconfig.login import Login, bearer, data_or_file
from redaction import Redactor, redact

_RENEWED_BEFORE_S = 10.0  # client-go's, for a token that it is about to send
_RENEWED_BEFORE = 0.2  # ... but for one that lives shortly, this part of its life
_LONG = re.compile(r"[^\s\"'{}:,]{16,}")
_SHOWN = 1000  # characters of what the plugin said


class Plugin:
    """A command that prints credentials."""

    is_static = False

    def __init__(self, described: Mapping[str, Any], folder: Path, cluster: Mapping[str, Any], limit_s: float) -> None:
        for key in ("command", "apiVersion"):
            if not described.get(key):
                raise KubeconfigError(f"the exec plugin of the user has no {key}")
        if described.get("interactiveMode") == "Always":
            raise KubeconfigError(
                f"the exec plugin {described['command']} wants a terminal (interactiveMode: Always), and has none here"
            )
        self._described, self._folder, self._cluster, self._limit_s = described, folder, cluster, limit_s

    def obtain(self) -> Login:
        """Run the command.

        Raises:
            KubeconfigError: it failed, printed no credentials, or did not end in time; the message has what it said.
        """
        command = [str(self._described["command"]), *map(str, self._described.get("args") or [])]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=self._folder,
                env=self._environment(),
                start_new_session=True,  # What it has started ends with it.
            )
        except OSError as error:
            hint = str(self._described.get("installHint") or "").strip()
            raise KubeconfigError(
                f"the exec plugin {command[0]} cannot be run: {error.strerror}" + (f"; {hint}" if hint else "")
            ) from None
        try:
            printed, said = process.communicate(timeout=self._limit_s)
        except subprocess.TimeoutExpired as late:
            # It may have ended, and a process that it started may hold its output open.
            printed, said = late.stdout or b"", late.stderr or b""
        finally:
            _end(process)
        if process.returncode == -signal.SIGKILL:
            raise KubeconfigError(
                f"the exec plugin {command[0]} did not end within {self._limit_s:g} s{_words(said, printed)}"
            )
        if process.returncode:
            raise KubeconfigError(
                f"the exec plugin {command[0]} failed with {process.returncode}{_words(said, printed)}"
            )
        try:
            return self._login(json.loads(printed))
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
            # What it printed may be a token, and is not shown.
            raise KubeconfigError(
                f"the exec plugin {command[0]} printed no ExecCredential of {self._described['apiVersion']}"
                f"{_words(said, printed)}"
            ) from None

    def _environment(self) -> dict[str, str]:
        spec: dict[str, Any] = {"interactive": False}
        if self._described.get("provideClusterInfo"):
            spec["cluster"] = _told(self._cluster)
        about = {"apiVersion": self._described["apiVersion"], "kind": "ExecCredential", "spec": spec}
        try:
            further = {str(each["name"]): str(each["value"]) for each in self._described.get("env") or []}
        except (TypeError, KeyError):
            raise KubeconfigError("the env of the user's exec plugin is not a list of name and value") from None
        return {**os.environ, **further, "KUBERNETES_EXEC_INFO": json.dumps(about)}

    def _login(self, answered: Mapping[str, Any]) -> Login:
        if answered["kind"] != "ExecCredential" or answered["apiVersion"] != self._described["apiVersion"]:
            raise ValueError
        status = answered["status"]
        token, certificate, key = (status.get(key) for key in ("token", "clientCertificateData", "clientKeyData"))
        if not token and not (certificate and key):
            raise ValueError
        return Login(
            bearer(str(token), f"the exec plugin {self._described['command']}") if token else None,
            f"{certificate}\n{key}".encode() if certificate and key else None,
            _renewal(status.get("expirationTimestamp")),
        )


def _told(cluster: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in cluster.items() if name not in ("extensions", "certificate-authority")}
    if authority := data_or_file(cluster, "certificate-authority"):
        told["certificate-authority-data"] = base64.b64encode(authority).decode()
    for extension in cluster.get("extensions") or []:
        if extension.get("name") == "client.authentication.k8s.io/exec":
            told["config"] = extension.get("extension")
    return told


def _renewal(expiry: str | None) -> float | None:
    if not expiry:
        return None
    moment = datetime.fromisoformat(expiry)
    ends, now = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp(), time.time()
    # Credentials that have expired by this machine's clock are used until they are refused.
    return ends - min(_RENEWED_BEFORE_S, _RENEWED_BEFORE * (ends - now)) if ends > now else None


def _words(said: bytes, printed: bytes) -> str:
    """What the plugin said, without the token that it may also have printed; masked before it is cut."""
    unseen = Redactor(_LONG.findall(printed.decode(errors="replace")))
    text = " ".join(unseen(redact(said.decode(errors="replace"))).split())
    return f": {text[-_SHOWN:]}" if text else ", and said nothing"


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:  # Not waited for yet, so that its number is still its own.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
