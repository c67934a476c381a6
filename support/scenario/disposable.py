"""The environment of the scenarios that stop, kill and restart parts of the product: those tagged `@disruptive`.

It is made when the first of them asks, and shared by all that follow. Where the profile has no command for one, it is
the environment of the run itself, if that is marked as disposable.
"""

from __future__ import annotations

from support.core.errors import EnvironmentBroken, SettingsError
from support.profile.profile import Profile
from support.profile.provider import ProvidedEnvironment
from support.profile.settings import Provider, Settings
from support.scenario.suite_run import SuiteRun


def maker_of(profile: Profile) -> Provider | None:
    """What makes a disposable environment, where the profile has a command for it; raises SettingsError."""
    provider = profile.provider()
    if provider is None or provider.disposable_command is None:
        return None
    return provider.model_copy(update={"command": provider.disposable_command})


def why_lasting(settings: Settings, *, is_made: bool) -> str | None:
    """Why no part of an environment may be stopped; None where that is allowed, as in one that is made for it."""
    if is_made or settings.workloads.disposable:
        return None
    return "parts of this environment may not be stopped, killed and scaled: workloads.disposable is not set"


class Disposable:
    """The disposable environment of a run, or of one of its workers, beside its `ordinary` one."""

    def __init__(self, profile: Profile, ordinary: SuiteRun) -> None:
        """Nothing is made yet. Raises SettingsError."""
        self._profile, self._ordinary, self._maker = profile, ordinary, maker_of(profile)
        self._provided: ProvidedEnvironment | None = None
        self.made: SuiteRun | None = None  # one that was made, and is to be closed
        self._never: str | None = None  # why none can be made: asked again, it would take as long again

    def refusal(self) -> str | None:
        """Why no part may be stopped; None where that is allowed."""
        return why_lasting(self._ordinary.settings, is_made=self._maker is not None)

    def take(self) -> SuiteRun:
        """The environment; it is made, and found healthy, when this is asked for the first time.

        Raises:
            SettingsError: the profile cannot be used for it.
            EnvironmentBroken: it cannot be made, or is not healthy.
        """
        if self._maker is None:
            return self._ordinary
        if self._never is not None:
            raise EnvironmentBroken(self._never)
        if self.made is None:
            try:
                self._provided = ProvidedEnvironment(self._maker)
                endpoints, others = self._provided.endpoints()[0], [self._ordinary.identity]
                self.made = SuiteRun.start(self._profile, self._provided, endpoints, others=others)
            except (SettingsError, EnvironmentBroken) as error:
                self._never = str(error)
                raise
            finally:
                if self.made is None:
                    self._end()
        return self.made

    def close(self) -> None:
        """Give it back, if it was made; another one is made for the next scenario that asks."""
        made, self.made = self.made, None
        try:
            if made is not None:
                made.close()
        finally:
            self._end()

    def _end(self) -> None:
        if self._provided is not None:
            self._provided.close()
            self._provided = None
