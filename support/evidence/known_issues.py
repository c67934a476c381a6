"""Known issues: the tag `@known-issue:PZ-…` of scenarios that fail, and its effect on their verdicts.

A failure of the product is then reported as known and does not turn the run red; a broken environment and a clean-up
that fails still do. A scenario that passes though it should fail is red: its tag is out of date.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from behave.model_type import Status

from support.core.errors import ExpectationFailed
from support.core.keys import ISSUE_KEY

# Of a known failure's step and scenario. `xfailed` would say it, but behave 1.3.3 only reserves the name: its summary
# and its coloured output end with a KeyError. This one is shown everywhere, and counts as neither failed nor skipped.
KNOWN = Status.pending_warn

TAG = re.compile(f"known-issue:({ISSUE_KEY.pattern})")


def keys_of(tags: Iterable[str]) -> list[str]:
    """The keys of the known issues among the tags of a scenario, in order, each once."""
    return sorted({match[1] for tag in tags if (match := TAG.fullmatch(tag))})


def explains(keys: Collection[str], error: BaseException | None) -> bool:
    """Whether the known issues explain an error of a step: they explain failures of the product only."""
    return bool(keys) and isinstance(error, ExpectationFailed)


def shown(keys: Iterable[str], message: str) -> str:
    """The message of a known failure; the report's category "Known issue" matches its beginning."""
    return f"Known issue {', '.join(keys)}: {message}"


def expect_to_show(keys: Collection[str], place: str) -> None:
    """Raise ExpectationFailed always: the scenario passes, so that its tags at this place, a file and line, can go."""
    tags = ", ".join(f"@known-issue:{key}" for key in keys)
    raise ExpectationFailed(
        f"expected the scenario to fail because of {', '.join(keys)}\n  - it passes\n"
        f"Is the issue solved? Then remove {tags} at {place} (or above it: outline, examples, rule, feature)."
    )
