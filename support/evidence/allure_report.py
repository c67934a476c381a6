"""Allure results from plain ``behave``, written around the suite's own hooks.

allure-behave's formatter drops every scenario inside a ``Rule:``, and its ``allure_report()`` closes a result
before the suite's ``after_scenario`` has had its say. This adapter drives the same listener and file logger:
a result opens before the suite's ``before_scenario`` logic and closes after its ``after_scenario`` logic.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import allure_commons
from allure_behave.listener import AllureListener
from allure_behave.utils import step_status_details
from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import ATTACHMENT_PATTERN, Attachment, Label, Link, Status, StatusDetails
from allure_commons.types import AttachmentType, LabelType, LinkType
from allure_commons.utils import format_traceback, md5, uuid4
from attr import asdict
from behave.model_type import Status as Outcome

from redaction import redact
from support.core import java_properties
from support.core.characters import encodable
from support.core.files import write_whole
from support.core.keys import ISSUE_KEY, SEVERITIES, severity_of
from support.core.steady_time import SteadyTime
from support.evidence import known_issues

MediaType = Literal["text", "json", "yaml", "html", "svg", "png"]

_EPIC = "epic:"
_TECHNICAL = (LabelType.FRAMEWORK, LabelType.LANGUAGE)  # of the listener's own labels, those kept


@dataclass(frozen=True)
class _OpenResult:
    """One scenario's result, from its opening until it is written."""

    scenario: Any
    uuid: str
    item: Any
    steps: list[tuple[Any, Any]] = field(default_factory=list)  # each reported step and its result
    running: list[tuple[Any, str, Any]] = field(default_factory=list)  # (step, uuid, result), innermost last


class _Files(AllureFileLogger):  # type: ignore[misc]  # allure has no types
    """Writes the files, without secrets; with any text, while its base ends with an error for a lone surrogate.

    A file that cannot be written is reported to `lost`, not to the caller that gave its content.
    """

    def __init__(self, folder: Path, lost: Callable[[OSError], object]) -> None:
        super().__init__(str(folder))
        self._lost = lost

    def _report_item(self, item: Any) -> None:
        written = asdict(item, filter=lambda _, value: value or value is False, value_serializer=_masked)
        content = json.dumps(written, ensure_ascii=False)
        self._write(encodable(content).encode(), item.file_pattern.format(prefix=uuid4()))

    @allure_commons.hookimpl  # type: ignore[untyped-decorator]
    def report_attached_data(self, body: str | bytes, file_name: str) -> None:
        """Write an attachment; one that is no text is left as it is."""
        # Masked first: a secret in which a letter was replaced would not be known as one.
        content = encodable(redact(body)).encode() if isinstance(body, str) else _without_secrets(body)
        self._write(content, file_name)

    def _write(self, content: bytes, name: str) -> None:
        try:
            write_whole(self._report_dir / name, content)
        except OSError as error:
            self._lost(error)


def _without_secrets(octets: bytes) -> bytes:
    """A text with its secrets masked; what is no text is left as it is."""
    try:
        return redact(octets.decode()).encode()
    except UnicodeDecodeError:
        return octets


def _raise(error: OSError) -> None:
    raise error


def _masked(owner: Any, member: Any, value: Any) -> Any:
    """What is found in a run, masked; names from the features and the format's own words are none of it."""
    is_found = member is not None and (
        member.name in ("message", "trace", "url") or (isinstance(owner, Attachment) and member.name == "name")
    )
    return redact(value) if is_found and isinstance(value, str) else value


class AllureReport:
    """Writes one run's Allure results into a folder; its methods are called from behave's hooks.

    ``start_*`` comes first in a ``before_*`` hook; ``stop_*`` comes last in an ``after_*`` hook, in a
    ``finally``. The folder is made when missing and never emptied: several processes can write into one.
    """

    def __init__(
        self,
        results_dir: Path,
        behave_config: Any,
        features: Iterable[Any],
        *,
        test_case_url: str | None,
        lost: Callable[[OSError], object] = _raise,
    ) -> None:
        """Open the report.

        ``behave_config`` is ``context.config``, ``features`` are all that behave has read: what is equal in them is
        told apart by its order. ``test_case_url`` is the address of a test case with ``{key}`` in the place of its
        key; with None, a key becomes a tag instead of a link. ``lost`` is called when a file of the report cannot be
        written, as on a full disk.
        """
        self._results_dir = results_dir
        self._test_case_url = test_case_url
        self._lost = lost
        # Where behave has found steps and hooks: of a project that is its root, whatever the working directory.
        self._base = getattr(behave_config, "base_dir", None) or os.getcwd()
        self._listener = AllureListener(behave_config)
        self._plugins: tuple[Any, ...] = (self._listener, _Files(results_dir, lost))
        for plugin in self._plugins:
            allure_commons.plugin_manager.register(plugin)
        self._clock = SteadyTime()
        self._current: _OpenResult | None = None
        self._stopped: _OpenResult | None = None
        self._features: dict[int, Any] = {}
        self._order = _order_among_equals(features)

    def start_feature(self, feature: Any) -> None:
        """Begin a feature."""
        self._features[id(feature)] = feature
        self._listener.start_file()

    def stop_feature(self, feature: Any) -> None:
        """End a feature; the result of its last scenario is written now."""
        self._finish_scenario()
        self._listener.stop_feature()

    def start_scenario(self, scenario: Any) -> None:
        """Open the result of a scenario or of one row of a scenario outline."""
        self._finish_scenario()
        self._listener.start_scenario(scenario)
        uuid = self._listener.current_scenario_uuid
        item = self._listener.logger.get_test(uuid)
        item.start = self._clock.time_ms()
        self._identify(item, scenario)
        tags = _tags(scenario)
        technical = [label for label in item.labels if label.name in _TECHNICAL]
        item.labels = [*_labels(scenario, tags, keys_as_tags=self._test_case_url is None, base=self._base), *technical]
        item.links = [] if self._test_case_url is None else _links(tags, self._test_case_url)
        self._current = _OpenResult(scenario, uuid, item)

    def stop_scenario(self, scenario: Any) -> None:
        """Close the scenario's result.

        Its file is written with the next event, since behave learns more about the scenario when the hook
        has returned: an exception from the hook itself, from ``after_tag`` or from a context clean-up.
        """
        if self._current is None:
            return
        while self._current.running:  # Ctrl-C can keep behave from calling after_step
            self._stop_innermost_step(self._current)
        self._report_passed_over(self._current)
        self._current.item.stop = self._clock.time_ms()
        self._current, self._stopped = None, self._current

    def start_step(self, step: Any) -> None:
        """Begin a step, inside the step that runs it when there is one (``execute_steps``)."""
        if self._current is None:
            return
        if not self._current.running:
            self._report_passed_over(self._current, before=step)
        self._start_step(self._current, step)

    def stop_step(self, step: Any) -> None:
        """End a step that ``start_step`` has begun."""
        if self._current and self._current.running:
            self._stop_innermost_step(self._current)

    def attach(self, name: str, body: str | bytes, media_type: MediaType) -> None:
        """Attach evidence to the running step, else to the open scenario, else to the run as a whole.

        May be called from any thread. Raises KeyError for a media type that is not listed.
        """
        kind = AttachmentType[media_type.upper()]
        current = self._current
        if current is None:
            self._listener.global_attach_data(body, name, kind, None)
            return
        # Not by way of the listener: it looks for the open step per thread, a worker's would be a stale one.
        target = next((item for _, _, item in reversed(current.running)), current.item)
        source = ATTACHMENT_PATTERN.format(prefix=uuid4(), ext=kind.extension)
        allure_commons.plugin_manager.hook.report_attached_data(body=body, file_name=source)
        target.attachments.append(Attachment(name=name, source=source, type=kind.mime_type))

    def environment(self, values: Mapping[str, str]) -> None:
        """Write the report's environment table, replacing an earlier one."""
        content = java_properties.dump({key: redact(value) for key, value in values.items()})
        try:
            write_whole(self._results_dir / "environment.properties", content)
        except OSError as error:
            self._lost(error)

    def run_error(self, message: str) -> None:
        """Record an error of the run as a whole, such as one that stopped it before any scenario."""
        self._listener.global_error(redact(message), None)

    def report_died(self, scenario: Any) -> None:
        """Report a scenario whose process has died, and with it the result that was open there, or just written."""
        self.start_feature(scenario.feature)
        self.start_scenario(scenario)
        assert self._current is not None
        for path in self._results_dir.glob("*-result.json"):
            if json.loads(path.read_bytes()).get("historyId") == self._current.item.historyId:
                path.unlink()
        self.stop_scenario(scenario)
        self.stop_feature(scenario.feature)

    def close(self) -> None:
        """Write what is still open, and errors in hooks of features and rules; further calls do nothing."""
        if self._current is not None:
            self.stop_scenario(self._current.scenario)
        self._finish_scenario()
        for feature in self._features.values():
            for part in (feature, *feature.rules):
                if part.hook_failed or part.status is Outcome.cleanup_error:
                    self.run_error(f"{part.keyword} {part.name!r}: {_hook_message(part)}")
        for plugin in self._plugins:
            allure_commons.plugin_manager.unregister(plugin)
        self._plugins = ()

    def _identify(self, item: Any, scenario: Any) -> None:
        """Give the result ids that are its own, and the same again in the next run."""
        rule, template = _rule(scenario), _template(scenario)
        rule_name = rule.name if rule else ""
        case, values = _case(scenario), _values(scenario)
        # A report shows one result of an id.
        case = (*case, str(self._order.get(id(scenario), 0)))
        item.name = (scenario.name or scenario.keyword).strip()
        item.fullName = ": ".join(filter(None, (scenario.feature.name, rule_name, template.name)))
        item.testCaseId = md5("\0".join(case))
        item.historyId = md5("\0".join((*case, *values)))
        if rule:
            item.titlePath.append(rule.name)

    def _start_step(self, result: _OpenResult, step: Any) -> None:
        self._listener.start_behave_step(step)
        uuid = self._listener.current_step_uuid
        item = self._listener.logger.get_item(uuid)
        item.start = self._clock.time_ms()
        result.steps.append((step, item))
        result.running.append((step, uuid, item))

    def _stop_innermost_step(self, result: _OpenResult) -> None:
        step, uuid, _ = result.running.pop()
        status, details = _step_verdict(step)
        self._listener.logger.stop_step(uuid, stop=self._clock.time_ms(), status=status, statusDetails=details)

    def _report_passed_over(self, result: _OpenResult, before: Any = None) -> None:
        """Report the steps behave calls no hooks for: undefined ones, and all that come after a failure."""
        steps = list(result.scenario.all_steps)
        end = next((index for index, step in enumerate(steps) if step is before), None)
        if before is not None and end is None:  # a step from elsewhere, run by a hook
            return
        for step in steps[:end]:
            if all(step is not reported for reported, _ in result.steps):
                self._start_step(result, step)
                self._stop_innermost_step(result)

    def _finish_scenario(self) -> None:
        """Write the result of the scenario that was stopped, with the verdict that behave came to."""
        result, self._stopped = self._stopped, None
        if result is None:
            return
        logger, group = self._listener.logger, self._listener.group_context
        for step, item in result.steps:  # an after_step hook may have failed after the step was stopped
            item.status, item.statusDetails = _step_verdict(step)
        result.item.status, result.item.statusDetails = _verdict(result.scenario)
        # A skipped one, too, whatever behave prints: somebody will ask for its reason.
        logger.close_test(result.uuid)
        group.append_test(result.uuid)
        group.exit()
        self._listener.current_scenario_uuid = self._listener.current_step_uuid = None


def _template(scenario: Any) -> Any:
    """The scenario outline a row comes from; a plain scenario is its own."""
    return scenario.parent if scenario.parent.type == "scenario_outline" else scenario


def _case(scenario: Any) -> tuple[str, ...]:
    """What a test case is known by; not by its whole path, since the next run may have its checkout elsewhere."""
    rule = _rule(scenario)
    return (*_end_of_path(scenario.filename), rule.name if rule else "", _template(scenario).name)


@cache
def _end_of_path(filename: str) -> tuple[str, ...]:
    return Path(filename).resolve().parts[-2:]


def _values(scenario: Any) -> tuple[str, ...]:
    """The values of the row that a scenario was made of."""
    row = scenario._row
    return () if row is None else tuple(f"{name}={value}" for name, value in zip(row.headings, row.cells, strict=True))


def _order_among_equals(features: Iterable[Any]) -> dict[int, int]:
    """Of each scenario, by its `id`: how many of the same names and values stand before it."""
    seen: Counter[tuple[str, ...]] = Counter()
    order = {}
    for feature in features:
        for scenario in feature.walk_scenarios():
            equal = (*_case(scenario), *_values(scenario))
            order[id(scenario)] = seen[equal]
            seen[equal] += 1
    return order


def _rule(scenario: Any) -> Any:
    parent = _template(scenario).parent
    return parent if parent.type == "rule" else None


def _tags(scenario: Any) -> list[str]:
    """All tags that hold for a scenario, each once, the most specific last (a row has its outline's)."""
    rule = _rule(scenario)
    return list(dict.fromkeys([*scenario.feature.tags, *(rule.tags if rule else ()), *scenario.tags]))


def _from(base: str, file: str) -> str:
    """The path of a file as seen from a directory, the same from wherever the run was started."""
    path = os.path.relpath(file, base)
    if path.startswith(os.pardir):  # One of the two was reached over a link.
        path = os.path.relpath(os.path.realpath(file), os.path.realpath(base))
    return Path(path).as_posix()


def _labels(scenario: Any, tags: Iterable[str], *, keys_as_tags: bool, base: str) -> list[Any]:
    feature, rule = scenario.feature, _rule(scenario)
    story = rule or _template(scenario)
    folder = Path(feature.filename).resolve().parent.name
    epics = [tag.removeprefix(_EPIC) for tag in feature.tags if tag.startswith(_EPIC)]
    epic = (epics[0] if epics else folder[:1].upper() + folder[1:]).replace("_", " ")
    # Not from the merged tags: there a severity that feature and scenario share keeps the feature's place.
    levels = (feature.tags, rule.tags if rule else (), scenario.tags)
    labels = {
        LabelType.EPIC: epic,
        LabelType.FEATURE: feature.name or Path(feature.filename).stem,
        LabelType.STORY: story.name or story.keyword,
        LabelType.SEVERITY: severity_of(tag for level in levels for tag in level),
    }
    plain = [
        tag
        for tag in tags
        if tag not in SEVERITIES and not tag.startswith(_EPIC) and (keys_as_tags or not ISSUE_KEY.fullmatch(tag))
    ]
    return [
        *(Label(name=name, value=value) for name, value in labels.items()),
        *(Label(name=LabelType.TAG, value=str(tag)) for tag in plain),
        # What traces a result to its scenario, and to test cases whatever links and tags show of them.
        Label(name="location", value=f"{_from(base, scenario.filename)}:{scenario.line}"),
        *(Label(name="key", value=str(tag)) for tag in tags if ISSUE_KEY.fullmatch(tag)),
    ]


def _links(tags: Iterable[str], url: str) -> list[Any]:
    tags = list(tags)
    keys = [(LinkType.TEST_CASE, str(tag)) for tag in tags if ISSUE_KEY.fullmatch(tag)]
    keys += [(LinkType.ISSUE, key) for key in known_issues.keys_of(tags)]
    return [Link(type=kind, url=url.replace("{key}", key), name=key) for kind, key in keys]


def _step_verdict(step: Any) -> tuple[str, Any]:
    if step.status.has_failed():
        details = step_status_details(step) or StatusDetails(message=step.error_message or step.status.name)
        if isinstance(step.exception, AssertionError):
            details.message = str(step.exception)  # without the exception's name, which tells a reader nothing
        return _failure(step), StatusDetails(message=redact(details.message), trace=redact(details.trace or ""))
    if step.status is known_issues.KNOWN:
        return Status.FAILED, StatusDetails(known=True, message=redact(step.error_message))
    return (Status.PASSED if step.status.is_passed() else Status.SKIPPED), None


def _verdict(scenario: Any) -> tuple[str, Any]:
    """The status of a scenario, told by what went wrong first, and the messages of all that went wrong."""
    outcome = scenario.status
    problems = [_step_verdict(step) for step in scenario.all_steps if step.status.has_failed()][:1]
    if outcome.is_hook_error() or (outcome.has_failed() and not problems):
        trace = format_traceback(scenario.exc_traceback)
        problems.append((_failure(scenario), StatusDetails(message=_hook_message(scenario), trace=trace)))
    if problems:
        message = "\n\n".join(details.message.strip() for _, details in problems)
        return problems[0][0], StatusDetails(message=redact(message), trace=redact(problems[0][1].trace or ""))
    if outcome is known_issues.KNOWN:
        return next(_step_verdict(step) for step in scenario.all_steps if step.status is known_issues.KNOWN)
    if outcome.is_passed():
        return Status.PASSED, None
    if outcome is Outcome.skipped:
        return Status.SKIPPED, StatusDetails(message=scenario.skip_reason) if scenario.skip_reason else None
    return Status.BROKEN, StatusDetails(message="The run was aborted before this scenario came to its end.")


def _failure(part: Any) -> str:
    """An assertion is a failure of the product; anything else that went wrong left the question open."""
    is_assertion = isinstance(part.exception, AssertionError)
    is_marked = part.exception is None and part.status is Outcome.failed
    status: str = Status.FAILED if is_assertion or is_marked else Status.BROKEN
    return status


def _hook_message(part: Any) -> str:
    if part.error_message:
        return str(part.error_message)
    if part.status is Outcome.cleanup_error:
        # behave keeps no exception here, only what it printed, and with --no-capture not even that.
        printed = [line for line in part.captured.output.splitlines() if line.startswith("CLEANUP-ERROR")]
        return "\n".join(printed) or "A clean-up function failed; its error is in the output of the run."
    if part.hook_failed:
        return "A hook was interrupted (Ctrl-C or an exit)."
    return f"Marked as {part.status.name} without a message."
