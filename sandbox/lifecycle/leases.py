"""The leases of a sandbox: which tenant each run has, and one that is made in advance."""

import asyncio
import sys

from sandbox.launchers.processes import PartFailed
from sandbox.launchers.rest import RequestFailed
from sandbox.lifecycle.tenants import Tenant, Tenants


class Leases:
    """Gives tenants to runs and takes them back.

    With ``keep_spare`` one tenant is always made in advance, so that a run gets it at once. The next one
    is made only when no run is left that this could disturb.
    """

    def __init__(self, tenants: Tenants, *, keep_spare: bool) -> None:
        self._tenants = tenants
        self._keep_spare = keep_spare
        self._spare: asyncio.Task[Tenant] | None = None
        self._given: dict[str, Tenant] = {}

    @property
    def given(self) -> list[Tenant]:
        """The tenants that runs have at present."""
        return list(self._given.values())

    @property
    def spare(self) -> Tenant | None:
        """The tenant made in advance, if it is ready."""
        task = self._spare
        ready = task is not None and task.done() and not task.cancelled() and task.exception() is None
        return task.result() if task is not None and ready else None

    async def make_first(self) -> None:
        """Make the tenant that the first run gets. Raises as ``Tenants.make``."""
        self._spare = asyncio.create_task(self._tenants.make())
        await self._spare

    async def prepare(self) -> None:
        """Make the spare tenant if there is none and no run is going on; who takes it is told if that has failed."""
        if self._keep_spare and not self._given and self._spare is None:
            self._spare = asyncio.create_task(self._tenants.make())
            await asyncio.gather(self._spare, return_exceptions=True)

    async def take(self) -> Tenant:
        """Give a tenant to a run. Raises PartFailed or RequestFailed if none can be made."""
        self._tenants.infrastructure.check()
        tenant = await self._take_spare() or await self._tenants.make()
        self._given[tenant.name] = tenant
        return tenant

    async def give_back(self, tenant: Tenant) -> None:
        """Take a tenant back; returns when it is gone. Raises PartFailed or RequestFailed."""
        try:
            await self._tenants.remove(tenant)
        finally:
            del self._given[tenant.name]

    async def end(self) -> None:
        """Give up the spare tenant, and remove all tenants if the stores will still be there afterwards.

        Raises PartFailed or RequestFailed.
        """
        spare, self._spare = self._spare, None
        if spare is not None:
            spare.cancel()
            await asyncio.wait([spare])
        if self._tenants.infrastructure.outlives_sandbox:
            for tenant in list(self._tenants.living.values()):
                await self._tenants.remove(tenant)

    async def _take_spare(self) -> Tenant | None:
        spare, self._spare = self._spare, None
        if spare is None:
            return None
        try:
            tenant = await spare
        except (PartFailed, RequestFailed) as failure:
            print(f"the spare tenant could not be made: {failure}", file=sys.stderr, flush=True)
            return None
        try:
            tenant.check()
        except PartFailed as failure:
            print(f"the spare tenant {tenant.name} is replaced: {failure}", file=sys.stderr, flush=True)
            await self._tenants.remove(tenant)
            return None
        return tenant
