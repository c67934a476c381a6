"""Step B: is this a configuration that the server accepts?"""

from datetime import datetime

from pydantic import ValidationError

from sandbox.focus_server.configuration import Configuration
from sandbox.focus_server.errors import InvalidConfiguration, violations_of
from sandbox.focus_server.limits import Limits
from sandbox.focus_server.rules import ALL_RULES, Circumstances, Rule


class Validator:
    """Checks a decoded JSON body: first its shape and types, then every rule of the field table."""

    def __init__(self, limits: Limits, rules: tuple[Rule, ...] = ALL_RULES) -> None:
        self._limits = limits
        self._rules = rules

    def validate(self, payload: object, now: datetime) -> Configuration:
        """Return the configuration; raise `InvalidConfiguration` with all that is wrong with it."""
        try:
            config = Configuration.model_validate(payload)
        except ValidationError as error:
            raise InvalidConfiguration(violations_of(error)) from None
        at = Circumstances(self._limits, now)
        violations = [violation for rule in self._rules for violation in rule(config, at)]
        if violations:
            raise InvalidConfiguration(violations)
        return config
