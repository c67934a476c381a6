"""Run Toxiproxy's emulator as a process of its own: `python -m sandbox.emulators.toxiproxy --help`."""

import argparse
import asyncio
import logging
import signal
import sys

from aiohttp import web

from sandbox.emulators.toxiproxy.api import application

_HOST = "127.0.0.1"


async def _serve(port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = web.AppRunner(application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, _HOST, port).start()
    print(f"ready http://{_HOST}:{runner.addresses[0][1]}", flush=True)
    await stop.wait()
    await runner.cleanup()


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    parser = argparse.ArgumentParser(prog="python -m sandbox.emulators.toxiproxy", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port of the API on 127.0.0.1; 0 takes a free one")
    options = parser.parse_args()
    try:
        asyncio.run(_serve(options.port))
    except OSError as failure:
        sys.exit(f"cannot serve: {failure}; choose another --port")


if __name__ == "__main__":
    main()
