"""The environment that a run works in: settings, profiles, who provides it."""
