import subprocess
import sys

import asyncssh
import gateways
import pytest

from support.core.errors import EnvironmentBroken
from support.faults import gateway
from support.observers import machines
from support.profile.settings import Ssh

USER = "operator"


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A machine that lets one operator in; it knows the command `true` and no other."""
    place = tmp_path_factory.mktemp("ssh")
    key, known = place / "key", place / "known_hosts"
    options = ["--user", USER, "--key-file", key, "--known-hosts-file", known]
    command = [sys.executable, "-m", "sandbox.emulators.ssh", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        host = process.stdout.readline().strip().removeprefix("ready ssh://")
        yield Ssh(hosts=(host,), user=USER, key_file=key, known_hosts_file=known)
        process.terminate()


def changed(machine, **changes):
    return machine.model_copy(update=changes)


def test_the_operator_gets_onto_every_machine(machine):
    assert machines.login_problems(changed(machine, hosts=machine.hosts * 3)) == []


def test_the_one_machine_of_several_that_cannot_be_reached_is_named(machine):
    with gateway.unreachable() as nowhere:
        away = nowhere.address.removeprefix("http://")
        (problem,) = machines.login_problems(changed(machine, hosts=(*machine.hosts, away)))
    assert problem.startswith(f"{away}: ConnectionRefusedError")


@pytest.mark.parametrize(
    ("host", "asked"), [("[::1]:2222", ("::1", 2222)), ("[::1]", ("::1", 22)), ("::1", ("::1", 22)), ("a", ("a", 22))]
)
def test_a_machine_may_be_named_by_its_ipv6_address_and_without_a_port(monkeypatch, host, asked):
    seen = []

    def connect(name, port, **_):
        seen.append((name, port))
        raise OSError("no way")

    monkeypatch.setattr(machines.asyncssh, "connect", connect)
    assert machines.login_problems(Ssh(hosts=(host,))) == [f"{host}: OSError: no way"]
    assert seen == [asked]


def test_a_machine_that_does_not_answer_is_waited_for_no_longer_than_the_limit(machine):
    with gateways.unresponsive() as nowhere:
        away = nowhere.address.removeprefix("http://")
        settings = changed(machine, hosts=(away,), timeout_s=0.3)
        assert machines.login_problems(settings) == [f"{away}: no answer within 0.3 s"]


def test_a_command_that_fails_is_told(machine, monkeypatch):
    monkeypatch.setattr(machines, "HARMLESS", "uptime")
    assert machines.login_problems(machine) == [f"{machine.hosts[0]}: the command 'uptime' ended with 127"]


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("another user", "PermissionDenied"),
        ("another key", "PermissionDenied"),
        ("no key there", "FileNotFoundError"),
        ("what is no key", "KeyImportError"),
        ("a machine of another key", "HostKeyNotVerifiable"),
        ("no machine known", "HostKeyNotVerifiable"),
        ("no known hosts there", "FileNotFoundError"),
    ],
)
def test_the_way_in_is_closed_to_any_other_and_no_other_machine_is_trusted(machine, tmp_path, setting, told):
    file = tmp_path / "file"
    other = asyncssh.generate_private_key("ssh-ed25519")
    known = machine.known_hosts_file.read_text().split()[0]
    text = {
        "another key": other.export_private_key().decode(),
        "what is no key": "no key",
        "a machine of another key": f"{known} {other.export_public_key().decode()}",
        "no machine known": "",
    }.get(setting)
    if text is not None:
        file.write_text(text)
    name = (
        "user"
        if "user" in setting
        else "known_hosts_file"
        if "machine" in setting or "hosts" in setting
        else "key_file"
    )
    (problem,) = machines.login_problems(changed(machine, **{name: "root" if name == "user" else file}))
    assert problem.startswith(f"{machine.hosts[0]}: {told}")


def nobody(monkeypatch, *, at_home):
    """As in a container: a user id without a name and, where not `at_home`, without a directory."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME", *(() if at_home else ("HOME",))):
        monkeypatch.delenv(name, raising=False)

    def no_entry(uid):
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr("pwd.getpwuid", no_entry)


@pytest.mark.parametrize("at_home", [True, False])
def test_a_user_without_a_name_or_a_home_gets_onto_the_machines(machine, monkeypatch, at_home):
    monkeypatch.setenv("LOGNAME", "removed again")
    nobody(monkeypatch, at_home=at_home)
    assert machines.login_problems(machine) == []


@pytest.mark.parametrize("missing", ["key_file", "known_hosts_file"])
def test_that_there_is_no_home_to_look_for_keys_in_is_no_failure_of_the_product(machine, monkeypatch, missing):
    monkeypatch.setenv("LOGNAME", "removed again")
    nobody(monkeypatch, at_home=False)
    with pytest.raises(EnvironmentBroken, match=r"no home directory.*set HOME"):
        machines.login_problems(changed(machine, **{missing: None}))
