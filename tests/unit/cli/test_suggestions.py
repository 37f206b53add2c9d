"""A misspelled verb, service, key, path, image or stage is answered with the word that was most likely meant."""

from pathlib import Path

import pytest

from erp_build.cli.verbs.gate import find_image
from erp_build.errors import ConfigurationError, did_you_mean
from tests.fakes.registry import FakeRegistry
from tests.support.cli import CommandLine
from tests.support.git import Checkout

SERVICE = '[[service]]\npath = "backend/notification-service"\n'


def test_a_verb(erp_build: CommandLine) -> None:
    assert "did you mean `rollback`?" in erp_build("rolback").err


@pytest.mark.parametrize("words", ["--rehears", "--rehears=yes"])
def test_an_option(words: str, erp_build: CommandLine) -> None:
    answer = erp_build("run", words)
    assert answer.code == 2
    assert answer.err.endswith(f"unrecognized arguments: {words}; did you mean `--rehearse`?\n")
    assert "erp-build run --help" in erp_build("run", "surplus").err


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('shraed = ["a"]', "shared"),
        ('[[service]]\npath = "a"\nvalue_key = "services.a"', "values_key"),
        ('[chart]\nnamspace = "erp"', "namespace"),
        ("[gate]\nblok = []", "block"),
        ("[gate.limits]\nHIHG = 1", "HIGH"),
        ('[gate]\nblock = ["CRITCAL"]', "CRITICAL"),
        ('[build]\ntest = "run"', "tests"),
        ('[deploy]\nwriteback = "none"', "write_back"),
        ('[deploy]\non_failure = "rolback"', "rollback"),
        ('[[check]]\nname = "x"\nmavn = ["a"]', "maven"),
        (f'{SERVICE}[[check]]\nname = "x"\nmaven = ["a"]\nservices = ["notifcation-service"]', "notification-service"),
    ],
    ids=lambda value: value.splitlines()[-1].partition(" ")[0] if isinstance(value, str) else "",
)
def test_a_key_a_value_or_a_service_of_the_configuration(
    text: str, meant: str, erp: Checkout, erp_build: CommandLine
) -> None:
    erp.write("erp-build.toml", f"{text}\n")
    answer = erp_build("plan", "--repo", erp.root, "--base", "HEAD")
    assert answer.code == 2
    assert f"did you mean `{meant}`?" in answer.err


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("services.notifcation", "services.notification"),
        ("service.notification", "services"),
        ("services.notification.image.tga", "services.notification.image.tag"),
    ],
)
def test_a_key_of_a_values_file(key: str, meant: str, tmp_path: Path, erp_build: CommandLine) -> None:
    values = tmp_path / "values.yaml"
    values.write_text("services:\n  notification:\n    image:\n      tag: a\n", encoding="utf-8")
    answer = erp_build("values", "set", values, key, "1234567")
    assert answer.code == 2
    assert f"did you mean `{meant}`?" in answer.err


def test_a_path_of_a_service(erp: Checkout, erp_build: CommandLine) -> None:
    answer = erp_build("explain", "--repo", erp.root, "backend/notifcation-service/pom.xml", "docs/a.md")
    _, misspelled, _, other = answer.out.splitlines()
    assert misspelled.endswith("did you mean `backend/notification-service`?")
    assert other.endswith("belongs to no target: a change builds nothing")


@pytest.mark.parametrize(
    ("name", "next_step"),
    [
        ("erp/notifcation-service:abc", "did you mean `erp/notification-service`?"),
        ("erp/notification-service:abc", "aws ecr list-images --repository-name erp/notification-service"),
        ("erp/something-else:abc", "aws ecr list-images --repository-name erp/something-else"),
    ],
)
def test_an_image_in_the_registry(name: str, next_step: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        find_image(FakeRegistry(["erp/notification-service"]), name, ["notification-service", "employee-service"])
    assert caught.value.next_step == next_step


def test_what_is_near_to_nothing_gets_another_hint() -> None:
    assert did_you_mean("frobnicate", ["plan", "run"], "one of: plan, run") == "one of: plan, run"
