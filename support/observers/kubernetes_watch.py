"""The history of Kubernetes: watches of the kinds of object that are counted, and of those that a server could leak."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from threading import Condition, Event, Thread
from typing import Any, NamedTuple

from kubeconfig.calls import ApiStream, NoAnswer, Refused
from support.core.errors import EnvironmentBroken
from support.observers import happenings
from support.observers.happenings import IDENTIFY, Happening
from support.observers.kubernetes_api import JOBS, PODS, SERVICES, TOO_OLD, Namespace
from support.observers.manifests import Manifest, manifest_problem
from support.observers.parts import Parts
from support.observers.side_effects import Effect
from support.observers.surroundings import LeftAlone, object_kind
from support.profile.settings import Settings

WATCHED = {"analyzer": JOBS, "analyzer pod": PODS, "stream service": SERVICES}
"""Kind of side effect -> path of its objects."""

LEAKABLE = ("configmaps", "secrets", "serviceaccounts", "persistentvolumeclaims")
"""Of the other kinds, those that are watched; each takes a thread and a connection, and a cluster has dozens."""

_EVENTS: Mapping[str, happenings.Event] = {"ADDED": "came", "MODIFIED": "changed", "DELETED": "went"}
# What of a change lasts is seen by the looks; its status, say, Kubernetes writes by itself.
_OF_OTHERS = ("ADDED", "DELETED")
_REACHED_WITHIN_S = 10.0
_BETWEEN_ATTEMPTS_S = 0.2
_ENDS_WITHIN_S = 2.0


@dataclass(frozen=True)
class _Subject:
    """What one watch is about, and which of its objects are left out."""

    kind: str
    path: str
    identify: Callable[[Manifest], Effect]
    leave_out: Callable[[Manifest], bool] = lambda _: False
    heard: Collection[str] = tuple(_EVENTS)

    @classmethod
    def counted(cls, kind: str, path: str, settings: Settings) -> _Subject:
        """A kind of side effect; pods of parts of the product are none."""

        def identify(manifest: Manifest) -> Effect:
            return IDENTIFY[kind](manifest, settings.naming)

        if path != PODS:
            return cls(kind, path, identify)
        return cls(kind, path, identify, Parts.beside_analyzers(settings).own_pod)

    @classmethod
    def other(cls, kind: str, path: str, settings: Settings) -> _Subject:
        """A kind that is no side effect; what changes by itself is left out."""
        return cls(object_kind(kind), path, _named, partial(LeftAlone.by(settings).includes, kind), _OF_OTHERS)


class _Told(NamedTuple):
    """What a watch was told, and when."""

    subject: _Subject
    at: datetime
    event: happenings.Event
    item: Manifest
    is_late: bool  # it is of before a reading that is over

    def problem(self) -> str | None:
        """Why it cannot be read; None when it can."""
        if problem := manifest_problem(self.item):
            return f"what it says of an object of Kubernetes ({self.subject.kind}): {problem}"
        return None

    def happening(self) -> Happening:
        """What has happened; raises whatever it may if it has a `problem`."""
        return Happening(self.at, self.event, self.subject.kind, self.subject.identify(self.item), self.item)


def _named(manifest: Manifest) -> Effect:
    return Effect(manifest["metadata"]["uid"], None, manifest["metadata"]["name"])


class Watches:
    """Watches a namespace, each kind in a thread of its own: those of `WATCHED`, and `LEAKABLE` where the run is alone.

    `unwatched` are those of the latter that may be listed and not watched, each with the reason: these are looked at.

    An API tells at once what happens, but some only every minute that nothing does ("bookmark"). Those are waited for
    only once. What they tell late, of before a reading that is over, is told as missed: it belongs to a scenario that
    has been judged, and not to the one that hears of it.
    """

    def __init__(self, namespace: Namespace, settings: Settings, missed: Callable[[str], object]) -> None:
        """Begin now; `missed` is told what can't be seen.

        Raises EnvironmentBroken if side effects may not be watched.
        """
        self.is_prompt = True
        self.unwatched: dict[str, str] = {}
        self._namespace, self._missed = namespace, missed
        self._told: list[_Told] = []
        self._watches: list[_Watch] = []
        try:
            for kind, path in WATCHED.items():
                self._watch(_Subject.counted(kind, path, settings))
            if settings.exclusive:
                self._watch_others(settings)
        except BaseException:
            self.close()
            raise

    def _watch(self, subject: _Subject) -> None:
        self._watches.append(_Watch(self._namespace, subject, self._told.append, self._missed))

    def _watch_others(self, settings: Settings) -> None:
        for kind, path in self._namespace.other_kinds():
            if kind in LEAKABLE and kind not in settings.kubernetes.left_alone:
                try:
                    self._watch(_Subject.other(kind, path, settings))
                except EnvironmentBroken as error:
                    self.unwatched[kind] = str(error)

    def read(self, *, is_last: bool = False) -> Sequence[Happening]:
        """All that has happened since the last reading, up to the last lists of the objects."""
        versions = [self._namespace.version(watch.path) for watch in self._watches]
        if is_last and not self.is_prompt:
            for watch in self._watches:
                watch.follow_to_the_end()
        elif self.is_prompt:
            deadline = time.monotonic() + _REACHED_WITHIN_S
            both = zip(self._watches, versions, strict=True)
            self.is_prompt = all(watch.reach(version, deadline - time.monotonic()) for watch, version in both)
            if not self.is_prompt:
                self._missed(f"what Kubernetes tells late: in {_REACHED_WITHIN_S:g} s it did not say that it told all")
        for watch, version in zip(self._watches, versions, strict=True):
            watch.read_up_to = version
        count = len(self._told)
        told = self._told[:count]
        del self._told[:count]
        return list(self._happened(told))

    def _happened(self, told: Iterable[_Told]) -> Iterator[Happening]:
        """What of all that was told is to be judged. It is read only now: what is under way is not held up by it."""
        for one in told:
            if problem := one.problem():
                self._missed(problem)
            elif one.subject.leave_out(one.item):
                continue
            elif one.is_late:
                late = one.happening()
                self._missed(f"that the {late.kind} {late.effect.name} {late.event}: Kubernetes told it late")
            else:
                yield one.happening()

    def close(self) -> None:
        """End the threads."""
        for watch in self._watches:
            watch.end()


class _Watch:
    """The watch of one kind, which is begun anew where it was when it ends."""

    def __init__(
        self,
        namespace: Namespace,
        subject: _Subject,
        hear: Callable[[_Told], object],
        missed: Callable[[str], object],
    ) -> None:
        self.path, self.read_up_to = subject.path, 0
        self._namespace, self._subject, self._kind = namespace, subject, subject.kind
        self._hear, self._missed = hear, missed
        self._version, self._reached, self._ended = namespace.version(self.path), Condition(), Event()
        self._stream: ApiStream | None = namespace.watch(self.path, self._version)
        self._thread = Thread(target=self._run, name=f"watch of each {self._kind}", daemon=True)
        self._thread.start()

    def reach(self, version: int, within_s: float) -> bool:
        """Wait until everything up to a version was heard; whether it was, in time."""
        with self._reached:
            return self._reached.wait_for(lambda: self._version >= version, max(0.0, within_s))

    def end(self) -> None:
        """End the thread."""
        self._ended.set()
        if self._stream is not None:
            self._stream.end()
        self._thread.join(_ENDS_WITHIN_S)

    def follow_to_the_end(self) -> None:
        """Hear all that has happened up to now, and nothing after that: a watch of a second has all when it ends."""
        self.end()
        try:
            for line in self._namespace.watch(self.path, self._version, ends_after_s=1).lines():
                self._take(json.loads(line), datetime.now(UTC))
        except (NoAnswer, Refused, ValueError, KeyError, TypeError) as error:
            self._missed(f"what came and went last on Kubernetes ({self._kind}): {error!r}")

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                if self._stream is None:
                    self._stream = self._namespace.watch(self.path, self._version)
                for line in self._stream.lines():
                    self._take(json.loads(line), datetime.now(UTC))
            except (NoAnswer, EnvironmentBroken):
                pass  # It goes on where it was.
            except Refused as refusal:
                if refusal.status == TOO_OLD:
                    self._begin_anew("it no longer tells what was after the last look")
            except (ValueError, KeyError, TypeError) as error:
                self._begin_anew(f"its answer cannot be read ({error!r})")
            self._stream = None
            self._ended.wait(_BETWEEN_ATTEMPTS_S)

    def _begin_anew(self, why: str) -> None:
        """Go on from now, when the API no longer tells what happened since the version that was reached."""
        self._missed(f"what came and went on Kubernetes ({self._kind}): {why}")
        try:
            self._namespace.items(self.path)
        except EnvironmentBroken:
            return
        self._version = self._namespace.version(self.path)

    def _take(self, told: Any, at: datetime) -> None:
        kind, item = told["type"], told["object"]
        if kind == "ERROR":
            raise Refused(str(item.get("message")), item.get("code", 0))
        try:
            version = int(item["metadata"]["resourceVersion"])
        except (ValueError, KeyError, TypeError) as error:
            if kind not in _EVENTS:
                raise
            self._missed(f"what it says of an object of Kubernetes ({self._kind}): no version can be read ({error!r})")
            return
        if kind in self._subject.heard:
            self._hear(_Told(self._subject, at, _EVENTS[kind], item, version <= self.read_up_to))
        with self._reached:
            self._version = version
            self._reached.notify_all()
