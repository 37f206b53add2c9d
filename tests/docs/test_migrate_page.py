"""docs/migrate.md against what it speaks of: parameters, outputs, files, verbs."""

import re
import tomllib
from pathlib import Path

import yaml

from erp_build.cli.app import VERBS
from sandbox.aws.pipeline_template import Template
from tests.support.documented import commands

ROOT = Path(__file__).parents[2]
PATH = ROOT / "docs" / "migrate.md"
PAGE = PATH.read_text(encoding="utf-8")


def test_every_parameter_that_is_given_is_one_of_the_template() -> None:
    given = set(re.findall(r"\b([A-Z][a-z][A-Za-z]+)=", PAGE))
    assert {"ConnectionArn", "MakeTopic", "RunnerImage"} <= given
    assert given <= set(Template({}).document["Parameters"])


def test_what_has_to_be_given_is_given() -> None:
    required = {name for name, one in Template({}).document["Parameters"].items() if "Default" not in one}
    assert all(f"{name}=" in PAGE for name in required)


def test_every_verb_and_every_file_is_there() -> None:
    assert set(re.findall(r"python -m erp_build ([a-z]+)", PAGE)) <= set(VERBS)
    named = re.findall(r"`((?:infra|tests|examples)/[\w/.-]+)`", PAGE)
    assert named
    assert all((ROOT / path).is_file() for path in named)


def test_the_time_out_and_the_days_are_those_of_the_template() -> None:
    parameters = Template({}).document["Parameters"]
    assert f"{parameters['TimeoutMinutes']['Default']} minutes" in PAGE
    assert f"{parameters['LogDays']['Default']} days" in PAGE
    assert f"{parameters['ArtifactDays']['Default']} days" in PAGE


def parameters_of_the_command() -> dict[str, str]:
    """What step 2 gives to the template."""
    (command,) = [one for one in commands(PATH) if one.startswith("aws cloudformation deploy")]
    return dict(re.findall(r"([A-Za-z]+)=(\S+)", command.partition("--parameter-overrides")[2]))


def test_the_steps_are_in_their_order() -> None:
    assert [int(number) for number in re.findall(r"^\*\*(\d)\.", PAGE, flags=re.MULTILINE)] == list(range(1, 8))


def test_the_role_of_step_2_is_the_one_that_step_3_maps_to_the_group_that_gets_the_rights() -> None:
    given = parameters_of_the_command()
    template = Template(given)
    (entry,) = yaml.safe_load(_block("yaml", "rolearn"))
    assert entry["rolearn"].endswith(f":role/{template.ref('BuildRole')}")
    assert entry["groups"] == [template.ref("KubernetesGroup")]
    access = list(yaml.safe_load_all((ROOT / "infra" / "access.yaml").read_text(encoding="utf-8")))
    bound = [subject for one in access if one["kind"].endswith("Binding") for subject in one["subjects"]]
    assert {(subject["kind"], subject["name"]) for subject in bound} == {("Group", entry["groups"][0])}


def test_the_names_of_step_2_are_not_those_of_the_old_pipeline() -> None:
    given = parameters_of_the_command()
    ours, old = Template(given), Template({})
    for name in ("PipelineName", "ProjectName", "BuildRoleName", "PipelineRoleName"):
        assert ours.ref(name) != old.ref(name)
    assert {name for name, value in given.items() if value == "false"} == {"MakeParameters", "MakeTopic"}


def test_every_cause_of_a_failed_stack_has_a_parameter_that_leaves_it_alone() -> None:
    table = PAGE.partition("| the event says | add |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`(Make\w+)=false`", table))
    parameters = Template({}).document["Parameters"]
    assert named == {name for name, one in parameters.items() if name.startswith("Make") and one["Default"] == "true"}
    kept = [one.get("DeletionPolicy") for one in Template({}).document["Resources"].values()]
    assert "Retain" not in kept
    assert "RetainExceptOnCreate" in kept


def test_the_buildspec_for_the_image_of_aws_is_the_samples_with_what_that_image_lacks() -> None:
    ours = yaml.safe_load(_block("yaml", "runtime-versions"))
    sample = yaml.safe_load((ROOT / "examples" / "erp" / "buildspec.yml").read_text(encoding="utf-8"))
    assert ours["phases"]["build"] == sample["phases"]["build"]
    assert ours["artifacts"] == sample["artifacts"]
    assert ours["cache"] == sample["cache"]
    install = ours["phases"]["install"]["commands"]
    assert not [command for command in install if re.search(r"[|&;<>`]|\$\(|curl|start-engine", command)]
    assert f"# - {install[-1]}\n" in (ROOT / "examples" / "erp" / "buildspec.yml").read_text(encoding="utf-8")
    versions = tomllib.loads((ROOT / "sandbox" / "versions.toml").read_text(encoding="utf-8"))
    assert f"helm-{versions['go']['helm3']} " in install[0]
    python = tuple(map(int, str(ours["phases"]["install"]["runtime-versions"]["python"]).split(".")))
    assert python >= (3, 11)


def _block(language: str, word: str) -> str:
    """The block of a language that holds a word."""
    blocks = (str(text) for text in re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL))
    (found,) = (text for text in blocks if word in text)
    return found
