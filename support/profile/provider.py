"""The environment of one run, made by the command that the profile names and taken away with the run."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
from typing import Any

from redaction import redact
from support.core.errors import EnvironmentBroken
from support.profile.profile import ROOT, Profile
from support.profile.settings import Provider

_LAST_WORDS_WITHIN_S = 30.0
_WORDS = 4000  # characters


class ProvidedEnvironment:
    """A provider at work.

    The provider holds the environment for as long as its standard input is open, so that it is taken away however
    the run ends, also when it is killed.
    """

    def __init__(self, provider: Provider) -> None:
        """Start the provider; it makes the environment while the run prepares itself."""
        self._provider = provider
        self._command = [part.replace("{python}", sys.executable) for part in provider.command]
        self._said = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": _python_path()},
                text=True,
                start_new_session=True,  # Ctrl-C is for the run: it still has to clean up in this environment.
            )
        except OSError as error:
            raise EnvironmentBroken(f"The environment cannot be made: {' '.join(self._command)}: {error}") from error

    def endpoints(self) -> dict[str, Any]:
        """Wait until the environment is ready, and give its addresses in the shape of a profile.

        Raises:
            EnvironmentBroken: the provider ended, said something else, or was not ready in time.
        """
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            ready = selector.select(self._provider.ready_within_s)
        line = self._process.stdout.readline() if ready else ""
        try:
            endpoints = json.loads(line)
        except ValueError:
            self.close()
            why = "ended without an environment" if ready else f"not ready within {self._provider.ready_within_s:g} s"
            raise EnvironmentBroken(
                f"The environment cannot be made ({' '.join(self._command)}: {why}).\n{self._words()}"
            ) from None
        if not isinstance(endpoints, dict):
            self.close()
            raise EnvironmentBroken(f"The provider printed no endpoints: {redact(line)[:200]!r}")
        return endpoints

    def check(self, within_s: float = 0.0) -> None:
        """See that the environment is still there; one that ends within that time is not.

        Raises:
            EnvironmentBroken: it has ended; the message has what the provider said of it.
        """
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            # After its endpoints a provider prints nothing: the end of its output is the end of the environment.
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(within_s):
                return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST_WORDS_WITHIN_S)
        raise EnvironmentBroken(
            f"The environment has ended during the run ({' '.join(self._command)}). No verdict is possible on what "
            f"came after that; run again.\n{self._words()}"
        )

    def close(self) -> None:
        """Let the environment go, and wait until it is gone."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _words(self) -> str:
        self._said.seek(0)
        said = redact(self._said.read()).strip()
        if len(said) <= _WORDS:
            return said
        # What has happened stands first, a log's last lines last.
        return f"{said[: _WORDS // 2]}\n…\n{said[-_WORDS // 2 :]}"


def _python_path() -> str:
    """The checkout first: with PYTHONSAFEPATH, Python does not find modules in the working directory."""
    return os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))


def provide(profile: Profile) -> ProvidedEnvironment | None:
    """Start to make the environment, if the profile has a provider.

    Raises:
        SettingsError: the profile's provider is set wrongly, or an environment variable is no setting: that is said
            before an environment is made.
        EnvironmentBroken: it cannot be started.
    """
    provider = profile.provider()
    profile.check_variables()
    return None if provider is None else ProvidedEnvironment(provider)
