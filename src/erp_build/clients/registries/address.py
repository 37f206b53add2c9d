"""Where a registry's API is, and which address a registry may send a call to."""

import socket
from functools import partial
from ipaddress import ip_address
from urllib.parse import quote, urlencode, urljoin, urlsplit

from erp_build.clients.calls import within
from erp_build.formats.image_name import DOCKER_HUB

API_HOSTS = {DOCKER_HUB: "registry-1.docker.io"}
"""Registries whose API has another host than the names of their images."""

HTTP, HTTPS = "http", "https"

LOOK_UP_S = 10.0
"""Seconds for the address of a host."""


def base_of(host: str, scheme: str) -> str:
    """The address of a registry, without a slash at its end."""
    return f"{scheme}://{API_HOSTS.get(host, host)}"


def scheme_of(host: str) -> str:
    """`http` for a registry of this machine, as the engine has it too, and `https` for every other one."""
    parts = urlsplit(f"//{host}")
    try:
        found = {one[4][0] for one in within(LOOK_UP_S, partial(socket.getaddrinfo, parts.hostname, None))}
    except (OSError, UnicodeError):
        return HTTPS
    return HTTP if found and all(ip_address(one).is_loopback for one in found) else HTTPS


def path_of(repository: str, *parts: str) -> str:
    """The path of something in a repository."""
    return "/v2/" + "/".join((quote(repository), *(quote(part, safe=":") for part in parts)))


def with_query(address: str, *pairs: tuple[str, str]) -> str:
    """An address with a longer query; what it has already stays as it is, because it may be signed."""
    added = urlencode([pair for pair in pairs if pair[1]])
    return address + (("&" if "?" in address else "?") + added if added else "")


def led_to(asked: str, location: str) -> str:
    """The address that an answer leads to; empty where it is none, or leads from HTTPS to plain HTTP."""
    try:
        address = urljoin(asked, location)
        before, after = urlsplit(asked), urlsplit(address)
    except ValueError:
        return ""
    if after.scheme == HTTP and before.scheme == HTTPS:
        # A registry behind a proxy that ends TLS does not know better of its own address.
        same = after.hostname == before.hostname
        return after._replace(scheme=HTTPS, netloc=before.netloc).geturl() if same else ""
    return address if after.scheme in (HTTP, HTTPS) and after.hostname else ""


def same_server(one: str, other: str) -> bool:
    """Whether two addresses are of one server, so that a sign-in for the one may be shown to the other."""
    first, second = urlsplit(one), urlsplit(other)
    return (first.scheme, first.netloc) == (second.scheme, second.netloc)
