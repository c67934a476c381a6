"""The image of the suite: that its definition names what is there, and no more than that goes into it."""

import re
import subprocess
import tomllib

from support.core.files import ROOT

DEFINITION = (ROOT / "deploy/Dockerfile").read_text()
BROUGHT = [line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]


def instructions(name):
    lines = re.sub(r"\\\n", " ", DEFINITION).splitlines()
    return [line.removeprefix(f"{name} ") for line in lines if line.startswith(f"{name} ")]


def test_the_base_is_pinned_by_version_and_digest():
    (base,) = [one for one in instructions("ARG") if one.startswith("DEBIAN=")]
    assert re.fullmatch(r"DEBIAN=docker\.io/library/debian:bookworm-\d{8}-slim@sha256:[0-9a-f]{64}", base)
    bases = {one.split()[0] for one in instructions("FROM")}
    assert bases == {"${DEBIAN}", "base"}


def test_it_does_not_run_as_root():
    last = DEFINITION[DEFINITION.rindex("\nFROM ") :]
    assert re.search(r"^USER [1-9]\d+$", last, re.MULTILINE)
    assert last.index("USER ") > last.index("RUN useradd --uid " + re.search(r"USER (\d+)", last)[1])


def test_all_that_it_copies_is_in_the_checkout():
    copied = [word for one in instructions("COPY") if not one.startswith("--from") for word in one.split()[:-1]]
    assert "requirements.lock" in copied
    for path in (*copied, *BROUGHT):
        assert (ROOT / path).exists(), path
        assert path == "." or path.split("/")[0] in BROUGHT, f"{path} is kept out by .dockerignore"


def test_only_what_a_run_and_its_reports_need_is_brought():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = settings["tool"]["importlinter"]["root_packages"]
    assert {one for one in BROUGHT if (ROOT / one).is_dir()} == {"config", "features", *packages} - {
        "proof",
        "consistency",
    }
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"


def test_the_packages_are_those_of_the_lock_with_their_hashes(tmp_path):
    installations = re.findall(r"pip install .*", re.sub(r"\\\n", " ", DEFINITION))
    assert len(installations) == 2
    assert all("--require-hashes" in one for one in installations)
    assert "--constraint requirements.lock" in re.sub(" +", " ", installations[1])
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(re.findall(r"--extra (\S+)", installations[1])) == {"sandbox", "reporting", "load"} <= extras.keys()
    (command,) = re.findall(r"sed -n '[^']*' requirements.lock", DEFINITION)
    found = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.match(r"uv==\S+ \\\n    --hash=sha256:", found)
    assert found.count("==") == 1
