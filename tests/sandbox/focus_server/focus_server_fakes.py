"""Stand-ins for everything that the server needs from outside, which remember what was asked of them."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.focus_server.answers import Answers
from sandbox.focus_server.calculation import Calculation
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.errors import UnknownJob
from sandbox.focus_server.limits import Limits
from sandbox.focus_server.ports import (
    CANCELLED,
    CONFIGURED,
    AnalyzerState,
    CommandHandler,
    JobRecord,
    Payload,
    Span,
)
from sandbox.focus_server.region import Region
from sandbox.focus_server.rules import Validator
from sandbox.focus_server.settings import Settings

NOW = datetime(2025, 6, 1, 12, 0, 0, 123_456, tzinfo=UTC)


def payload(**changes: Any) -> Payload:
    """A valid live configuration; a name with dots reaches into it, `...` takes the field away."""
    made: Payload = {
        "displayTimeAxisDuration": 10,
        "nfftSelection": 1024,
        "displayInfo": {"height": 1000},
        "channels": {"min": 1, "max": 50},
        "frequencyRange": {"min": 0, "max": 500},
        "start_time": None,
        "end_time": None,
        "view_type": 0,
    }
    for name, value in changes.items():
        target = made
        *path, last = name.split(".")
        for part in path:
            target = target[part]
        if value is ...:
            del target[last]
        else:
            target[last] = value
    return made


@dataclass
class SetClock:
    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment


@dataclass
class CountingIds:
    drawn: int = 0

    def new(self) -> str:
        self.drawn += 1
        return f"job_{self.drawn:08x}"

    def is_one(self, text: str) -> bool:
        return text.startswith("job_")


@dataclass
class Journal:
    """What was done, in order; `fail` names calls and the errors that they end with."""

    calls: list[str] = field(default_factory=list)
    fail: dict[str, BaseException] = field(default_factory=dict)
    hang: dict[str, Any] = field(default_factory=dict)

    async def note(self, call: str) -> None:
        self.calls.append(call)
        if call in self.hang:
            await self.hang[call]()
        if call in self.fail:
            raise self.fail[call]


@dataclass
class FakeTasks:
    journal: Journal
    records: dict[str, JobRecord] = field(default_factory=dict)

    async def insert(self, record: JobRecord) -> None:
        await self.journal.note("insert")
        self.records[record.job_id] = record

    async def find(self, job_id: str) -> JobRecord | None:
        await self.journal.note("find")
        return self.records.get(job_id)

    async def set_status(self, job_id: str, status: str) -> None:
        await self.journal.note(f"status {status}")
        record = self.records[job_id]
        self.records[job_id] = replace(record, status=status)

    async def set_roi(self, job_id: str, roi: Region) -> None:
        await self.journal.note("roi")
        if job_id not in self.records:
            raise UnknownJob(job_id)
        self.records[job_id] = replace(self.records[job_id], roi=roi)

    async def remove(self, job_id: str) -> None:
        await self.journal.note("remove")
        if job_id in self.records and self.records[job_id].status != CANCELLED:
            del self.records[job_id]

    async def configured_before(self, moment: datetime) -> list[JobRecord]:
        await self.journal.note("list records")
        return [each for each in self.records.values() if each.status == CONFIGURED and each.created_at < moment]

    async def statuses(self, job_ids: Collection[str]) -> dict[str, str]:
        await self.journal.note("statuses")
        return {job_id: self.records[job_id].status for job_id in job_ids if job_id in self.records}


@dataclass
class FakeRecordings:
    """`spans` are what `between` gives for each window; `there` is whether any is in one."""

    journal: Journal
    there: bool = True
    spans: list[Span] = field(default_factory=list)
    live_since: datetime | None = None

    async def any_between(self, start: datetime, end: datetime) -> bool:
        await self.journal.note("recordings")
        return self.there

    async def between(self, start: datetime, end: datetime) -> list[Span]:
        await self.journal.note("between")
        return self.spans

    async def under_way(self) -> datetime | None:
        await self.journal.note("under way")
        return self.live_since


@dataclass
class FakeAnalyzers:
    journal: Journal
    configs: dict[str, Payload] = field(default_factory=dict)
    waiting: bool = False
    recent: set[str] = field(default_factory=set)

    async def launch(self, job_id: str, config: Payload) -> None:
        await self.journal.note("launch")
        self.configs[job_id] = config

    async def stop(self, job_id: str) -> None:
        await self.journal.note("stop")
        self.configs.pop(job_id, None)

    async def launched_before(self, moment: datetime) -> set[str]:
        await self.journal.note("list analyzers")
        return {*self.configs} - self.recent

    async def state(self, job_id: str) -> AnalyzerState:
        await self.journal.note("running")
        if job_id not in self.configs:
            return "has ended"
        return "waits" if self.waiting else "runs"


@dataclass
class FakeQueues:
    journal: Journal
    open_queues: set[str] = field(default_factory=set)
    served: set[str] = field(default_factory=set)
    served_elsewhere: set[str] = field(default_factory=set)
    listed: bool = True
    handler: CommandHandler | None = None

    def obey(self, handler: CommandHandler) -> None:
        self.handler = handler

    async def open(self, job_id: str) -> None:
        await self.journal.note("open")
        self.open_queues.add(job_id)
        self.served.add(job_id)

    async def close(self, job_id: str) -> None:
        await self.journal.note("close")
        self.open_queues.discard(job_id)
        self.served.discard(job_id)

    async def take_up(self, job_id: str) -> None:
        await self.journal.note("take up")
        self.open_queues.add(job_id)
        self.served.add(job_id)

    def serves(self, job_id: str) -> bool:
        return job_id in self.served

    async def consumers(self, job_id: str) -> int | None:
        await self.journal.note("consumers")
        if job_id not in self.open_queues:
            return None
        return int(job_id in self.served or job_id in self.served_elsewhere)

    async def existing(self) -> set[str]:
        await self.journal.note("list queues")
        return {*self.open_queues} if self.listed else set()


@dataclass
class FakeStream:
    journal: Journal
    port: int = 50051
    served: set[str] = field(default_factory=set)

    def give_rows_of(self, open_waterfall: Any) -> None: ...

    async def start(self) -> None: ...

    async def serve(self, job_id: str) -> None:
        if "serve" in self.journal.fail:
            raise self.journal.fail["serve"]
        self.served.add(job_id)

    async def withdraw(self, job_id: str) -> None:
        self.served.discard(job_id)

    async def aclose(self) -> None: ...


@dataclass
class World:
    """One server's fakes, each at hand."""

    journal: Journal = field(default_factory=Journal)

    def __post_init__(self) -> None:
        self.clock = SetClock()
        self.tasks = FakeTasks(self.journal)
        self.recordings = FakeRecordings(self.journal)
        self.analyzers = FakeAnalyzers(self.journal)
        self.queues = FakeQueues(self.journal)
        self.stream = FakeStream(self.journal)
        self.parts = Parts(
            validator=Validator(Limits()),
            ids=CountingIds(),
            clock=self.clock,
            tasks=self.tasks,
            recordings=self.recordings,
            analyzers=self.analyzers,
            queues=self.queues,
            stream=self.stream,
            answers=Answers(Calculation(Limits()), "http://stream.example", self.stream),
            limits=Limits(),
            resources=(),
        )

    def is_empty(self) -> bool:
        return not (self.tasks.records or self.analyzers.configs or self.queues.open_queues or self.stream.served)


def settings(**changes: Any) -> Settings:
    values: dict[str, Any] = {
        "mongodb_uri": "mongodb://nowhere.example",
        "mongodb_database": "focus",
        "rabbitmq_url": "amqp://nowhere.example",
        "kubeconfig": Path("/nowhere"),
        "namespace": "focus",
        **changes,
    }
    return Settings(**values)
