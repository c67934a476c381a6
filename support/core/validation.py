"""The wording of what pydantic finds wrong with a document."""

from collections.abc import Sequence

from pydantic import ValidationError


def validation_problems(error: ValidationError, within: Sequence[object] = ()) -> list[str]:
    """List what is wrong: where it is, from `within` on, and why. Values are left out: they may be secret."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return [": ".join(filter(None, (path_of(one["loc"], within), one["msg"]))) for one in problems]


def path_of(location: Sequence[object], within: Sequence[object] = ()) -> str:
    """The path of a field as it is written in messages: `channels.max`; empty for the document as a whole."""
    return ".".join(map(str, (*within, *location)))
