"""Texts and evidence of any kind: every export can be read again, and says what it lacks."""

import base64
import csv
import io
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from reporting.cucumber import as_cucumber
from reporting.documentation.capabilities import Capability
from reporting.documentation.pages import as_pages
from reporting.documentation.vocabulary import Vocabulary
from reporting.evidence import Which, enclosed, missing
from reporting.glossary import Glossary
from reporting.junit import as_junit
from reporting.lint import lint
from reporting.page import as_page
from reporting.results import Attachment, read_results
from reporting.tables import as_csv, as_document
from reporting.traceability import trace
from reporting.verdicts import Status
from reporting.xray import Dialect, Execution, as_xray
from support.core.characters import allowed, as_json, file_name

MADE = datetime(2030, 1, 2, tzinfo=UTC)
# With lone surrogates, which hypothesis leaves out unless asked.
ANY_TEXT = st.text(st.characters(exclude_categories=()))
ODD = "\x1b[31mboom\x1b[0m \x00 \ufffe ]]> \ud83d <b>&\"'\x85 --> {{ 1 }}"


def saying(traced, features, text):
    """The plan, the features and the run, in which all that people and servers say is this text."""

    def told(step):
        return replace(
            step, name=text, message=text, attachments=tuple(replace(a, name=text) for a in step.attachments)
        )

    def written(scenario):
        steps = tuple(replace(one, name=text, text=text, table=((text,),)) for one in scenario.steps)
        values = tuple((text, text) for _ in scenario.values)
        return replace(scenario, name=text, title=text, feature=text, description=text, steps=steps, values=values)

    features = tuple(
        replace(
            feature,
            name=text,
            description=text,
            rules=tuple(
                replace(rule, name=text, description=text, scenarios=tuple(map(written, rule.scenarios)))
                for rule in feature.rules
            ),
        )
        for feature in features
    )
    results = tuple(
        replace(one, name=allowed(text), message=text, steps=tuple(map(told, one.steps))) for one in traced.run.results
    )
    run = replace(traced.run, results=results, environment={text or "x": text}, errors=(text,))
    cases = [one.case.model_copy(update={"title": text, "area": text}) for one in traced.cases]
    return trace(cases, features, run), features


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
    max_examples=5,
    report_multiple_bugs=False,
)
@example(ODD)
@example(" ")
@example("\n\t")
@example("\r")
@example("a/b" * 200)
@given(ANY_TEXT.filter(bool))
def test_every_export_of_any_text_can_be_read_again(traced, ran, schema, text):
    made, features = saying(traced, ran.features, text)
    assert made.stale == ()
    assert ElementTree.fromstring(as_junit(made)).tag == "testsuites"
    problems = lint(features, made)
    documents = {f"xray-{dialect}": as_xray(made, dialect, execution=Execution()) for dialect in Dialect}
    documents["traceability"] = as_document(made, problems, test_case_url=None, made=MADE)
    for name, document in documents.items():
        read = json.loads(as_json(document))
        Draft202012Validator(schema(name), format_checker=FormatChecker()).validate(read)
    assert len(json.loads(as_json(as_cucumber(made, features, evidence=Which.ALL)))) == len(features)
    rows = list(csv.reader(io.StringIO(allowed(as_csv(made)).encode().decode("utf-8"), newline="")))
    assert len({len(row) for row in rows}) == 1
    assert len(rows) == len(made.cases) + 1
    pages = as_pages(
        [Capability("one", text, text, features)], Vocabulary((), ()), Glossary(), made, test_case_url=None, made=MADE
    )
    pages = [*pages.values(), as_page(made, problems, test_case_url=None, allure_site=None, made=MADE)]
    for page in pages:
        assert "\x00" not in allowed(page).encode().decode("utf-8")


@given(st.lists(ANY_TEXT, max_size=8), st.lists(st.sampled_from(["", ".txt", ".json", "." + "x" * 300]), min_size=8))
def test_names_of_evidence_fit_every_file_system_and_are_unique(tmp_path_factory, names, endings):
    folder = tmp_path_factory.getbasetemp()
    evidence = tuple(
        Attachment(name, "text/plain", folder / f"gone{ending}") for name, ending in zip(names, endings, strict=False)
    )
    found = [one.filename for one in enclosed([result_with(evidence)], Which.ALL)]
    assert len({name.casefold() for name in found}) == len(evidence)
    for name in found:
        assert 0 < len(name.encode()) <= 200
        assert not name.startswith(".")
        assert not set(name) & set('/\\\0:*?"<>|\n')


def result_with(evidence):
    class ScenarioResult:
        status, evidence, place = Status.FAILED, (), "features/one.feature:2"

    ScenarioResult.evidence = evidence
    return ScenarioResult


@pytest.mark.parametrize("text", ["M" * 317, "ü" * 317, "🙂" * 317, "…/../.hidden", "", ".", "..", "a/b\\c"])
def test_a_name_of_a_file_is_short_and_a_name(text):
    for ending in ("", ".json"):
        name = file_name(text, ending)
        assert 0 < len(name.encode()) <= 200
        assert name.endswith(ending)
        assert not name.startswith(".")
        assert "/" not in name


def test_two_long_texts_have_two_names():
    assert file_name("a" * 300 + "b") != file_name("a" * 300 + "c")


LOST = {
    "removed": lambda path: path.unlink(),
    "a directory": lambda path: (path.unlink(), path.mkdir()),
    "a link to nowhere": lambda path: (path.unlink(), path.symlink_to("gone")),
}


@pytest.mark.parametrize("lose", LOST.values(), ids=LOST)
def test_lost_evidence_is_told_in_its_place(ran, tmp_path, lose):
    folder = shutil.copytree(ran.root / "reports/runs/one/allure-results", tmp_path / "results")
    for path in list(folder.glob("*-attachment.*")):
        lose(path)
    traced = ran.traced(read_results(folder))
    tests = {test["testKey"]: test for test in as_xray(traced, Dialect.CLOUD, execution=Execution())["tests"]}
    (file,) = tests["PZ-10003"]["evidence"]
    assert file["filename"] == "001-server-log-of-the-job-is-missing.txt"
    assert b"evidence 'server log/of the job' is missing" in base64.b64decode(file["data"])
    steps = [
        step for feature in as_cucumber(traced, ran.features) for one in feature["elements"] for step in one["steps"]
    ]
    (embedding,) = next(step["embeddings"] for step in steps if "embeddings" in step)
    assert embedding["name"] == "server log/of the job is missing"
    lines = missing(traced.run.results, Which.RED)
    assert lines
    assert all("is missing: " in line and "features/" in line for line in lines)


def test_nothing_is_told_where_nothing_is_lost(traced):
    assert missing(traced.run.results, Which.ALL) == []
