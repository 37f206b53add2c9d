"""Where a registry's API is, and which addresses it may send a call to."""

import pytest

from erp_build.clients.registries.address import base_of, led_to, path_of, same_server, scheme_of, with_query


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("docker.io", "https://registry-1.docker.io"),
        ("public.ecr.aws", "https://public.ecr.aws"),
        ("registry.erp.example:5000", "https://registry.erp.example:5000"),
    ],
)
def test_the_address_of_a_registry(host: str, base: str) -> None:
    assert base_of(host, "https") == base


@pytest.mark.parametrize(
    ("host", "scheme"), [("127.0.0.1:5000", "http"), ("[::1]:5000", "http"), ("192.0.2.1", "https")]
)
def test_only_a_registry_of_this_machine_is_asked_without_tls(host: str, scheme: str) -> None:
    assert scheme_of(host) == scheme


@pytest.mark.parametrize(
    ("asked", "location", "found"),
    [
        ("https://r/v2/a/", "/v2/a/blobs/uploads/1?_state=x", "https://r/v2/a/blobs/uploads/1?_state=x"),
        ("https://r/v2/a/", "https://r/v2/b", "https://r/v2/b"),
        ("https://r/v2/a/", "https://s3.example/x?sig=1", "https://s3.example/x?sig=1"),
        # A proxy that ends TLS: the registry names its own address without it.
        ("https://r/v2/a/", "http://r/v2/b?x=1", "https://r/v2/b?x=1"),
        ("https://r:5000/v2/a/", "http://r:80/v2/b", "https://r:5000/v2/b"),
        ("https://r/v2/a/", "http://elsewhere/v2/b", ""),
        ("http://r/v2/a/", "http://elsewhere/v2/b", "http://elsewhere/v2/b"),
        ("https://r/v2/a/", "ftp://r/b", ""),
        ("https://r/v2/a/", "https://[r/b", ""),
        ("https://r/v2/a/", "file:///etc/passwd", ""),
        ("https://r/v2/a/", "https:///b", "https://r/b"),
    ],
)
def test_where_an_answer_leads(asked: str, location: str, found: str) -> None:
    assert led_to(asked, location) == found


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://r/a", "https://r/b", True),
        ("https://r/a", "http://r/a", False),
        ("https://r/a", "https://r:444/a", False),
        ("https://r/a", "https://r.example/a", False),
        ("https://r/a", "https://user@r/a", False),
    ],
)
def test_what_signs_in_is_shown_to_the_same_server_alone(one: str, other: str, *, same: bool) -> None:
    assert same_server(one, other) is same


def test_a_query_is_made_longer_and_stays_as_it_is() -> None:
    assert (
        with_query("https://r/a?_state=a%2Bb", ("digest", "sha256:0")) == "https://r/a?_state=a%2Bb&digest=sha256%3A0"
    )
    assert with_query("https://r/a", ("mount", "x"), ("from", "")) == "https://r/a?mount=x"
    assert with_query("https://r/a", ("from", "")) == "https://r/a"


def test_a_path_is_written_for_an_address() -> None:
    assert path_of("a/b", "manifests", "sha256:0") == "/v2/a/b/manifests/sha256:0"
    assert path_of("a/b", "manifests", "x/../y") == "/v2/a/b/manifests/x%2F..%2Fy"
