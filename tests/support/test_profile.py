import json
import os
import re
import tomllib

import pytest
from pydantic import BaseModel

from support.core.errors import SettingsError
from support.profile import profile as profiles
from support.profile.profile import read_profile
from support.profile.settings import Settings

COMPLETE = """
exclusive = true
[focus_server]
base_url = "http://127.0.0.1:1/focus-server"
[mongodb]
uri = "mongodb://127.0.0.1:2"
database = "focus"
[rabbitmq]
url = "amqp://127.0.0.1:3/focus"
[kubernetes]
namespace = "focus"
"""


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    for name in [name for name in os.environ if name.startswith("FOCUS__")]:
        monkeypatch.delenv(name)


@pytest.fixture
def write(tmp_path):
    def write(text, name="profile.toml"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write


def problem_of(path):
    with pytest.raises(SettingsError) as error:
        read_profile(path).settings()
    return str(error.value)


def test_a_complete_profile_is_read(write):
    settings = read_profile(write(COMPLETE)).settings()
    assert settings.exclusive
    assert settings.focus_server.base_url == "http://127.0.0.1:1/focus-server"
    assert settings.limits.sensors == 2222


def test_the_environment_wins_over_the_provider_and_that_over_the_file(write, monkeypatch):
    profile = read_profile(write(COMPLETE))
    endpoints = {"focus_server": {"base_url": "http://127.0.0.1:7"}, "mongodb": {"database": "leased"}}
    monkeypatch.setenv("FOCUS__FOCUS_SERVER__BASE_URL", "http://127.0.0.1:9")
    settings = profile.settings(endpoints)
    assert settings.focus_server.base_url == "http://127.0.0.1:9"
    assert settings.mongodb.database == "leased"
    assert settings.mongodb.uri.get_secret_value() == "mongodb://127.0.0.1:2"


def test_what_the_sandbox_wrote_is_a_profile(write):
    tree = {
        "exclusive": True,
        "focus_server": {"base_url": "http://127.0.0.1:1"},
        "mongodb": {"uri": "mongodb://127.0.0.1:2", "database": "focus"},
        "rabbitmq": {"url": "amqp://user:hidden1@127.0.0.1:3/focus"},
        "kubernetes": {"namespace": "focus"},
    }
    settings = read_profile(write(json.dumps(tree), "endpoints.json")).settings()
    assert settings.secrets() == ("hidden1",)
    assert "hidden1" not in repr(settings)


def test_a_missing_setting_is_named_with_profile_and_fix(write):
    path = write(COMPLETE.replace('base_url = "http://127.0.0.1:1/focus-server"', ""))
    message = problem_of(path)
    assert "focus_server.base_url: missing" in message
    assert "FOCUS__FOCUS_SERVER__BASE_URL" in message
    assert path in message


def test_a_missing_group_is_named_by_what_it_must_hold(write):
    message = problem_of(write("exclusive = true"))
    for setting in ("focus_server.base_url", "mongodb.uri", "mongodb.database", "rabbitmq.url", "kubernetes.namespace"):
        assert f"{setting}: missing" in message
    assert "FOCUS__FOCUS_SERVER__BASE_URL" in message
    assert "timeout" not in message


def test_a_wrong_setting_is_named_without_its_value(write):
    message = problem_of(write(COMPLETE.replace("http://127.0.0.1:1/focus-server", "ftp://user:hidden2@x")))
    assert "focus_server.base_url" in message
    assert "hidden2" not in message


@pytest.mark.parametrize(("name", "value"), [("rows_status", 200), ("rows_status", 208), ("rows_over_status", 200)])
def test_the_statuses_of_rows_must_differ(write, name, value):
    message = problem_of(write(f"{COMPLETE}\n[answers]\n{name} = {value}\n"))
    assert "answers: Value error, no_rows_yet_status, rows_status and rows_over_status must differ" in message


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("rabbitmq.url", "amqp://focus:hidden5#x@127.0.0.1:3/focus"),
        ("rabbitmq.url", "amqp://focus:hidden5/x@127.0.0.1:3/focus"),
        ("rabbitmq.url", "127.0.0.1:3"),
        ("rabbitmq.management_url", "http://focus:hidden5#x@127.0.0.1:4"),
        ("rabbitmq.management_url", "http://focus:hidden5@127.0.0.1:four"),
        ("mongodb.uri", "postgres://focus:hidden5@127.0.0.1"),
        ("focus_server.base_url", "http://focus:hidden5@127.0.0.1:1"),
        ("focus_server.base_url", "127.0.0.1:1"),
    ],
)
def test_what_is_no_address_is_named_and_not_shown(write, monkeypatch, setting, value):
    monkeypatch.setenv("FOCUS__" + setting.upper().replace(".", "__"), value)
    message = problem_of(write(COMPLETE))
    assert setting in message
    assert "hidden5" not in message


IPV6 = [
    ("focus_server.base_url", "http://[::1]:8080/focus-server"),
    ("focus_server.base_url", "https://[2001:db8::7]"),
    ("rabbitmq.url", "amqp://focus:p%23ss@[::1]:5672/"),
    ("rabbitmq.management_url", "http://focus:p%23ss@[::1]:15672"),
    ("mongodb.uri", "mongodb://[::1]:27017"),
    ("mongodb.uri", "mongodb://focus:p%23ss@[::1]:27017,[2001:db8::7]/focus?replicaSet=a"),
    ("mongodb.uri", "mongodb://focus:p%23ss@store.example:27017,[2001:db8::7]:27018/focus"),
    ("mongodb.server_uri", "mongodb://[::1]"),
    ("toxiproxy.url", "http://[::1]:8474"),
]


@pytest.mark.parametrize(("setting", "value"), IPV6)
def test_an_address_may_be_of_ipv6(write, monkeypatch, setting, value):
    monkeypatch.setenv("FOCUS__" + setting.upper().replace(".", "__"), value)
    found = read_profile(write(COMPLETE)).settings()
    assert found.secrets() == (("p%23ss",) if "@" in value else ())
    for name in setting.split("."):
        found = getattr(found, name)
    assert (found if isinstance(found, str) else found.get_secret_value()) == value


@pytest.mark.parametrize(
    "value", ["http://::1:8080", "http://[::1:8080", "http://[nothing]:80", "http://[::1]x", "http://:80"]
)
def test_what_is_no_address_of_ipv6_is_named(write, monkeypatch, value):
    monkeypatch.setenv("FOCUS__FOCUS_SERVER__BASE_URL", value)
    assert "focus_server.base_url: this is not an address" in problem_of(write(COMPLETE))


@pytest.mark.parametrize("host", ["a", "a:22", "127.0.0.1:22", "[::1]:22", "[::1]", "::1", "server-1.example:2222"])
def test_a_machine_is_a_host_with_a_port_or_without(write, monkeypatch, host):
    monkeypatch.setenv("FOCUS__SSH__HOSTS", json.dumps([host]))
    assert read_profile(write(COMPLETE)).settings().ssh.hosts == (host,)


@pytest.mark.parametrize("host", ["", "a:b", "a:99999", "user@a", "[::1", "ssh://a", "a b"])
def test_what_is_no_machine_is_named_with_the_form(write, monkeypatch, host):
    monkeypatch.setenv("FOCUS__SSH__HOSTS", json.dumps([host]))
    assert "ssh.hosts.0: expected host, host:port" in problem_of(write(COMPLETE))


def test_a_provider_is_set_in_the_profile_alone(write, monkeypatch):
    monkeypatch.setenv("FOCUS__PROVIDER__COMMAND", "[]")
    assert "FOCUS__PROVIDER__COMMAND: no such setting" in problem_of(write(COMPLETE))


def test_an_unknown_setting_is_named(write):
    assert "mongodb.databse" in problem_of(write(COMPLETE.replace("database =", "databse =")))


def test_a_misspelt_variable_is_named(write, monkeypatch):
    monkeypatch.setenv("FOCUS__FOCUS_SERVR__BASE_URL", "http://127.0.0.1:9")
    assert "FOCUS__FOCUS_SERVR__BASE_URL" in problem_of(write(COMPLETE))


def test_placeholders_are_named_until_they_are_filled(write, monkeypatch):
    path = write(COMPLETE.replace('"focus"', '"<name of it>"'))
    message = problem_of(path)
    assert "mongodb.database" in message
    assert "kubernetes.namespace" in message
    monkeypatch.setenv("FOCUS__MONGODB__DATABASE", "filled")
    monkeypatch.setenv("FOCUS__KUBERNETES__NAMESPACE", "filled")
    assert read_profile(path).settings().mongodb.database == "filled"


def test_an_unknown_profile_names_the_known_ones():
    with pytest.raises(SettingsError, match=r"no profile 'stagging'.*local.*remote\.example"):
        read_profile("stagging")


def test_the_example_of_a_remote_profile_starts_nothing_before_it_is_filled():
    message = problem_of("remote.example")
    for setting in ("focus_server.base_url", "mongodb.uri", "rabbitmq.url", "kubernetes.namespace"):
        assert f"{setting}: still a placeholder" in message


def test_a_file_that_is_no_profile(write):
    assert "cannot be read" in problem_of(write("exclusive = maybe"))
    assert "table of settings" in problem_of(write("[1]", "list.json"))


class TestSecrets:
    @pytest.fixture(autouse=True)
    def _repository(self, tmp_path, monkeypatch):
        self.root = tmp_path / "repository"
        (self.root / "config").mkdir(parents=True)
        monkeypatch.setattr(profiles, "ROOT", self.root)

    def keep(self, text):
        (self.root / "config" / "staging.toml").write_text(text)

    def test_a_profile_of_the_repository_may_hold_no_password(self):
        self.keep(COMPLETE.replace("amqp://", "amqp://user:hidden3@"))
        message = problem_of("staging")
        assert "rabbitmq.url" in message
        assert "FOCUS__RABBITMQ__URL" in message
        assert "hidden3" not in message

    def test_a_secrets_file_outside_is_laid_over_the_profile(self, tmp_path):
        outside = tmp_path / "secrets.toml"
        outside.write_text('[rabbitmq]\nurl = "amqp://user:hidden4@127.0.0.1:3/focus"')
        self.keep(f'secrets_file = "{outside}"\n{COMPLETE}')
        assert read_profile("staging").settings().secrets() == ("hidden4",)

    @pytest.mark.parametrize(
        ("written", "told"),
        [
            ("5", "must be the path of a file"),
            ('"config/secrets.toml"', "outside of the repository"),
            ('"~/none-of-that-name.toml"', "which is not there"),
            ('"~nobody-of-that-name/x"', "The home directory in ~nobody-of-that-name"),
        ],
    )
    def test_a_secrets_file_that_cannot_be_used_is_told(self, written, told):
        self.keep(f"secrets_file = {written}\n{COMPLETE}")
        assert told in problem_of("staging")

    def test_a_secrets_file_inside_is_refused(self):
        self.keep(f'secrets_file = "{self.root}/config/secrets.toml"\n{COMPLETE}')
        assert "outside of the repository" in problem_of("staging")


def settings_of(model):
    """Names of all settings of a group, and of the groups in it."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from settings_of(field.annotation)
        else:
            yield name


def test_every_setting_is_listed_in_the_example():
    text = (profiles.ROOT / "config" / "remote.example.toml").read_text()
    listed = set(re.findall(r"^#?\s*(\w+) = ", text, re.MULTILINE))
    assert set(settings_of(Settings)) - listed == set()


FILES = [
    ("focus_server", "ca_file"),
    ("stream", "ca_file"),
    ("mongodb", "ca_file"),
    ("rabbitmq", "ca_file"),
    ("rabbitmq", "management_ca_file"),
    ("kubernetes", "ca_file"),
    ("toxiproxy", "ca_file"),
    ("ssh", "key_file"),
    ("ssh", "known_hosts_file"),
]


@pytest.mark.parametrize(("section", "name"), FILES)
def test_a_file_that_is_not_there_is_named(write, monkeypatch, section, name):
    variable = f"FOCUS__{section.upper()}__{name.upper()}"
    monkeypatch.setenv(variable, "/nowhere/at/all")
    problem = problem_of(write(COMPLETE))
    assert f"{section}.{name}: expected a file" in problem
    assert "/nowhere/at/all" in problem
    assert variable in problem


@pytest.mark.parametrize(("section", "name"), [one for one in FILES if "ca_file" in one[1]])
def test_an_authority_without_a_certificate_is_named(write, monkeypatch, tmp_path, section, name):
    monkeypatch.setenv(f"FOCUS__{section.upper()}__{name.upper()}", str(tmp_path))
    assert f"{section}.{name}: expected a file or directory of certificates" in problem_of(write(COMPLETE))


def paths_of(model, path=()):
    """The path of every setting that is itself a path."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from paths_of(field.annotation, (*path, name))
        elif "Path" in str(field.annotation):
            yield (*path, name)


@pytest.mark.parametrize("setting", list(paths_of(Settings)), ids=".".join)
@pytest.mark.parametrize(
    ("written", "meant"), [("~/x", "/home/of/nobody/x"), ("x/y", f"{profiles.ROOT}/x/y"), ("/x", "/x")]
)
def test_every_path_is_expanded_and_belongs_to_the_checkout(write, monkeypatch, tmp_path, setting, written, meant):
    monkeypatch.setenv("HOME", "/home/of/nobody")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOCUS__" + "__".join(setting).upper(), written)
    tell = re.escape(meant)
    if setting[-1] in {name for _, name in FILES}:  # There is no such file, which is told of the same path.
        assert re.search(rf"but {tell} is", problem_of(write(COMPLETE)))
        return
    found = read_profile(write(COMPLETE)).settings()
    for name in setting:
        found = getattr(found, name)
    assert str(found) == meant


def test_a_home_that_nobody_has_is_named(write, monkeypatch):
    monkeypatch.setenv("FOCUS__REPORTS__DIRECTORY", "~nobody-of-that-name/reports")
    assert "reports.directory: the home directory of ~nobody-of-that-name" in problem_of(write(COMPLETE))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("as_json", [False, True])
def test_a_profile_may_begin_with_a_mark_and_end_its_lines_in_any_way(tmp_path, encoding, line_end, as_json):
    text = json.dumps(tomllib.loads(COMPLETE), indent=1) if as_json else COMPLETE
    file = tmp_path / ("profile.json" if as_json else "profile.toml")
    file.write_bytes(text.replace("\n", line_end).encode(encoding))
    assert read_profile(str(file)).settings().mongodb.database == "focus"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'exclusive = true\n[mongodb]\nuri = "x7q\n', r"line 3"),
        (b"exclusive = true\nx7q\n", r"line 2"),
        (COMPLETE.encode("utf-16"), "Save it as UTF-8"),
        (b'database = "x7q\xff"', "Save it as UTF-8"),
    ],
)
def test_what_is_wrong_with_a_profile_is_told_with_its_place_and_without_its_content(tmp_path, content, told):
    file = tmp_path / "profile.toml"
    file.write_bytes(content)
    message = problem_of(str(file))
    assert re.search(told, message)
    assert str(file) in message
    assert "x7q" not in message


@pytest.mark.parametrize("name", ["a" * 5000, "nowhere/at/all", "\0", "", "."])
def test_what_is_no_profile_is_told_in_one_message(name):
    with pytest.raises(SettingsError, match=r"no profile|is a directory"):
        read_profile(name)


def test_a_directory_is_told_as_such(tmp_path):
    assert "is a directory" in problem_of(str(tmp_path))


def test_a_profile_of_a_home_that_nobody_has():
    assert "The home directory in ~nobody-of-that-name" in problem_of("~nobody-of-that-name/profile.toml")
