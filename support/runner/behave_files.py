"""Corrections of behave's own input and output: it reads any feature file, writes any text, no negative duration.

Behave makes its reporters and opens its output before it reads `environment.py`. So their classes are changed when this
module is imported, which `environment.py` does first.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import behave.model
import behave.parser
import behave.reporter.junit
from behave.formatter.api import IFormatter
from behave.formatter.base import StreamOpener
from behave.model_type import Status
from behave.parser import Parser, ParserError
from behave.reporter.junit import ElementTreeWithCDATA, JUnitReporter

from redaction import guard, redact
from support.core.characters import allowed, file_name
from support.core.errors import EnvironmentBroken, SettingsError
from support.core.steady_time import SteadyTime


def parse_file(filename: str, language: str | None = None) -> Any:
    """The feature in a file, or None; the file is UTF-8, with a byte order mark or without.

    Raises:
        ParserError: it cannot be read as a feature, with file and line.
    """
    content = Path(filename).read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ParserError(
            f"expected text in UTF-8, seen the byte 0x{content[error.start]:02x}: save the file as UTF-8",
            line,
            filename,
        ) from None
    parser = Parser(language)
    try:
        return parser.parse(text, filename)
    except ParserError as error:
        error.filename = filename
        raise
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        # Such as an unknown `# language:`, or a scenario before any feature.
        raise ParserError(
            f"expected a feature, seen what behave cannot read: {type(error).__name__}: {error}", parser.line, filename
        ) from error


class OneMessage(IFormatter):  # type: ignore[misc]  # behave has no types
    """A formatter before all others: a step that a broken environment ended shows its message without a traceback.

    No hook can do that: behave sets the message of a step after its hooks.
    """

    def result(self, step: Any) -> None:
        """Change the message of a step, for the formatters after this one."""
        if isinstance(step.exception, EnvironmentBroken | SettingsError):
            step.error_message = f"{type(step.exception).__name__}: {step.exception}"

    def close(self) -> None:
        """There is no stream to close."""


class WellFormedTree(ElementTreeWithCDATA):  # type: ignore[misc]  # behave has no types
    """The tree of a JUnit file, without secrets and characters that XML cannot hold."""

    def write(self, *arguments: Any, **options: Any) -> None:
        """Write the file."""
        for element in self.iter():
            element.text = element.text and allowed(redact(element.text))
            # The other attributes are names from the features, and numbers.
            said = {name: redact(str(value)) for name, value in element.attrib.items() if name == "message"}
            element.attrib = {name: allowed(str(value)) for name, value in {**element.attrib, **said}.items()}
        super().write(*arguments, **options)


def _open(self: StreamOpener) -> Any:
    """Open a file for a formatter, in UTF-8 even where the terminal has another encoding, so that it holds any text."""
    if not self.stream or self.stream.closed:
        self.ensure_dir_exists(os.path.dirname(self.name))
        self.stream = open(self.name, "w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115 - behave closes it
        guard(self.stream)
        self.should_close_stream = True
    return self.stream


_usual_name = JUnitReporter.make_feature_filename
_LONGEST_NAME = 200 - len("TESTS-.xml")


def _make_feature_filename(self: JUnitReporter, feature: Any) -> str:
    """A possible file name that no other feature of the run has, even on a file system that ignores case."""
    usual: str = _usual_name(self, feature)
    name = usual if len(os.fsencode(usual)) <= _LONGEST_NAME else file_name(usual, longest=_LONGEST_NAME)
    taken: dict[str, str] = self.__dict__.setdefault("features_by_name", {})
    number = 1
    while taken.setdefault(name.casefold(), feature.filename) != feature.filename:
        number += 1
        name = f"{file_name(usual, longest=_LONGEST_NAME - 5)}-{number}"
    return name


_usual_test = JUnitReporter._process_scenario


def _process_scenario(self: JUnitReporter, scenario: Any, report: Any) -> None:
    """Report a scenario, one that was not run as skipped: behave gives it no verdict, which readers take for passed."""
    _usual_test(self, scenario, report)
    if scenario.status is Status.untested and not self.show_skipped:  # Else behave does it.
        report.counts_skipped += 1
        report.testcases[-1].insert(0, ElementTree.Element("skipped", message="not run to its end"))


behave.parser.parse_file = parse_file
behave.model.time = SteadyTime()
behave.reporter.junit.ElementTreeWithCDATA = WellFormedTree
JUnitReporter.make_feature_filename = _make_feature_filename
JUnitReporter._process_scenario = _process_scenario
StreamOpener.open = _open
