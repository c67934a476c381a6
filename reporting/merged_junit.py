"""The JUnit files that behave wrote for each shard, as one file for each feature."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from reporting.results import RunResults

_COUNTS = ("tests", "errors", "failures", "skipped")


class JunitUnreadable(Exception):
    """A file is not one of behave's JUnit files; the message names it."""


def merged_junit(shards: Iterable[tuple[Path, RunResults]]) -> dict[str, bytes]:
    """The content of each file, by its name; of a shard its folder of JUnit files and its results are given.

    JUnit does not say where a scenario stands in its feature. The results do, and test cases are put into that order;
    those without a result come last.

    Raises:
        JunitUnreadable: a file cannot be read, or is not one of behave's.
    """
    suites: dict[str, list[ElementTree.Element]] = defaultdict(list)
    tests: dict[str, list[tuple[float, ElementTree.Element]]] = defaultdict(list)
    files: dict[str, str] = {}
    for folder, results in shards:
        lines = _lines(results)
        for path in sorted(folder.glob("*.xml")):
            suite, name = _read(path)
            suites[name].append(suite)
            files.setdefault(name, path.stem)
            feature = path.stem.removeprefix("TESTS-")
            for test in suite.iter("testcase"):
                line = next(lines.get((feature, test.get("name", "").strip()), iter(())), math.inf)
                tests[name].append((line, test))
    merged: dict[str, bytes] = {}
    for name, parts in suites.items():
        suite = _sum(parts)
        suite.extend(test for _, test in sorted(tests[name], key=lambda one: one[0]))
        merged[_free(files[name], merged)] = ElementTree.tostring(suite, "utf-8", xml_declaration=True)
    return merged


def _lines(results: RunResults) -> dict[tuple[str, str], Iterator[int]]:
    """The lines of the scenarios of one name in one feature, which is named as behave names its file."""
    lines: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one in results.results:
        lines[one.place.file.removesuffix(".feature").replace("/", "."), one.name].append(one.place.line)
    return {key: iter(sorted(found)) for key, found in lines.items()}


def _read(path: Path) -> tuple[ElementTree.Element, str]:
    try:
        suite = ElementTree.parse(path).getroot()
        for count in _COUNTS:
            int(suite.attrib[count])
        float(suite.attrib["time"])
        return suite, suite.attrib["name"]
    except OSError as error:
        raise JunitUnreadable(f"{path}: expected a file that can be read, seen: {error.strerror}.") from None
    except (ElementTree.ParseError, KeyError, ValueError) as error:
        raise JunitUnreadable(
            f"{path}: expected a JUnit file of behave, seen: {error!r} (is the file cut off?)."
        ) from None


def _sum(parts: list[ElementTree.Element]) -> ElementTree.Element:
    """The suite of all parts, without its test cases."""
    suite = ElementTree.Element("testsuite", parts[0].attrib)
    for count in _COUNTS:
        suite.set(count, str(sum(int(part.attrib[count]) for part in parts)))
    suite.set("time", str(round(sum(float(part.attrib["time"]) for part in parts), 6)))
    suite.set("timestamp", max(part.get("timestamp", "") for part in parts))
    suite.set("hostname", ", ".join(dict.fromkeys(part.get("hostname", "") for part in parts)))
    return suite


def _free(stem: str, taken: dict[str, bytes]) -> str:
    """A file name that no other suite has: behave numbers two features of one name only where it runs both."""
    name, number = f"{stem}.xml", 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}.xml"
    return name
