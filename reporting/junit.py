"""JUnit XML with the key of its case as the property `test_key` of each test, as Xray and others take it.

The property holds one key: a scenario of several cases stands there once for each. Cases that were not run, and
scenarios that the plan has no case for, are left out, since an import would make new tests of the latter.
"""

from __future__ import annotations

from xml.etree import ElementTree

from reporting.results import Result
from reporting.traceability import Traceability, TracedCase, TracedScenario
from reporting.verdicts import Status, Verdict
from support.characters import allowed


def as_junit(traced: Traceability) -> bytes:
    """The file; a suite for each case."""
    root = ElementTree.Element("testsuites", name="Focus Server acceptance")
    for one in traced.cases:
        if one.verdict is not Verdict.NOT_RUN:
            root.append(_suite(one))
    for element in root.iter():  # Messages quote what servers have sent.
        element.text = element.text and allowed(element.text)
        element.attrib = {name: allowed(value) for name, value in element.attrib.items()}
    ElementTree.indent(root)
    file: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return file


def _suite(one: TracedCase) -> ElementTree.Element:
    statuses = [scenario.status for scenario in one.scenarios]
    suite = ElementTree.Element(
        "testsuite",
        name=f"{one.case.key} {one.case.title}",
        tests=str(len(statuses)),
        failures=str(statuses.count(Status.FAILED)),
        errors=str(statuses.count(Status.BROKEN)),
        skipped=str(sum(status in (Status.SKIPPED, Status.NOT_RUN) for status in statuses)),
        time=f"{one.duration_s:.3f}",
    )
    if one.start:
        suite.set("timestamp", one.start.isoformat(timespec="seconds"))
    suite.extend(_test(one.case.key, scenario) for scenario in one.scenarios)
    return suite


def _test(key: str, one: TracedScenario) -> ElementTree.Element:
    scenario, result = one.scenario, one.result
    test = ElementTree.Element(
        "testcase",
        classname=scenario.place.file.removesuffix(".feature").replace("/", "."),
        name=scenario.name,
        file=scenario.place.file,
        line=str(scenario.place.line),
        time=f"{result.duration_s:.3f}" if result else "0",
    )
    properties = ElementTree.SubElement(test, "properties")
    ElementTree.SubElement(properties, "property", name="test_key", value=key)
    if result and one.status is Status.FAILED:
        _because(test, "failure", result)
    elif result and one.status is Status.BROKEN:
        _because(test, "error", result)
    elif one.status is not Status.PASSED:
        ElementTree.SubElement(test, "skipped", message=(result and result.message) or "not run")
    return test


def _because(test: ElementTree.Element, what: str, result: Result) -> None:
    why = ElementTree.SubElement(test, what, message=result.message.partition("\n")[0])
    why.text = result.message
