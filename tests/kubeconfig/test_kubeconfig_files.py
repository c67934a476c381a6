import json
import os
from pathlib import Path

import pytest
import yaml

from kubeconfig import Cluster, KubeconfigError, read_context


def context(name, server, user=None):
    return {
        "clusters": [{"name": name, "cluster": {"server": server}}],
        "users": [{"name": name, "user": user or {}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }


@pytest.fixture
def write(tmp_path):
    def write(name, document):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document if isinstance(document, str) else yaml.safe_dump(document))
        return path

    return write


def test_of_several_files_the_first_that_sets_something_wins(write):
    one = write("one", {**context("a", "http://one"), "current-context": "a"})
    two = write("two/two", {**context("b", "http://two"), "current-context": "b"})
    two.write_text(two.read_text().replace("clusters:", "clusters:\n- {name: a, cluster: {server: 'http://other'}}"))
    environment = {"KUBECONFIG": f"{one}{os.pathsep}{os.pathsep}/not/there{os.pathsep}{two}"}
    assert read_context(None, None, environment).cluster["server"] == "http://one"
    assert read_context(None, "b", environment).cluster["server"] == "http://two"
    assert read_context(f"{two}{os.pathsep}{one}", None, {}).cluster["server"] == "http://two"


def test_parts_of_a_context_may_be_in_different_files_and_paths_belong_to_their_own(write):
    user = {"client-certificate": "c.pem", "client-key": "k.pem", "tokenFile": "t", "exec": {"command": "./p"}}
    parts = context("a", "https://one", user)
    clusters = [{"name": "a", "cluster": {"server": "https://one", "certificate-authority": "ca.pem"}}]
    one = write("one/config", {"clusters": clusters, "contexts": parts["contexts"], "current-context": "a"})
    two = write("two/config", {"users": parts["users"]})
    described = read_context(f"{one}{os.pathsep}{two}", None, {})
    assert described.cluster["certificate-authority"] == str(one.parent / "ca.pem")
    for name, file in (("client-certificate", "c.pem"), ("client-key", "k.pem"), ("tokenFile", "t")):
        assert described.user[name] == str(two.parent / file)
    document = write("minified", json.dumps(described.document()))
    again = read_context(document)
    assert (again.cluster, again.user) == (described.cluster, described.user)


def test_an_empty_variable_is_one_that_is_not_set_and_home_is_expanded(write, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    write(".kube/config", {**context("a", "http://home"), "current-context": "a"})
    write("other", {**context("a", "http://other"), "current-context": "a"})
    assert read_context(None, None, {"KUBECONFIG": ""}).cluster["server"] == "http://home"
    assert read_context(None, None, {"KUBECONFIG": "~/other"}).cluster["server"] == "http://other"
    assert read_context("~/other", None, {}).cluster["server"] == "http://other"


def test_the_name_of_one_file_may_have_the_separator_in_it(write):
    odd = write("a:b/config", {**context("a", "http://one"), "current-context": "a"})
    assert read_context(odd).cluster["server"] == "http://one"


SECRET = "hush-hush-hush"
GOOD = {**context("a", "http://one", {"token": SECRET}), "current-context": "a"}


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (f"users: [{{name: a, user: {{token: {SECRET}", "not YAML"),
        ("\x00", "not YAML"),
        ("", "empty"),
        (f"[{SECRET}]", "not a mapping"),
        ({**GOOD, "current-context": ""}, "no current-context"),
        ({**GOOD, "current-context": "b"}, "no context 'b'; it has: a"),
        ({**GOOD, "clusters": None}, "no cluster 'a'"),
        ({**GOOD, "users": []}, "no user 'a'"),
        ({**GOOD, "users": {"name": "a", "user": {"token": SECRET}}}, "no list of users"),
        ({**GOOD, "users": [{"user": {"token": SECRET}}]}, "entry 1 of users"),
        ({**GOOD, "users": [{"name": "a", "user": SECRET}]}, "entry 1 of users"),
        ({**GOOD, "clusters": [{"name": "a", "cluster": {}}]}, "server is not an address"),
        ({**GOOD, "clusters": [{"name": "a", "cluster": {"server": f"https://u:{SECRET}@h:x"}}]}, "is not an address"),
        ({**GOOD, "clusters": [{"name": "a", "cluster": {"server": "one:6443"}}]}, "server is not an address"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_of_it_is_shown(write, document, told):
    file = write("config", document)
    with pytest.raises(KubeconfigError, match=told) as error:
        Cluster(read_context(file), limit_s=1)
    assert str(file) in str(error.value)
    assert SECRET not in str(error.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    for file in (tmp_path / "missing", tmp_path):
        with pytest.raises(KubeconfigError, match=str(file)):
            read_context(file)
    with pytest.raises(KubeconfigError, match="KUBECONFIG"):
        read_context(None, None, {"KUBECONFIG": str(tmp_path / "missing")})


def test_a_user_without_a_home_directory_is_told_so(monkeypatch):
    def unknown(_):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", unknown)
    with pytest.raises(KubeconfigError, match="set HOME"):
        read_context(None, None, {})
