"""Run the Kubernetes API server as a process of its own: `python -m sandbox.emulators.kubernetes --help`."""

import argparse
import asyncio
import json
import logging
import os
import secrets
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox.emulators.kubernetes.controllers import loop
from sandbox.emulators.kubernetes.controllers.deployments import DeploymentController, ReplicaSetController
from sandbox.emulators.kubernetes.controllers.garbage import GarbageCollector, NamespaceEmptier
from sandbox.emulators.kubernetes.controllers.jobs import JobController, OrphanReleaser
from sandbox.emulators.kubernetes.controllers.pods import Kubelet, PodTimes
from sandbox.emulators.kubernetes.controllers.stateful_sets import StatefulSetController
from sandbox.emulators.kubernetes.handlers import application
from sandbox.emulators.kubernetes.kinds import NAMESPACES
from sandbox.emulators.kubernetes.registry import Registry
from sandbox.emulators.kubernetes.schemas import Schemas
from sandbox.emulators.kubernetes.store import Store

_HOST = "127.0.0.1"
_FIRST_NAMESPACES = ("default", "kube-system")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.emulators.kubernetes", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--kubeconfig", type=Path, required=True, help="file to write for clients, with the token")
    parser.add_argument("--pod-start-delay", type=float, default=0.05, help="seconds that a pod stays Pending")
    parser.add_argument("--pod-stop-delay", type=float, default=0.05, help="seconds that a deleted pod stays")
    return parser.parse_args()


def _write_kubeconfig(file: Path, port: int, token: str) -> None:
    # kubectl sends no token to an http address, but the password in it; other clients refuse an address with a
    # password. So there are two contexts. (JSON is YAML.)
    places = {"sandbox": f"http://{_HOST}:{port}", "kubectl": f"http://token:{token}@{_HOST}:{port}"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "sandbox",
        "clusters": [{"name": name, "cluster": {"server": server}} for name, server in places.items()],
        "users": [{"name": "sandbox", "user": {"token": token}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "sandbox"}} for name in places],
    }
    # Written aside (mode 0600 from the start) and renamed: nobody reads half of it.
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump(config, stream, indent=2)
    Path(draft).replace(file)


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    token = secrets.token_hex(16)  # Made here: an argument would show in the list of processes.
    schemas = Schemas()
    registry = Registry(Store(), schemas)
    times = PodTimes(options.pod_start_delay, options.pod_stop_delay)
    controllers: tuple[loop.Controller[Any], ...] = (
        Kubelet(registry, times),
        JobController(registry),
        OrphanReleaser(registry),
        ReplicaSetController(registry),
        DeploymentController(registry),
        StatefulSetController(registry),
        GarbageCollector(registry),
        NamespaceEmptier(registry),
    )
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(loop.run(registry.store, each)) for each in controllers]
        for name in _FIRST_NAMESPACES:
            registry.create(NAMESPACES, "", {"metadata": {"name": name}})
        runner = web.AppRunner(
            application(registry, token), access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await runner.setup()
        site = web.TCPSite(runner, _HOST, options.port)
        await site.start()
        port = runner.addresses[0][1]
        _write_kubeconfig(options.kubeconfig, port, token)
        print(f"ready http://{_HOST}:{port}", flush=True)
        await asyncio.to_thread(schemas.load)
        await stop.wait()
        await runner.cleanup()
        for task in tasks:
            task.cancel()


def main() -> None:
    """Serves until SIGTERM or SIGINT."""
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    options = _options()
    try:
        asyncio.run(_serve(options))
    except* OSError as failures:
        sys.exit(f"cannot serve: {failures.exceptions[0]}; choose another --port or --kubeconfig")


if __name__ == "__main__":
    main()
