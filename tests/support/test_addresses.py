"""Hosts and ports in the forms in which they are written."""

import pytest

from support.core.addresses import host_and_port, host_of, split, with_port


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("server-1.example", "server-1.example", None),
        ("server-1.example:2222", "server-1.example", 2222),
        ("127.0.0.1:22", "127.0.0.1", 22),
        ("::1", "::1", None),
        ("2001:db8::7", "2001:db8::7", None),
        ("[::1]", "::1", None),
        ("[::1]:22", "::1", 22),
        ("[fe80::1%eth0]:22", "fe80::1%eth0", 22),
    ],
)
def test_a_host_with_a_port_or_without(text, host, port):
    assert host_and_port(text) == (host, port)
    if port is not None:
        assert with_port(host, port) == text


@pytest.mark.parametrize(
    "text", ["", ":22", "a:b", "a:0", "a:65536", "a:22:22", "[a]:22", "[::1", "::1]", "[::1]22", "user@a", "a/b", "a b"]
)
def test_what_names_no_host(text):
    with pytest.raises(ValueError, match="expected host, host:port"):
        host_and_port(text)


@pytest.mark.parametrize(
    ("host", "written"),
    [
        ("focus.example", "focus.example"),
        ("192.0.2.1", "192.0.2.1"),
        ("::1", "[::1]"),
        ("2001:db8::7", "[2001:db8::7]"),
    ],
)
@pytest.mark.parametrize("before", ["", "http://", "grpc://", "https://user:pass@"])
@pytest.mark.parametrize("after", ["", ":50051", "/", ":50051/path?a=b", "/path#x"])
def test_the_host_of_an_address_in_any_form(host, written, before, after):
    assert host_of(f"{before}{written}{after}") == host


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("mongodb://h", ("mongodb", "", "h", "")),
        ("mongodb://u:p@u:1,[::1]:2/u?a=b", ("mongodb", "u:p", "u:1,[::1]:2", "/u?a=b")),
        ("amqps://u@[::1]/", ("amqps", "u", "[::1]", "/")),
        ("https://[::1]:1?a=@", ("https", "", "[::1]:1", "?a=@")),
    ],
)
def test_the_parts_of_an_address(address, parts):
    assert split(address) == parts
    assert str(split(address)) == address


@pytest.mark.parametrize("text", ["::1", "http://::1", "http://::1/path"])
def test_an_ipv6_address_without_brackets(text):
    assert host_of(text) == "::1"


@pytest.mark.parametrize("text", ["", "http://", "http:///path", "http://[x]/"])
def test_an_address_without_a_host(text):
    with pytest.raises(ValueError, match="expected host"):
        host_of(text)
