"""What needs no SDK loads none: `--help` in a blink, a plan on a laptop without the cloud."""

import os
import subprocess
import sys

import pytest

from tests.support.git import Checkout

HEAVY = {"boto3", "botocore", "docker", "kubernetes", "git", "ruamel", "requests", "urllib3", "tenacity"}


def imported(*words: str) -> set[str]:
    """The top-level modules that a call imports, as `-X importtime` lists them on stderr."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "erp_build", *words],
        env=dict(os.environ),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def test_the_list_of_imports_is_read_right() -> None:
    assert {"erp_build", "argparse"} <= imported("plan", "--help")


@pytest.mark.parametrize(
    "words", [("--help",), ("plan", "--help"), ("gate", "--help"), ("values", "--help"), ("doctor", "--help")]
)
def test_help_loads_no_sdk(words: tuple[str, ...]) -> None:
    assert not imported(*words) & HEAVY


def test_an_offline_plan_loads_no_sdk(erp: Checkout) -> None:
    erp.commit({"backend/notification-service/new": "x"})
    modules = imported("plan", "--repo", str(erp.root), "--base", "HEAD~1", "--json")
    assert "erp_build" in modules
    assert not modules & HEAVY


def test_a_plan_of_two_commits_loads_neither_argparse_nor_json(erp: Checkout) -> None:
    base = erp.commit({"erp-build.toml": '[[service]]\npath = "backend/notification-service"\n'})
    head = erp.commit({"backend/notification-service/new": "x"})
    words = ("plan", "--repo", str(erp.root), "--base", base, "--head", head)
    imported(*words)  # keeps the compiled project
    assert not imported(*words) & {"argparse", "json", "pathlib", "dataclasses", "subprocess"}


def test_the_library_loads_nothing_until_it_is_used() -> None:
    code = "import sys, erp_build; print([name for name in sys.modules if name.startswith('erp_build')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "['erp_build']\n"


def test_every_public_name_can_be_had() -> None:
    import erp_build

    for name in erp_build.__all__:
        assert getattr(erp_build, name)
    with pytest.raises(AttributeError, match="no attribute 'frobnicate'"):
        _ = erp_build.frobnicate


def test_a_run_without_a_receiver_loads_nothing_of_opentelemetry(erp: Checkout) -> None:
    code = (
        "import sys; from erp_build.cli.app import main; main(['run', '--rehearse', '--config', 'absent.toml']); "
        "print([name for name in sys.modules if 'opentelemetry' in name or name.endswith(('.traces', '.trace'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=erp.root, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines()[-1] == "['erp_build.cli.trace']"
