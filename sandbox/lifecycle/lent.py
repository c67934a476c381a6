"""What a sandbox makes in a broker or a cluster that was lent to it, and its removal if the supervisor dies.

`python -m sandbox.lifecycle.lent NAME...` deletes the virtual hosts and namespaces of these names from the stores of
the settings. It ends with status 75 if that could not be done; it may be tried again then.
"""

import asyncio
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.launchers import kubernetes_api, rabbitmq
from sandbox.launchers.kubernetes_api import CLUSTER_SETTING
from sandbox.launchers.processes import PartFailed
from sandbox.launchers.rabbitmq import MANAGEMENT_SETTING, URL_SETTING
from sandbox.launchers.rest import RequestFailed
from sandbox.lifecycle.directories import CHECKOUT
from sandbox.lifecycle.reaper import Record

_SETTINGS = (URL_SETTING, MANAGEMENT_SETTING, CLUSTER_SETTING)
_GONE_OR_GOING = (404, 409)


class Lent:
    """Keeps in the record what has to be removed from stores that outlive the sandbox.

    The record, which its owner alone can read, has the settings too: the process that clears up later may have others.
    """

    def __init__(self, record: Record, environment: Mapping[str, str]) -> None:
        self._record = record
        self._command = [sys.executable, "-m", "sandbox.lifecycle.lent"]
        self._names: list[str] = []
        self._settings = {name: environment[name] for name in _SETTINGS if environment.get(name)}

    def add(self, name: str) -> None:
        """Note a name before anything is made under it. Without a store that was lent there is nothing to note."""
        if URL_SETTING in self._settings or CLUSTER_SETTING in self._settings:
            self._write([*self._names, name])

    def discard(self, name: str) -> None:
        """Forget a name under which nothing is left."""
        if name in self._names:
            self._write([each for each in self._names if each != name])

    def _write(self, names: list[str]) -> None:
        others = [command for command in self._record.commands if command != [*self._command, *self._names]]
        self._names = names
        self._record.commands = [*others, *([[*self._command, *names]] if names else [])]
        self._record.environment = {**self._record.environment, **self._settings, "PYTHONPATH": str(CHECKOUT)}
        self._record.working_directory = os.getcwd()
        self._record.save()


async def remove(names: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Delete the virtual hosts and namespaces of these names from the stores of the settings; what failed, if anything.

    A namespace has begun to go when this returns.
    """
    try:
        removals = [removal for name in names for removal in _removals(name, environment)]
    except PartFailed as failure:
        return [str(failure)]
    outcomes = await asyncio.gather(*removals, return_exceptions=True)
    return [str(outcome) for outcome in outcomes if outcome is not None]


def _removals(name: str, environment: Mapping[str, str]) -> Iterator[Any]:
    if environment.get(URL_SETTING):
        yield rabbitmq.existing(environment).delete(name)
    if kubeconfig := environment.get(CLUSTER_SETTING):
        yield _remove_namespace(kubeconfig, name)


async def _remove_namespace(kubeconfig: str, name: str) -> None:
    try:
        await kubernetes_api.interface(kubeconfig).send("DELETE", kubernetes_api.path_of(name))
    except RequestFailed as refusal:
        if refusal.status not in _GONE_OR_GOING:
            raise


def main() -> None:
    """Delete what the arguments name."""
    failures = asyncio.run(remove(sys.argv[1:], os.environ))
    for failure in failures:
        print(f"could not be removed: {failure}", file=sys.stderr)
    sys.exit(os.EX_TEMPFAIL if failures else 0)


if __name__ == "__main__":
    main()
