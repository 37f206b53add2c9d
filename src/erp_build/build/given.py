"""The variables that a build gets besides those of erp_build: passed on, secrets, and CodeArtifact's token.

They reach Maven in its environment, and BuildKit as secrets that a Dockerfile mounts. They are in no argument and in no
image, and no content key counts them.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from erp_build.clients.docker.sign_ins import ReadsSecrets
from erp_build.clients.secrets import Secrets
from erp_build.config.build_table import TOKEN_VARIABLE
from erp_build.model.build_options import BuildOptions, CodeArtifact


class GivesTokens(Protocol):
    """CodeArtifact."""

    def token(self, domain: CodeArtifact) -> str:
        """A token of a domain; it is masked from then on."""


@dataclass(kw_only=True)
class GivenVariables:
    """Reads the variables when the first build needs them, and once.

    Attributes:
        options: which ones.
        parameters: has the secrets.
        tokens: of CodeArtifact.
        environment: of this process.
        secrets: masks what is passed on and has the name of a secret.
        say: called with what is missing.
    """

    options: BuildOptions
    parameters: ReadsSecrets
    tokens: GivesTokens
    environment: Mapping[str, str] = field(repr=False)
    secrets: Secrets
    say: Callable[[str], object]
    _read: dict[str, str] | None = field(default=None, init=False, repr=False)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __call__(self) -> Mapping[str, str]:
        """Variable -> value; raises one of our errors where a secret or the token cannot be had."""
        with self._one_at_a_time:
            if self._read is None:
                self._read = {**self._passed(), **self._secret(), **self._token()}
            return self._read

    @property
    def names(self) -> frozenset[str]:
        """The variables that there will be; nothing is read for it."""
        token = {TOKEN_VARIABLE} if self.options.codeartifact else set[str]()
        return frozenset({*self.options.passed, *dict(self.options.secrets), *token})

    def _passed(self) -> dict[str, str]:
        missing = [name for name in self.options.passed if name not in self.environment]
        if missing:
            self.say(f"warning: `pass` of [build] names what is not set here: {', '.join(missing)}")
        found = {name: self.environment[name] for name in self.options.passed if name not in missing}
        for name, value in found.items():
            self.secrets.add_named(name, value)
        return found

    def _secret(self) -> dict[str, str]:
        wanted = dict(self.options.secrets)
        values = self.parameters.read_secrets(list(dict.fromkeys(wanted.values()))) if wanted else {}
        return {variable: values[name] for variable, name in wanted.items()}

    def _token(self) -> dict[str, str]:
        if not self.options.codeartifact:
            return {}
        return {TOKEN_VARIABLE: self.tokens.token(CodeArtifact(*self.options.codeartifact))}
