"""The error for a setting that cannot be used."""

from __future__ import annotations

from redaction import Masked


class SettingsError(Masked, Exception):
    """A setting is missing or wrong. The message names the setting, where it is set, and the fix."""
