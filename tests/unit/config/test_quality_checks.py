"""The `[[check]]` tables: what they may say, and what is refused."""

from pathlib import Path

import pytest

from erp_build.cli.fast_path.compiled_project import load_index
from erp_build.config.load import parse_project
from erp_build.errors import ConfigurationError
from erp_build.model.quality_checks.check import Check

SERVICE = '[[service]]\npath = "backend/a"\n'
FULL = (
    '[[check]]\nname = "sonar"\nmaven = ["verify", "sonar:sonar"]\non_failure = "warn"\ntimeout = "5m"\n'
    'services = ["a"]\nreports = ["target/*.xml"]\nsecrets = { SONAR_TOKEN = "sonar-token" }\n'
    'quality_gate = "sonarqube"\nalone = true\n'
)
CHECK = Check(
    "sonar",
    maven=("verify", "sonar:sonar"),
    blocks=False,
    timeout=300,
    targets=("a",),
    reports=("target/*.xml",),
    secrets=(("SONAR_TOKEN", "sonar-token"),),
    quality_gate="sonarqube",
    alone=True,
)


def test_everything_that_a_check_may_say() -> None:
    assert parse_project(SERVICE + FULL).checks == (CHECK,)


def test_a_name_and_a_command_are_enough() -> None:
    assert parse_project('[[check]]\nname = "c"\ncommand = ["./check"]\n').checks == (Check("c", command=("./check",)),)


def test_a_check_is_kept_with_the_compiled_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "erp-build.toml").write_text(f'{SERVICE}{FULL}[gate]\nwaivers = "w.toml"\n[gate.limits]\nHIGH = 2\n')
    first, second = (load_index(str(tmp_path)).project() for _ in range(2))
    assert list((tmp_path / "cache").rglob("project-*"))
    assert first == second
    assert second.checks == (CHECK,)
    assert second.gate.limits == (("HIGH", 2),)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param('name = "c"\nmaven = ["x"]\nquality_gate = "sonar"\n', "cannot be `sonar`", id="another gate"),
        pytest.param('name = "c"\n', "either `maven` or `command`", id="nothing to run"),
        pytest.param('name = "c"\nmaven = ["x"]\ncommand = ["y"]\n', "either `maven` or `command`", id="both"),
        pytest.param('name = "../c"\nmaven = ["x"]\n', "name of a folder", id="a name that is a path"),
        pytest.param('maven = ["x"]\n', "`name` is missing", id="no name"),
        pytest.param('name = "c"\nmaven = ["x"]\non_failure = "ignore"\n', "cannot be `ignore`", id="a third way"),
        pytest.param('name = "c"\nmaven = ["x"]\nreports = ["/etc/*"]\n', "below the service's", id="a report outside"),
        pytest.param('name = "c"\nmaven = ["x"]\nreports = ["a/../../b"]\n', "below the service's", id="a way out"),
        pytest.param('name = "c"\nmaven = ["x"]\nsecrets = { "A-B" = "x" }\n', "environment variable", id="a variable"),
        pytest.param('name = "c"\nmaven = ["x"]\nsecrets = { A = "" }\n', "text that is not empty", id="no parameter"),
        pytest.param(
            'name = "c"\nmaven = ["x"]\nservices = ["b"]\n', "is for b, which is not a service", id="no service"
        ),
        pytest.param('name = "c"\nmaven = ["x"]\nsecret = "x"\n', "unknown key `secret`", id="a misspelled key"),
        pytest.param('name = "c"\nmaven = ["x"]\n[[check]]\nname = "c"\nmaven = ["x"]\n', "2 checks have", id="twice"),
    ],
)
def test_what_is_not_right_is_refused(text: str, what: str) -> None:
    with pytest.raises(ConfigurationError, match=what):
        parse_project(f"{SERVICE}[[check]]\n{text}")
