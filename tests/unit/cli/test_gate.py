"""`gate --recorded` over `tests/cases/gate/*.json`, described in the README beside them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from erp_build.cli.verbs import gate
from erp_build.errors import GateBlocked
from tests.fakes.registry import completed_at, scan
from tests.fakes.world import FakeWorld
from tests.support.cases import cases
from tests.support.cli import CommandLine
from tests.support.documents import keys
from tests.support.samples import ERP, NOTIFICATION
from tests.support.world_console import WorldConsole

FILES = {"policy", "waivers", "deployed"}
"""Keys of a case whose value is the content of a file that an option names."""

WORDS = {"today", "pushed", "now"}
"""Keys of a case whose value is an option's."""

OUTCOMES = {0: "passed: ", 2: "", 6: "blocked: ", 7: "inconclusive: "}


@pytest.mark.parametrize("case", cases("gate"))
def test_a_recorded_gate_ends_as_the_stage_would(case: dict[str, Any], tmp_path: Path, erp_build: CommandLine) -> None:
    assert set(case) <= {"about", "answers", "exit", "says", *FILES, *WORDS}
    recorded = tmp_path / "answers.json"
    recorded.write_text(json.dumps(case["answers"]))
    words = ["gate", "--recorded", str(recorded), "--repo", str(tmp_path)]
    for key in FILES & set(case):
        text = case[key] if isinstance(case[key], str) else json.dumps(case[key])
        (tmp_path / key).write_text(text)
        words += [f"--{key}", str(tmp_path / key)]
    for key in WORDS & set(case):
        words += [f"--{key}", case[key]]
    answer = erp_build(*words)
    assert answer.code == case["exit"], answer
    assert answer.out.startswith(OUTCOMES[case["exit"]])
    for text in case["says"]:
        assert text in answer.out + answer.err


@pytest.mark.parametrize("case", [case for case in cases("gate") if "policy" not in case.values[0]][:5])
def test_a_verdict_is_also_printed_as_json(case: dict[str, Any], tmp_path: Path, erp_build: CommandLine) -> None:
    (tmp_path / "answers.json").write_text(json.dumps(case["answers"]))
    answer = erp_build("gate", "--recorded", tmp_path / "answers.json", "--repo", tmp_path, "--json")
    document = json.loads(answer.out)
    assert set(document) == {
        *("schema", "outcome", "why", "counts", "blocking"),
        *("policy", "images", "unused_waivers", "notes"),
    }
    assert len(document["images"]) == 1
    assert keys(document["blocking"]) in ([], [{"name": "str", "severity": "str", "package": "str"}])


def test_a_blocked_gate_names_finding_target_and_what_to_do(tmp_path: Path, erp_build: CommandLine) -> None:
    finding = {"name": "CVE-2021-44228", "severity": "CRITICAL"}
    answer = {"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {"findings": [finding]}}
    recorded = tmp_path / "notification-service.json"
    recorded.write_text(json.dumps([answer]))
    told = erp_build("gate", "--recorded", recorded, "--repo", tmp_path)
    assert told.code == 6
    assert "1 of 1 images over the policy" in told.err
    assert "notification-service recorded: 1 CRITICAL found: CVE-2021-44228 (no package named)" in told.err
    assert "next:  fix the image" in told.err


@pytest.mark.parametrize(
    ("content", "what"),
    [
        pytest.param("", "cannot be read", id="empty"),
        pytest.param("not JSON", "cannot be read", id="not JSON"),
        pytest.param("{}", "not a list of answers", id="an object"),
        pytest.param("[]", "not a list of answers", id="no answer"),
        pytest.param("[1]", "not a list of answers", id="a number"),
        pytest.param('[{"imageScanStatus": "COMPLETE"}]', "do not have ECR's form", id="a text for a map"),
        pytest.param('[{"imageScanFindings": [1]}]', "do not have ECR's form", id="a list for a map"),
        pytest.param('[{"Error": "Throttling"}]', "do not have ECR's form", id="a text for an error"),
        pytest.param(
            '[{"imageScanFindings": {"findingSeverityCounts": {"LOW": "x"}}}]',
            "do not have ECR's form",
            id="a text for a number",
        ),
    ],
)
def test_answers_that_are_no_answers_are_a_mistake_of_the_caller(
    content: str, what: str, tmp_path: Path, erp_build: CommandLine
) -> None:
    (tmp_path / "answers.json").write_text(content)
    answer = erp_build("gate", "--recorded", tmp_path / "answers.json", "--repo", tmp_path)
    assert answer.code == 2
    assert what in answer.err


def test_a_recording_that_is_not_there_is_a_mistake_of_the_caller(tmp_path: Path, erp_build: CommandLine) -> None:
    answer = erp_build("gate", "--recorded", tmp_path / "none.json", "--repo", tmp_path)
    assert answer.code == 2
    assert "none.json" in answer.err


def test_a_misspelled_policy_blocks_the_gate_itself(tmp_path: Path, erp_build: CommandLine) -> None:
    (tmp_path / "answers.json").write_text("[{}]")
    (tmp_path / "policy.toml").write_text('[gate]\nblock = ["CRITICALL"]\n')
    answer = erp_build("gate", "--recorded", tmp_path / "answers.json", "--policy", tmp_path / "policy.toml")
    assert answer.code == 2
    assert "did you mean `CRITICAL`?" in answer.err


def test_the_policy_of_the_repository_counts_when_none_is_given(tmp_path: Path, erp_build: CommandLine) -> None:
    (tmp_path / "erp-build.toml").write_text('[gate]\nblock = ["LOW"]\n')
    finding = {"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {"findingSeverityCounts": {"LOW": 1}}}
    (tmp_path / "answers.json").write_text(json.dumps([finding]))
    assert erp_build("gate", "--recorded", tmp_path / "answers.json", "--repo", tmp_path).code == 6


def running(world: FakeWorld, **given: object) -> tuple[gate.Options, WorldConsole]:
    options = gate.Options()
    vars(options).update(running=True, repo=str(world.root), **given)
    return options, WorldConsole(world, options)


def test_what_runs_is_judged_and_shown_as_any_other_judgement(world: FakeWorld) -> None:
    options, console = running(world, json=True)
    gate.main(options, console)
    document = json.loads(console.out.getvalue())
    assert document["outcome"] == "passed"
    assert [image["target"] for image in document["images"]] == [target.name for target in ERP.image_targets]
    options, console = running(world)
    gate.main(options, console)
    assert console.out.getvalue().startswith("passed: no findings\nGate\n")


def test_a_finding_in_what_runs_ends_as_the_stage_would(world: FakeWorld) -> None:
    ahead = datetime(2030, 1, 1, tzinfo=UTC)
    world.registry.answers(f"erp/{NOTIFICATION}", completed_at(ahead, scan(CRITICAL=1)))
    options, console = running(world)
    with pytest.raises(GateBlocked, match="1 of 4 images over the policy"):
        gate.main(options, console)
    assert console.out.getvalue().startswith("blocked: 1 CRITICAL found\n")


@pytest.mark.parametrize("more", [("--recorded", "answers.json"), ("erp/a:1",)])
def test_what_runs_is_judged_alone(more: tuple[str, ...], erp_build: CommandLine) -> None:
    assert erp_build("gate", "--running", *more).code == 2


def test_a_report_of_a_run_is_for_what_runs(tmp_path: Path, erp_build: CommandLine) -> None:
    (tmp_path / "answers.json").write_text("[{}]")
    told = erp_build("gate", "--recorded", tmp_path / "answers.json", "--cleared", "x.json", "--repo", tmp_path)
    assert (told.code, "--cleared is for --running" in told.err) == (2, True)
