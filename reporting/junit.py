"""JUnit XML; each test has the key of its case as the property `test_key`, which Xray and others read.

The property holds one key, so a scenario of several cases is written once for each. Cases that were not run are left
out, and so are scenarios beyond the plan: an import would make new tests of these. Where only such scenarios were run,
they are written without the property.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from xml.etree import ElementTree

from reporting.results import ScenarioResult
from reporting.traceability import Traceability, TracedScenario
from reporting.verdicts import CaseVerdict, Status
from support.core.characters import allowed


def as_junit(traced: Traceability) -> bytes:
    """The file, with a test suite for each case."""
    root = ElementTree.Element("testsuites", name="Focus Server acceptance")
    for one in traced.cases:
        if one.verdict is not CaseVerdict.NOT_RUN:
            name = f"{one.case.key} {one.case.title}"
            root.append(_suite(name, one.scenarios, one.case.key, one.start, one.duration_s))
    if not len(root) and (beyond := traced.ran_beyond_the_plan):
        results = [one.result for one in beyond if one.result]
        start, duration_s = min(one.start for one in results), sum(one.duration_s for one in results)
        root.append(_suite("Beyond the plan", beyond, None, start, duration_s))
    for element in root.iter():  # Messages quote what servers have sent.
        element.text = element.text and allowed(element.text)
        element.attrib = {name: allowed(value) for name, value in element.attrib.items()}
    ElementTree.indent(root)
    file: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return file


def _suite(
    name: str, scenarios: Sequence[TracedScenario], key: str | None, start: datetime | None, duration_s: float
) -> ElementTree.Element:
    statuses = [scenario.status for scenario in scenarios]
    suite = ElementTree.Element(
        "testsuite",
        name=name,
        tests=str(len(statuses)),
        failures=str(statuses.count(Status.FAILED)),
        errors=str(statuses.count(Status.BROKEN)),
        skipped=str(sum(status in (Status.SKIPPED, Status.NOT_RUN) for status in statuses)),
        time=f"{duration_s:.3f}",
    )
    if start:
        suite.set("timestamp", start.isoformat(timespec="seconds"))
    suite.extend(_test(key, scenario) for scenario in scenarios)
    return suite


def _test(key: str | None, one: TracedScenario) -> ElementTree.Element:
    scenario, result = one.scenario, one.result
    test = ElementTree.Element(
        "testcase",
        classname=scenario.place.file.removesuffix(".feature").replace("/", "."),
        name=scenario.name,
        file=scenario.place.file,
        line=str(scenario.place.line),
        time=f"{result.duration_s:.3f}" if result else "0",
    )
    if key:
        properties = ElementTree.SubElement(test, "properties")
        ElementTree.SubElement(properties, "property", name="test_key", value=key)
    if result and one.status is Status.FAILED:
        _because(test, "failure", result)
    elif result and one.status is Status.BROKEN:
        _because(test, "error", result)
    elif one.status is not Status.PASSED:
        ElementTree.SubElement(test, "skipped", message=(result and result.message) or "not run")
    return test


def _because(test: ElementTree.Element, what: str, result: ScenarioResult) -> None:
    why = ElementTree.SubElement(test, what, message=result.message.partition("\n")[0])
    why.text = result.message
