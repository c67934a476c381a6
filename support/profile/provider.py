"""The environment of one run, made by the command that the profile names and taken away with the run."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

from redaction import redact
from support.core.errors import EnvironmentBroken
from support.core.files import ROOT
from support.profile.profile import Profile
from support.profile.settings import Provider

_LAST_LOG_WITHIN_S = 30.0
_LOG_MAX = 4000  # characters


class ProvidedEnvironment:
    """A running provider.

    It keeps the environment for as long as its standard input is open, so that the environment goes however the run
    ends, even when it is killed.
    """

    def __init__(self, provider: Provider, *, jobs: int = 1) -> None:
        """Start the provider; the run goes on while it makes the environment, or one for each job.

        A command without `{jobs}` makes one for all of them.
        """
        self._provider, self.identity = provider, secrets.token_hex(8)
        placeholders = {"{python}": sys.executable, "{jobs}": str(jobs)}
        self._command = [_filled(part, placeholders) for part in provider.command]
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": _python_path()},
                text=True,
                start_new_session=True,  # Ctrl-C is for the run: it still has to clean up in this environment.
            )
        except OSError as error:
            raise EnvironmentBroken(f"The environment cannot be made: {' '.join(self._command)}: {error}") from error
        assert self._process.stdout is not None
        self._output = self._process.stdout

    def endpoints(self) -> list[dict[str, Any]]:
        """Wait until all environments are ready, and return the addresses of each in the shape of a profile.

        Raises:
            EnvironmentBroken: the provider ended, printed something else, or was not ready in time.
        """
        is_ready = self._prints_or_ends(self._provider.ready_within_s)
        line = self._output.readline() if is_ready else ""
        try:
            printed = json.loads(line)
        except ValueError:
            self.close()
            why = (
                "ended without an environment" if is_ready else f"not ready within {self._provider.ready_within_s:g} s"
            )
            raise EnvironmentBroken(
                f"The environment cannot be made ({' '.join(self._command)}: {why}).\n{self._log()}"
            ) from None
        endpoints = printed if isinstance(printed, list) else [printed]
        if not endpoints or not all(isinstance(each, dict) for each in endpoints):
            self.close()
            raise EnvironmentBroken(f"The provider printed no endpoints: {redact(line)[:200]!r}")
        return endpoints

    def check(self, within_s: float = 0.0) -> None:
        """Check that the environment still exists, and does not end within that time.

        Raises:
            EnvironmentBroken: it has ended; the message has what the provider logged.
        """
        # After its endpoints a provider prints nothing: the end of its output is the end of the environment.
        if not self._prints_or_ends(within_s):
            return
        self._wait_for_last_words()
        raise EnvironmentBroken(
            f"The environment has ended during the run ({' '.join(self._command)}). No verdict is possible on what "
            f"came after that; run again.\n{self._log()}"
        )

    def close(self) -> None:
        """End the environment, and wait until it is gone."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _prints_or_ends(self, within_s: float) -> bool:
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_READ)
            return bool(selector.select(within_s))

    def _wait_for_last_words(self) -> None:
        """Wait until the process has ended; also where this one is a worker, which has not started it."""
        with contextlib.suppress(ProcessLookupError):
            ended = os.pidfd_open(self._process.pid)
            select.select([ended], [], [], _LAST_LOG_WITHIN_S)
            os.close(ended)

    def _log(self) -> str:
        # Not by the file's own position, which all that have inherited it share.
        written = os.pread(self._stderr.fileno(), os.fstat(self._stderr.fileno()).st_size, 0)
        log = redact(written.decode(errors="replace")).strip()
        # The cause stands first, the last lines of a log last.
        return log if len(log) <= _LOG_MAX else f"{log[: _LOG_MAX // 2]}\n…\n{log[-_LOG_MAX // 2 :]}"


def _filled(part: str, placeholders: Mapping[str, str]) -> str:
    for placeholder, value in placeholders.items():
        part = part.replace(placeholder, value)
    return part


def _python_path() -> str:
    """The checkout first: with PYTHONSAFEPATH, Python does not find modules in the working directory."""
    return os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))


def provide(profile: Profile, provider: Provider | None = None, *, jobs: int = 1) -> ProvidedEnvironment | None:
    """Start to make the environment, or one for each job, if there is a provider; settings are checked before.

    It is the profile's own one where no other is given.

    Raises:
        SettingsError: the profile's provider is set wrongly, or an environment variable is not a setting.
        EnvironmentBroken: it cannot be started.
    """
    provider = provider or profile.provider()
    profile.check_variables()
    return None if provider is None else ProvidedEnvironment(provider, jobs=jobs)
