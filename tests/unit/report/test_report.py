"""The published schema describes every report, whatever its outcome, and no report has a key that it does not know."""

import json
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from erp_build.errors import ErpBuildError, Failure, GateInconclusive, Interrupted
from erp_build.report.document import report_document
from erp_build.report.html.page import html_page
from erp_build.report.markdown import report_markdown
from erp_build.run_record import RunReport
from tests.fakes.deployments import NEVER_READY
from tests.fakes.registry import scan
from tests.fakes.world import FUNCTION, FakeWorld
from tests.support.judgements import JUDGEMENT
from tests.support.reports import full
from tests.support.samples import CHART, EMPLOYEE, NOTIFICATION, PROCESSING, REQUEST

SCHEMA = json.loads((files("erp_build") / "schemas" / "report-1.json").read_text(encoding="utf-8"))


def strict(schema: Any) -> Any:
    """The schema without its leave to add keys: what is written must be described."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: strict(value) for name, value in schema.items()}
    closed = "properties" in inner and isinstance(inner["properties"], dict) and inner.get("type") == "object"
    return inner | ({"unevaluatedProperties": False} if closed and "waiver" not in inner["properties"] else {})


VALIDATOR = jsonschema.Draft202012Validator(
    strict({**SCHEMA, "$defs": {**SCHEMA["$defs"], "finding": {**SCHEMA["$defs"]["finding"], "type": ["object"]}}}),
    format_checker=jsonschema.FormatChecker(),
)


def check(report: RunReport) -> Any:
    """The document, which the schema must describe, and of which every page can be made."""
    document: Any = json.loads(json.dumps(report_document(report)))
    VALIDATOR.validate(document)
    assert html_page(document).endswith("</html>\n")
    assert report_markdown(document).startswith("### ")
    return document


def fails(world: FakeWorld, error: str = ".") -> None:
    with pytest.raises(ErpBuildError, match=error):
        world.run()


def blocked(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.registry.answers(f"erp/{NOTIFICATION}", scan(CRITICAL=1))
    fails(world)


def never_ready(world: FakeWorld) -> None:
    world.change(NOTIFICATION, EMPLOYEE)
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    fails(world)


def locked(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.leases.is_held(alive=True)
    fails(world, "another run deploys")


def without_parameters(world: FakeWorld) -> None:
    world.parameters.values.clear()
    fails(world)


def no_engine(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.assembly.missing = "Docker"
    fails(world)


def no_push(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.effects.failures["push", NOTIFICATION] = GateInconclusive("no")
    fails(world)


def deploys(world: FakeWorld) -> None:
    world.change(NOTIFICATION, EMPLOYEE, CHART)
    world.run()


def rehearses(world: FakeWorld) -> None:
    world.change(NOTIFICATION, EMPLOYEE)
    world.rehearse()


OUTCOMES: dict[str, tuple[Callable[[FakeWorld], object], str, int]] = {
    "deployed": (deploys, "deployed", 0),
    "nothing": (lambda world: world.run(), "nothing", 0),
    "rehearsed": (rehearses, "rehearsed", 0),
    "blocked by the gate": (blocked, "failed", 6),
    "taken back": (never_ready, "failed", 9),
    "locked": (locked, "failed", 11),
    "no parameters": (without_parameters, "failed", 2),
    "no engine": (no_engine, "failed", 4),
    "no push": (no_push, "failed", 7),
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_the_report_of_a_run_is_as_the_schema_says(name: str, world: FakeWorld) -> None:
    play, outcome, code = OUTCOMES[name]
    play(world)
    document = check(world.report)
    assert (document["outcome"], document["exit_code"]) == (outcome, code)


@pytest.mark.parametrize("report", [full(), full(fails=True), full(rehearsal=True)])
def test_a_report_with_everything_in_it_is_as_the_schema_says(report: RunReport) -> None:
    report = replace(report, judgement=JUDGEMENT)
    document = check(report)
    for name in ("targets", "stages", "effects", "alarms", "checks", "warnings", "unowned", "critical_path"):
        assert document[name], name


@pytest.mark.parametrize("error", [Interrupted(15, "SIGTERM"), Interrupted(2, "SIGINT"), ErpBuildError("a bug")])
def test_a_run_that_ended_at_once_is_as_the_schema_says(error: Failure) -> None:
    document = check(RunReport(error=error))
    assert document["exit_code"] == error.code


def test_the_schema_itself_is_one_and_describes_each_key() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["required"] == list(SCHEMA["properties"])
    assert set(SCHEMA["properties"]) == set(report_document(full()))


@pytest.mark.parametrize("key", ["targets", "stages", "error"])
def test_a_key_that_the_schema_does_not_know_would_be_found(key: str) -> None:
    document = json.loads(json.dumps(report_document(full(fails=True))))
    place = document[key][0] if isinstance(document[key], list) else document[key]
    place["surprise"] = 1
    assert not VALIDATOR.is_valid(document)


def test_a_deployment_shows_what_it_changes(world: FakeWorld) -> None:
    commit = world.change(NOTIFICATION, EMPLOYEE)
    before = world.cluster.running()[NOTIFICATION]
    changes = check(world.rehearse())["changes"]
    # The file in Git still says `latest`: every upgrade writes the tags of all services.
    moved = [line for line in changes["values"].splitlines()[2:] if not line.startswith("@@")]
    assert {line[1:].split()[0] for line in moved} == {"tag:"}
    assert [line[:1] for line in moved] == ["-", "+"] * 3
    kept = [f"{before}@{world.cluster.digest(name)}" for name in (REQUEST, PROCESSING)]
    made = f"{commit[:7]}@sha256:(known after the build)"
    assert [line.split('"')[1] for line in moved if line.startswith("+")] == [*kept, made]
    (one,) = changes["objects"]
    assert (one["kind"], one["name"], one["change"]) == ("Deployment", NOTIFICATION, "changed")
    (field,) = one["fields"]
    assert field["before"].endswith(f"{NOTIFICATION}:{before}@{world.cluster.digest(NOTIFICATION)}")
    assert field["after"].endswith(f"{NOTIFICATION}:{made}")
    assert {image["target"]: image["how"] for image in changes["images"]}[NOTIFICATION] == "build"
    assert {image["how"] for image in changes["images"]} == {"build", "keep"}


def test_a_function_alone_changes_no_object(world: FakeWorld) -> None:
    world.change(EMPLOYEE)
    document = check(world.rehearse())
    assert document["changes"]["objects"] == []
    assert document["changes"]["values"] == ""
    assert [image["target"] for image in document["changes"]["images"]] == [EMPLOYEE]
    assert ("update_function", FUNCTION) in {(one["name"], one["target"]) for one in document["effects"]}


def test_a_first_deployment_adds_its_objects(new_world: FakeWorld) -> None:
    document = check(new_world.rehearse())
    assert [one["change"] for one in document["changes"]["objects"]] == ["added"] * 3
