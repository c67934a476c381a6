"""The environment of a run, asked for before steps, hooks and drivers are loaded: each takes about a second."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from support.core.errors import EnvironmentBroken, SettingsError
from support.profile.profile import chosen_profile, read_profile
from support.profile.provider import ProvidedEnvironment, provide


def profile_name(config: Any) -> str:
    """The profile that behave's configuration or the environment names, else `local`."""
    return str(config.userdata.get("profile") or chosen_profile())


class EarlyStart:
    """Starts to make the environment, or one for each job, where the profile has a provider."""

    def __init__(self, config: Any) -> None:
        self._provided: ProvidedEnvironment | None = None
        with suppress(SettingsError, EnvironmentBroken):  # `before_all` comes to the same, and has where to tell it.
            self._provided = provide(read_profile(profile_name(config)), jobs=config.jobs)

    def take(self) -> ProvidedEnvironment | None:
        """What is being made, for whoever gives it back from now on; None if nothing is."""
        provided, self._provided = self._provided, None
        return provided

    def close(self) -> None:
        """Give it back, if nobody has taken it."""
        if self._provided is not None:
            self._provided.close()
