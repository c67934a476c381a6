"""Telling the commands to a running job from everything else that comes over its queue."""

from sandbox.focus_server.ports import Command
from sandbox.focus_server.strict_json import NoJson, decoded

CHANGE_ROI = "change_roi"


def command_in(message: bytes) -> Command | None:
    """The command that the message is; None when it is none that there is."""
    try:
        content = decoded(message)
    except NoJson:
        return None
    if isinstance(content, dict) and content.get("command") == CHANGE_ROI:
        return content
    return None
