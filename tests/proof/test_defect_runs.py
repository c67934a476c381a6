"""Trials on the sandbox: what the proof says when the suite is not what it should be."""

import json
import subprocess
import sys
from collections import Counter

import pytest

from proof import defect_runs
from proof.behave_runs import BehaveRun, ScenarioOutcome
from proof.catalogue import EXPECTED, Entry, Expectation
from proof.detection import Detection
from proof.processes import serving
from proof.tenant_pool import TenantPool, leased_tenant
from sandbox.defects import DEFECTS
from support.core.files import ROOT

CHANNELS = "The channels of the fibre"
SENSORS = "The sensors of the fibre"
REACH = "they reach from the first sensor to the last"
DEFECT = "one_channel_more"


def entry(scenario, step, message):
    return Entry(DEFECTS[DEFECT], (Expectation(DEFECT, ("PZ-13560",), scenario, step, message),))


@pytest.fixture(scope="module")
def tenant(leased, tmp_path_factory):
    with leased() as endpoints, leased_tenant(endpoints, tmp_path_factory.mktemp("tenant")) as tenant:
        yield tenant


def tried(tenant, *entries):
    return defect_runs.with_defects(TenantPool([tenant]), entries, lambda: None)


def test_a_defect_is_caught_by_the_scenario_that_must_catch_it(tenant):
    (outcome,) = tried(tenant, entry(CHANNELS, REACH, "'highest_channel': 2222} instead of"))
    assert outcome.caught


def test_one_that_only_an_unrelated_scenario_notices_is_not_caught(tenant):
    (outcome,) = tried(tenant, entry(SENSORS, "every sensor of the fibre is listed once", "2222"))
    assert [one.detection for one in outcome.expectations] == [Detection.MISSED]
    assert CHANNELS in outcome.noticed_by


def test_a_message_must_name_what_is_wrong(tenant):
    (outcome,) = tried(tenant, entry(CHANNELS, REACH, "'highest_channel': 2223} instead of"))
    assert [one.detection for one in outcome.expectations] == [Detection.UNNAMED]
    assert outcome.noticed_by == ()


def test_what_is_red_without_a_defect_is_told(tenant, tmp_path):
    names = [CHANNELS, SENSORS]
    assert defect_runs.baseline(TenantPool([tenant]), names, lambda: None) == {}
    with serving(DEFECT, tenant, tmp_path) as server:
        base_url = {"base_url": server["FOCUS__FOCUS_SERVER__BASE_URL"]}
        defective = tenant.endpoints | {"focus_server": tenant.endpoints["focus_server"] | base_url}
        with leased_tenant(defective, tmp_path) as spoilt:
            red = defect_runs.baseline(TenantPool([spoilt]), names, lambda: None)
    assert list(red) == [CHANNELS]
    assert red[CHANNELS].step == REACH


def test_what_never_ran_without_a_defect_is_told_with_what_the_run_printed(tenant, monkeypatch):
    monkeypatch.setattr(
        defect_runs, "run_behave", lambda *_: BehaveRun(1, "the environment is broken", {}, Counter(), ROOT)
    )
    assert defect_runs.baseline(TenantPool([tenant]), [CHANNELS], lambda: None) == {
        CHANNELS: ScenarioOutcome("not run", None, "the environment is broken")
    }


class TestTheCommand:
    @staticmethod
    def prove(warm_sandbox, tmp_path, *arguments):
        return subprocess.run(
            [sys.executable, "-m", "proof", "prove", "--workers", "2", "--reports", str(tmp_path), *arguments],
            cwd=ROOT,
            env=warm_sandbox.environment,
            capture_output=True,
            text=True,
        )

    def test_it_ends_well_when_all_are_caught(self, warm_sandbox, tmp_path):
        ran = self.prove(warm_sandbox, tmp_path, "--only", "^one_channel_(more|less)$")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert json.loads((tmp_path / "defects.json").read_text())["caught"] == 2
        assert (tmp_path / "defects.html").exists()

    def test_it_fails_when_one_is_missed(self, warm_sandbox, tmp_path):
        spoilt = tmp_path / "expected.csv"
        lines = EXPECTED.read_text().replace("'highest_channel': 2222} instead of", "something else")
        spoilt.write_text(lines)
        ran = self.prove(warm_sandbox, tmp_path, "--only", f"^{DEFECT}$", "--expected", str(spoilt))
        assert ran.returncode == 1, ran.stdout + ran.stderr
        assert f"{DEFECT}: the message does not name what is wrong by PZ-13560" in ran.stdout.replace("\n", " ")

    def test_a_catalogue_with_a_mistake_is_told_in_a_line(self, warm_sandbox, tmp_path):
        spoilt = tmp_path / "expected.csv"
        spoilt.write_text(EXPECTED.read_text() + "no_such,PZ-13560,The channels of the fibre,x,y\n")
        ran = self.prove(warm_sandbox, tmp_path, "--expected", str(spoilt))
        assert ran.returncode == 2
        assert "there is no defect 'no_such'" in ran.stdout
        assert "Traceback" not in ran.stdout + ran.stderr

    def test_a_pattern_that_fits_nothing_is_told(self, warm_sandbox, tmp_path):
        ran = self.prove(warm_sandbox, tmp_path, "--only", "nothing at all")
        assert ran.returncode == 2
        assert "no defect has a name or an area with 'nothing at all'" in ran.stderr
