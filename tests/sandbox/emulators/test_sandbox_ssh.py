"""The stand-in for a production server lets one operator in by key, and runs nothing."""

import shutil
import stat
import subprocess
from pathlib import Path

import asyncssh
import pytest

NOT_FOUND = 127


@pytest.fixture(scope="module")
def access(sandbox_endpoints):
    return sandbox_endpoints["ssh"]


@pytest.fixture
def login(access):
    """Connect as the endpoints say, with these options changed."""
    (host,) = access["hosts"]
    name, _, port = host.partition(":")

    def connect(**changes):
        options = {
            "username": access["user"],
            "client_keys": [access["key_file"]],
            "known_hosts": access["known_hosts_file"],
            "config": None,
            "agent_path": None,
            "login_timeout": 10,
        }
        return asyncssh.connect(name, int(port), **(options | changes))

    return connect


async def test_the_key_lets_the_operator_in_and_true_succeeds(login):
    async with login() as connection:
        answer = await connection.run("true")
    assert (answer.exit_status, answer.stdout, answer.stderr) == (0, "", "")


@pytest.mark.parametrize("command", ["uptime", "false", "true; id", "/bin/true", "sh -c true", "scp -t /tmp", ""])
async def test_no_other_command_is_known(login, command):
    async with login() as connection:
        answer = await connection.run(command)
    assert (answer.exit_status, answer.stdout) == (NOT_FOUND, "")
    assert "not found" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


async def test_there_is_no_shell(login):
    async with login() as connection:
        answer = await connection.run()
    assert (answer.exit_status, answer.stdout) == (NOT_FOUND, "")


async def test_files_are_not_transferred_and_nothing_is_forwarded(login):
    async with login() as connection:
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.start_sftp_client()
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_connection("127.0.0.1", 22)
        with pytest.raises(asyncssh.ChannelListenError):
            await connection.forward_remote_port("127.0.0.1", 0, "127.0.0.1", 22)
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.run("true", term_type="xterm")
        assert (await connection.run("true")).exit_status == 0


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(lambda: {"client_keys": None, "password": "operator"}, id="password"),
        pytest.param(lambda: {"client_keys": None}, id="nothing"),
        pytest.param(lambda: {"client_keys": [asyncssh.generate_private_key("ssh-ed25519")]}, id="unknown key"),
        pytest.param(lambda: {"username": "root"}, id="another user"),
    ],
)
async def test_nobody_else_is_let_in(login, changes):
    with pytest.raises(asyncssh.PermissionDenied):
        await login(**changes())


async def test_known_hosts_of_another_machine_do_not_fit(login, access, tmp_path):
    key = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    other = tmp_path / "known_hosts"
    other.write_text(f"{Path(access['known_hosts_file']).read_text().split()[0]} {key}")
    with pytest.raises(asyncssh.HostKeyNotVerifiable):
        await login(known_hosts=str(other))


def test_only_the_owner_can_read_the_key(access):
    assert stat.S_IMODE(Path(access["key_file"]).stat().st_mode) == 0o600


@pytest.mark.skipif(shutil.which("ssh") is None, reason="OpenSSH's client is not installed")
@pytest.mark.parametrize(("command", "status"), [("true", 0), ("uptime", NOT_FOUND)])
def test_an_operator_can_use_openssh(access, command, status):
    host, _, port = access["hosts"][0].partition(":")
    settings = {
        "UserKnownHostsFile": access["known_hosts_file"],
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "BatchMode": "yes",
    }
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    address = ["-F", "/dev/null", "-i", access["key_file"], "-p", port, f"{access['user']}@{host}"]
    answer = subprocess.run(["ssh", *options, *address, command], capture_output=True, text=True, timeout=20)
    assert answer.returncode == status, answer.stderr
