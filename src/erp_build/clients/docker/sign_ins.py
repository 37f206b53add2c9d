"""The sign-ins for base images: each is asked for when it is needed, given with a call, and kept nowhere."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.docker.user_logins import UserLogins
from erp_build.clients.secrets import Secrets
from erp_build.config.build_table import BY_AWS
from erp_build.errors import BuildFailed
from erp_build.formats.image_name import ecr_host, hosts_of

ACCESS_TOKEN = "accessToken"  # noqa: S105 - the key in the secrets of ECR's pull-through caches, which may be named here too


class GivesSignIn(Protocol):
    """A registry of AWS that gives its sign-in."""

    def sign_in(self) -> SignIn:
        """The sign-in, renewed before it expires."""

    def forget(self) -> None:
        """Drop what was given before, because the registry does not accept it any more."""


class ReadsSecrets(Protocol):
    """Parameter Store."""

    def read_secrets(self, names: Sequence[str]) -> dict[str, str]:
        """The values of these SecureStrings; each is masked from then on."""


@dataclass(kw_only=True)
class SignIns:
    """Finds the sign-in of a registry by its host.

    Attributes:
        named: host -> full name of a SecureString, or `aws` for the public registry of AWS.
        parameters: reads them.
        secrets: masks the parts of what was read.
        ecr: makes what signs in to the registries of ECR in a region.
        public: signs in to the public registry of AWS.
        user: sign-ins of the user; None: they are left alone.
    """

    named: Mapping[str, str]
    parameters: ReadsSecrets
    secrets: Secrets
    ecr: Callable[[str], GivesSignIn]
    public: GivesSignIn
    user: UserLogins | None = None
    _regions: dict[str, GivesSignIn] = field(default_factory=dict, init=False)
    _known: dict[str, SignIn | None] = field(default_factory=dict, init=False)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock, init=False)

    def of(self, host: str) -> SignIn | None:
        """The sign-in of a registry; None where nothing is said of it, so that it is asked without one.

        Raises `ConfigurationError` for a SecureString that cannot be read, `BuildFailed` where nobody signs in.
        """
        with self._one_at_a_time:
            if place := ecr_host(host):
                if place.region not in self._regions:
                    self._regions[place.region] = self.ecr(place.region)
                given = self._regions[place.region].sign_in()
                return SignIn(f"https://{host}", given.username, given.password, given.expires)
            if host not in self._known:
                self._known[host] = self._found(host)
            return self._known[host]

    def forget(self, host: str) -> None:
        """Drop the sign-in of a registry that does not accept it: the next one is asked for anew."""
        with self._one_at_a_time:
            place = ecr_host(host)
            if place and place.region in self._regions:
                self._regions[place.region].forget()
            self._known.pop(host, None)

    def of_images(self, names: Iterable[str]) -> dict[str, SignIn]:
        """Host -> sign-in, of every registry that these images come from and that has one."""
        found = {host: self.of(host) for host in hosts_of(names)}
        return {host: one for host, one in found.items() if one}

    def _found(self, host: str) -> SignIn | None:
        name = self.named.get(host)
        if name == BY_AWS:
            return self.public.sign_in()
        if name:
            return sign_in_of(host, name, self.parameters.read_secrets([name])[name], self.secrets)
        return self.user.of(host) if self.user else None


def sign_in_of(host: str, name: str, value: str, secrets: Secrets) -> SignIn:
    """The sign-in in a parameter's value: `user:password`, or JSON with `username` and `password`.

    The password is masked by itself, too. Raises `BuildFailed` for a value of another form, without showing it.
    """
    text = value.strip()
    user, _, password = text.partition(":")
    if text.startswith("{"):
        try:
            found: Any = json.loads(text)
        except (ValueError, RecursionError):
            found = {}
        found = found if isinstance(found, dict) else {}
        user, password = str(found.get("username") or ""), str(found.get("password") or found.get(ACCESS_TOKEN) or "")
    secrets.add(password)
    if not (user and password) or any(not char.isprintable() for char in user + password):
        raise BuildFailed(
            f"the sign-in for {host} cannot be read",
            where=name,
            why="its value has another form",
            next_step='put `user:password` or {"username": "...", "password": "..."} into the SecureString',
        )
    return SignIn(f"https://{host}", user, password)
