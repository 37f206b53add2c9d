"""What a build gets besides our own variables: read once, when it is needed, and masked."""

import base64

import pytest

from erp_build.build.given import GivenVariables
from erp_build.clients.secrets import Secrets
from erp_build.errors import BuildFailed, ConfigurationError
from erp_build.model.build_options import BuildOptions, CodeArtifact
from tests.fakes.account import FakeParameters

TOKEN = "invented-token-of-a-domain"


class Tokens:
    """CodeArtifact; it gives one token and notes for which domain."""

    def __init__(self, secrets: Secrets) -> None:
        self.secrets = secrets
        self.asked: list[CodeArtifact] = []

    def token(self, domain: CodeArtifact) -> str:
        self.asked.append(domain)
        self.secrets.add(TOKEN)
        return TOKEN


class Run:
    """The surroundings of a build."""

    def __init__(self, options: BuildOptions, **environment: str) -> None:
        self.secrets = Secrets()
        self.parameters = FakeParameters()
        self.tokens = Tokens(self.secrets)
        self.said: list[str] = []
        self.given = GivenVariables(
            options=options,
            parameters=self.parameters,
            tokens=self.tokens,
            environment=environment,
            secrets=self.secrets,
            say=self.said.append,
        )


EVERYTHING = BuildOptions(
    passed=("MAVEN_PROFILE", "NEXUS_PASSWORD"),
    secrets=(("NPM_TOKEN", "/erp/dev/npm"), ("AGAIN", "/erp/dev/npm")),
    codeartifact=("erp", "123456789012", "us-east-1"),
)


def test_nothing_is_asked_where_nothing_is_wanted() -> None:
    run = Run(BuildOptions(), HOME="/root", NEXUS_PASSWORD="invented-password")
    assert run.given() == {}
    assert run.given.names == frozenset()


def test_variables_secrets_and_the_token_come_together_and_once() -> None:
    run = Run(EVERYTHING, MAVEN_PROFILE="dev", NEXUS_PASSWORD="invented-password", OTHER="x")
    run.parameters.secrets["/erp/dev/npm"] = "invented-npm"
    assert run.tokens.asked == []
    expected = {
        "MAVEN_PROFILE": "dev",
        "NEXUS_PASSWORD": "invented-password",
        "NPM_TOKEN": "invented-npm",
        "AGAIN": "invented-npm",
        "CODEARTIFACT_AUTH_TOKEN": TOKEN,
    }
    for _ in range(3):
        assert run.given() == expected
    assert run.tokens.asked == [CodeArtifact("erp", "123456789012", "us-east-1")]
    assert run.given.names == set(expected)


def test_what_is_passed_on_is_masked_by_its_name() -> None:
    run = Run(EVERYTHING._replace(secrets=(), codeartifact=()), NEXUS_PASSWORD="invented-password", MAVEN_PROFILE="dev")
    run.given()
    encoded = base64.b64encode(b"invented-password").decode()
    masked = run.secrets.mask(f"dev invented-password {encoded}")
    assert masked.startswith("dev *** ***")
    assert "invented" not in repr(run.given)


def test_a_variable_that_is_not_set_is_said() -> None:
    run = Run(BuildOptions(passed=("A", "B")), A="x")
    assert run.given() == {"A": "x"}
    assert run.said == ["warning: `pass` of [build] names what is not set here: B"]


def test_a_secret_that_is_not_there_stops_the_build() -> None:
    with pytest.raises(ConfigurationError, match="secrets cannot be read"):
        Run(BuildOptions(secrets=(("A", "/none"),))).given()


def test_a_failure_is_asked_again_by_the_next_build() -> None:
    run = Run(BuildOptions(codeartifact=("erp", "", "")))
    run.tokens.token = refuse  # type: ignore[method-assign]
    for _ in range(2):
        with pytest.raises(BuildFailed, match="no token"):
            run.given()


def refuse(domain: CodeArtifact) -> str:
    raise BuildFailed("no token", where=domain.domain)
