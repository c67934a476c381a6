"""The documents of recordings, as the contract has them."""

import uuid
from datetime import datetime
from typing import Any

COLLECTION = "recordings"


def recording(start: datetime, end: datetime | None, *, deleted: bool = False) -> dict[str, Any]:
    """A recording with an id of its own; it is under way without an end."""
    return {"uuid": str(uuid.uuid4()), "start_time": start, "end_time": end, "deleted": deleted}
