"""``python -m sandbox.recorder``: set by ``RECORDER_*``; it records until SIGTERM, and prints its id as it begins."""

import asyncio
import logging
import os
import signal
import sys
from datetime import timedelta
from typing import Any

from pymongo import AsyncMongoClient

from redaction import protect_output
from sandbox.recorder.recorder import Recorder
from sandbox.recorder.recordings import COLLECTION

_LIMIT = 1000  # milliseconds that an attempt to write may take


async def _record(uri: str, database: str, length: timedelta) -> None:
    stop, told = asyncio.Event(), False
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    def began() -> None:
        nonlocal told
        if not told:
            print(f"recording {os.getpid()}", flush=True)
            told = True

    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        uri, tz_aware=True, appname="segy-recorder", timeoutMS=_LIMIT
    )
    async with client:
        await Recorder(client[database][COLLECTION], length, stop).run(began)


if __name__ == "__main__":
    protect_output()
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = {name: os.environ[f"RECORDER_{name}"] for name in ("MONGODB_URI", "MONGODB_DATABASE", "LENGTH_S")}
    length = timedelta(seconds=float(settings["LENGTH_S"]))
    asyncio.run(_record(settings["MONGODB_URI"], settings["MONGODB_DATABASE"], length))
