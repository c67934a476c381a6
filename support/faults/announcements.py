"""To whom it is announced what is about to be written or broken, so that it is put right even after a killed run."""

from __future__ import annotations

from typing import Protocol


class Announcements(Protocol):
    """A record on disk; each entry is there before what it announces is done, unless it says so."""

    def recorded(self, recording_id: str) -> None:
        """A recording of this id is about to be put into the database."""

    def broker_limited(self) -> None:
        """The broker is about to be told to take no more queues."""

    def analyzers_refused(self) -> None:
        """Kubernetes is about to be told to take no more Jobs."""

    def record_spoilt(self, job_id: str) -> None:
        """The record of this job is about to be spoilt."""

    def profiler_on(self) -> None:
        """MongoDB is about to be told to note slow queries."""

    def proxy_made(self, proxy: str) -> None:
        """A proxy of this name is about to be made."""

    def way_broken(self, proxy: str) -> None:
        """The way to a store is about to be broken, at this proxy on it."""

    def part_disturbed(self, part: str, replicas: int) -> None:
        """A part of the product, of so many pods, is about to be stopped, killed or restarted."""

    def part_scaled(self, part: str, replicas: int) -> None:
        """A part is about to be scaled to so many pods; if these are as many as it had before, it has been."""
