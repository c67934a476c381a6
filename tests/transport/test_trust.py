"""What a connection is verified with, and what is said of files that nothing can be verified with."""

import errno
import os
import socket
import ssl
import subprocess
import sys
import threading

import certifi
import pytest
import trustme

from support.core.errors import SettingsError
from support.core.files import ROOT
from transport import trust
from transport.trust import trusted


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def pem(authority, tmp_path):
    file = tmp_path / "ca.pem"
    file.write_bytes(authority.cert_pem.bytes())
    return file


@pytest.fixture
def other(tmp_path):
    file = tmp_path / "other.pem"
    file.write_bytes(trustme.CA().cert_pem.bytes())
    return file


@pytest.fixture
def folder(tmp_path, authority):
    """A directory with the authority's certificate among other things, not prepared for OpenSSL."""
    place = tmp_path / "authorities"
    (place / "more").mkdir(parents=True)
    (place / "ours.crt").write_bytes(b"# by hand: \xc3\xa9\n" + authority.cert_pem.bytes())
    (place / "again.pem").write_bytes(authority.cert_pem.bytes())
    (place / "README").write_text("authorities of this house")
    (place / "lost").symlink_to("nowhere")
    return place


@pytest.fixture
def verifies(authority):
    """Whether a server with a certificate of the authority is accepted, by context."""

    def verifies(context):
        theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(theirs)
        here, there = socket.socketpair()

        def serve():
            try:
                theirs.wrap_socket(there, server_side=True).close()
            except OSError:
                there.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            context.wrap_socket(here, server_hostname="localhost").close()
        except ssl.SSLCertVerificationError:
            here.close()
            return False
        finally:
            thread.join()
        return True

    return verifies


VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


def in_every_form(found):
    """The certificates, by each of the forms that a driver may take."""
    by_file, by_pem = ssl.create_default_context(cafile=found.file()), ssl.create_default_context(cadata="")
    by_pem.load_verify_locations(cadata=found.pem().decode())
    return by_file, by_pem, found.context()


@pytest.mark.parametrize("kind", ["pem", "folder"])
@pytest.mark.parametrize("by", ["the setting", *VARIABLES])
def test_a_file_or_a_directory_counts_in_every_form_whoever_names_it(request, verifies, kind, by):
    named = request.getfixturevalue(kind)
    found = trusted(named, "setting", {}) if by == "the setting" else trusted(None, "setting", {by: str(named)})
    assert found.source == ("setting" if by == "the setting" else by)
    assert all(verifies(context) for context in in_every_form(found))


PROGRAM = """
import os, sys
from pathlib import Path
from transport.trust import trusted
print(trusted(Path(sys.argv[1]), "setting").file(), flush=True)
child = os.fork()
if child:
    os.waitpid(child, 0)
    print(len(os.listdir(os.environ["TMPDIR"])))
"""


def test_the_one_file_of_a_directory_goes_with_the_process_and_not_with_a_fork(folder, tmp_path):
    place = tmp_path / "temporary"
    place.mkdir()
    environment = {**os.environ, "TMPDIR": str(place)}
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, folder], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    name, files = ran.stdout.split()
    assert name.startswith(str(place))
    assert (files, list(place.iterdir())) == ("1", [])


def test_without_room_for_that_file_it_is_said(monkeypatch, folder):
    def full(**_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(trust.tempfile, "NamedTemporaryFile", full)
    trust._in_one_file.cache_clear()
    with pytest.raises(SettingsError, match=r"No space left.*TMPDIR"):
        trusted(folder, "setting", {}).file()


def test_what_stands_first_wins(pem, other):
    named = {"setting": pem, **dict.fromkeys(VARIABLES, other)}
    assert trusted(named.pop("setting"), "setting", {name: str(path) for name, path in named.items()}).paths == (pem,)
    for first in VARIABLES[:3]:
        environment = {name: str(other) for name in VARIABLES[VARIABLES.index(first) :]}
        found = trusted(None, "setting", environment | {first: str(pem)})
        assert found.source.startswith(first)
        assert found.paths[0] == pem


def test_openssls_file_and_directories_count_together_and_a_directory_that_is_away_does_not(verifies, other, folder):
    directories = os.pathsep.join(["/nowhere/at/all", str(folder)])
    found = trusted(None, "setting", {"SSL_CERT_FILE": str(other), "SSL_CERT_DIR": directories})
    assert found.source == "SSL_CERT_FILE and SSL_CERT_DIR"
    assert all(verifies(context) for context in in_every_form(found))


def test_an_empty_variable_is_one_that_is_not_set(pem):
    assert trusted(None, "setting", dict.fromkeys(VARIABLES, "") | {"SSL_CERT_FILE": str(pem)}).paths == (pem,)


def test_without_any_the_systems_count_and_where_it_has_none_those_of_certifi(monkeypatch, pem, tmp_path):
    def system(file, directory):
        paths = ssl.get_default_verify_paths()._replace(openssl_cafile=file, openssl_capath=directory)
        monkeypatch.setattr(trust.ssl, "get_default_verify_paths", lambda: paths)
        return trusted(None, "setting", {})

    assert system(str(pem), "/nowhere").paths == (pem,)
    assert system("/nowhere", str(tmp_path)).paths == (tmp_path,)
    assert str(system("/nowhere", "/nowhere").paths[0]) == certifi.where()


def damaged(kind, tmp_path, authority):
    place = tmp_path / "damaged"
    text = authority.cert_pem.bytes()
    match kind:
        case "nothing there":
            return tmp_path / "nowhere" / "ca.pem"
        case "no certificate":
            place.write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
        case "cut short":
            place.write_bytes(text[: len(text) // 2])
        case "bent":
            place.write_bytes(text.replace(b"M", b"@"))
        case "DER":
            place.write_bytes(ssl.PEM_cert_to_DER_cert(text.decode()))
        case "empty":
            place.touch()
        case "empty directory":
            place.mkdir()
        case "another's directory":
            place.mkdir()
            (place / "README").write_text("nothing")
        case "not to be read":
            place.write_bytes(text)
            place.chmod(0)
    return place


DAMAGES = [
    "nothing there",
    "no certificate",
    "cut short",
    "bent",
    "DER",
    "empty",
    "empty directory",
    "another's directory",
    pytest.param("not to be read", marks=pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")),
]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("by", ["the setting", *VARIABLES])
def test_what_nothing_can_be_verified_with_is_named_with_who_named_it(tmp_path, authority, damage, by):
    named = damaged(damage, tmp_path, authority)
    with pytest.raises(SettingsError) as refused:
        trusted(named, "setting", {}) if by == "the setting" else trusted(None, "setting", {by: str(named)})
    message = str(refused.value)
    assert message.startswith("setting:" if by == "the setting" else f"{by}:")
    assert str(named) in message
    assert "\n" not in message
