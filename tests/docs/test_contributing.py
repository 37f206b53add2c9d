"""CONTRIBUTING.md: its rooms, its order of imports, and where it says that something is."""

import re
import tomllib

import pytest

from tests.support.documented import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PROGRAM = ROOT / "src" / "erp_build"

ANSWERS = {
    "How are many effects performed at once?": {
        "src/erp_build/clients/machine/parallel.py": "def act_at_once(",
        "src/erp_build/deployment/lock.py": "self._last_good_look > begun",
    },
    "What ends a bake, and when?": {
        "src/erp_build/deployment/bake/troubles.py": "tolerated: float",
        "src/erp_build/deployment/bake/stage.py": "class _Watch",
    },
    "Which targets of load balancers are those of a release?": {
        "src/erp_build/formats/kubernetes/target_bindings.py": "def bindings_of"
    },
    "In which order are lines of several logs shown?": {
        "src/erp_build/formats/logs/time_order.py": "class TimeOrder",
        "src/erp_build/deployment/logs/reading.py": "HELD_LOOKS",
    },
    "Which event of a log is an error?": {
        "src/erp_build/formats/logs/severity.py": "def is_error",
        "tests/cases/log_events.json": "whether each is an error",
    },
    "When has the base of an image moved?": {
        "src/erp_build/changes/rebuilds/moved_bases.py": "def look_at_bases(",
        "src/erp_build/gate/rebuilds.py": "fix_reason(",
    },
    "Which services use a shared module?": {
        "src/erp_build/formats/maven/graph.py": "def users_of",
        "src/erp_build/changes/modules/uses.py": "def rule_of",
    },
    "When is no pom read?": {
        "src/erp_build/changes/modules/poms.py": "def owners_without_users",
        "src/erp_build/formats/maven/mentions.py": "def uses_of_names",
    },
    "What happens when a scan is `UNSUPPORTED_IMAGE`?": {"src/erp_build/model/images/scan.py": '"UNSUPPORTED_IMAGE"'},
    "Where is a tag put into quotes?": {"src/erp_build/formats/values/file.py": '"{place.tag}"'},
    "Which exit code has a run when Helm takes too long?": {
        "src/erp_build/clients/helm/calls.py": "except TimedOut",
        "src/erp_build/errors.py": "class ReleaseFailed",
    },
    "Which answers are asked for again?": {"src/erp_build/formats/transient.py": "429"},
    "For how long, and with which waits?": {"src/erp_build/clients/patience.py": "Retrying("},
    "What happens to an effect whose answer was lost?": {
        "src/erp_build/clients/patient_effects.py": "def runs_already("
    },
    "Who decides that an image is reused?": {"src/erp_build/changes/reuse.py": 'action="reuse"'},
    "What becomes of a target that `--only` or `--except` leaves out?": {
        "src/erp_build/changes/make_plan.py": "chosen=False",
        "src/erp_build/deployment/checks/kept_chart.py": "kept_chart=KeptChart(",
    },
    "When has a target no content key?": {
        "src/erp_build/changes/target_keys.py": "def _doubt(",
        "src/erp_build/clients/git/checkout.py": "def compare(",
    },
    "What is a migration, and what does a way back pass over?": {
        "src/erp_build/deployment/migrations/foreseen.py": "def foreseen(",
        "src/erp_build/deployment/migrations/ran.py": "def ran_since(",
        "src/erp_build/deployment/migrations/passed.py": "def require_nothing_passed(",
    },
    "What may not move between a saved plan and its run?": {
        "src/erp_build/deployment/frozen/moved.py": "def moved_ground("
    },
    "Where is the lock renewed?": {"src/erp_build/deployment/lock.py": "renewed_at("},
    "Who asks for the lock before an effect?": {"src/erp_build/deployment/fencing/effects.py": ".require_held()"},
    "What is said of a failure of Maven, the engine, Lambda or Helm?": {
        "src/erp_build/formats/messages/maven.toml": "[[kind.cause]]"
    },
    "What makes an image: an engine, or none?": {
        "src/erp_build/build/image_builder.py": "class ImageBuilder",
        "src/erp_build/build/direct/images.py": "class DirectImages",
    },
    "Which Dockerfile needs an engine, and why?": {
        "src/erp_build/formats/dockerfile/direct/reading.py": "def obstacles_of(",
    },
    "What does a COPY put where, without an engine?": {
        "src/erp_build/build/direct/classic_copy.py": "def copy_classic(",
        "src/erp_build/build/direct/buildkit_copy.py": "def copy_by_buildkit(",
    },
    "Why is a layer the same bytes everywhere?": {"src/erp_build/build/direct/layer_writer.py": "FILE_TIME"},
    "Whose builds are workers, and which sources cannot be?": {
        "src/erp_build/build/fleet/project.py": "def find_workforce(",
        "src/erp_build/build/fleet/commit.py": "def require_planned_commit(",
    },
    "Who builds on further machines, and what if one of them fails?": {
        "src/erp_build/build/fleet/crew.py": "class Crew:",
        "src/erp_build/clients/aws/codebuild.py": "def start(",
    },
    "Which layers are not compressed again?": {"src/erp_build/build/direct/known_layers.py": "def layers_known_by("},
    "Which jar is the one?": {"src/erp_build/formats/spring_jar.py": "def runnable("},
    "What is said beside an image, and when does it stop a run?": {
        "src/erp_build/build/evidence/store.py": "def attach(",
        "src/erp_build/formats/evidence/verify.py": "def fault_of(",
        "src/erp_build/gate/evidence.py": "raise _error(wrong)",
    },
    "What is masked in logs and reports?": {
        "src/erp_build/clients/secrets.py": "def mask(",
        "src/erp_build/formats/secrets/forms.py": "def forms_of(",
        "src/erp_build/formats/secrets/looks.py": "LOOKS = {",
    },
    "How is `latest` moved?": {"src/erp_build/deployment/latest.py": ".tag(image, LATEST)"},
    "How long may a call of the network take?": {"src/erp_build/clients/calls.py": "def within"},
    "What happens after a signal?": {
        "src/erp_build/clients/way_out.py": "WAY_OUT_S",
        "src/erp_build/cli/signals.py": "def signals_raise",
    },
    "Where is the kubeconfig written?": {"src/erp_build/clients/kubernetes/kubeconfig.py": ".kubeconfig"},
    "How does a rehearsal assume a pod?": {"src/erp_build/clients/rehearsal/readers.py": "Pod("},
    "Which rights does a chart need in the cluster?": {
        "src/erp_build/deployment/rights/needs.py": "def needs_of(",
        "src/erp_build/deployment/rights/given.py": "def given_rights(",
    },
    "Where does a new format of the report go?": {"src/erp_build/report/files.py": "report_markdown("},
    "Which images would a lifecycle policy remove?": {
        "src/erp_build/formats/lifecycle/expiry.py": "def fates_of",
        "src/erp_build/formats/lifecycle/losses.py": "def losses_of",
    },
    "How is a packager added?": {"src/erp_build/build/packagers/chosen.py": "NoPackager(), *others, maven"},
    "What of a wider build context is an input?": {"src/erp_build/changes/build_context/taken.py": "def taken_by("},
    "How is a registry asked without an engine?": {
        "src/erp_build/clients/registries/registry.py": "class Registry:",
        "src/erp_build/clients/registries/push.py": "def push_image(",
        "src/erp_build/clients/registries/base.py": "def base_image(",
    },
    "Who signs in to a base image's registry?": {
        "src/erp_build/clients/docker/sign_ins.py": "class SignIns",
        "src/erp_build/build/direct/bases.py": "class Bases",
        "src/erp_build/build/base_images.py": "def sign_ins_of(",
    },
    "What does a build get besides our variables?": {"src/erp_build/build/given.py": "class GivenVariables"},
    "Which services share a Maven?": {
        "src/erp_build/clients/maven/reactor.py": "def reactors(",
        "src/erp_build/clients/maven/place.py": "class Place(",
    },
    "Which jar of a service is the one?": {
        "src/erp_build/clients/maven/jar.py": "def jar_of(",
        "src/erp_build/clients/maven/hand_over.py": "def finish(",
    },
    "Who is named when Maven fails?": {"src/erp_build/clients/maven/blame.py": "def blame("},
    "Which poms and modules does a module take?": {
        "src/erp_build/formats/maven/graph.py": "class MavenGraph",
        "src/erp_build/formats/maven/links.py": "def links(",
    },
}
"""A question -> each file that answers it, and what the answer looks like there."""

CODE = re.compile(r"`([^`\s]+)`")


def answers() -> dict[str, str]:
    """The table: question -> the cell beside it."""
    _, _, table = PAGE.partition("| Question | Answer |\n|---|---|\n")
    rows = [line.strip("| ").split(" | ", 1) for line in table.partition("\n\n")[0].splitlines()]
    return dict(rows)


def test_the_table_names_the_files_that_answer() -> None:
    files = {question: [name for name in CODE.findall(cell) if "/" in name] for question, cell in answers().items()}
    assert files == {question: list(where) for question, where in ANSWERS.items()}


@pytest.mark.parametrize(("file", "word"), [pair for where in ANSWERS.values() for pair in where.items()])
def test_a_file_of_the_table_holds_the_answer(file: str, word: str) -> None:
    assert word in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("cell", answers().values(), ids=answers())
def test_a_name_of_the_table_is_in_the_file_before_it(cell: str) -> None:
    file = ""
    for name in CODE.findall(cell):
        if "/" in name:
            file = (ROOT / name).read_text(encoding="utf-8")
        else:
            assert name in file


def test_every_room_of_the_program_is_listed_and_no_other() -> None:
    _, _, tree = PAGE.partition("src/erp_build/\n")
    lines = [line for line in tree.partition("```")[0].splitlines() if line.startswith("  ")]
    listed = {name.strip("/,") for line in lines for name in re.findall(r"^  ([\w./]+(?:, [\w/]+)?)", line)[0].split()}
    files = [path for path in PROGRAM.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    rooms = {path.relative_to(PROGRAM).parts[0] for path in files} - {"__main__.py", "py.typed"}
    assert {name.rstrip("/") for name in listed} == rooms


def test_the_order_of_imports_is_the_one_that_is_checked() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (layers,) = [one["layers"] for one in contracts if one["type"] == "layers"]
    (line,) = re.findall(r"^> (.*)$", PAGE, flags=re.MULTILINE)
    assert line.split(" > ") == [layer.removeprefix("erp_build.") for layer in layers]


def test_every_path_of_the_page_exists() -> None:
    paths = {name for name in CODE.findall(PAGE) if name.split("/")[0] in {path.name for path in ROOT.iterdir()}}
    assert len(paths) > 40
    invented = {name for name in paths if "NAME" in name}
    assert [name for name in sorted(paths - invented) if not (ROOT / name).exists()] == []


def test_every_link_of_the_page_leads_somewhere() -> None:
    titles = {_anchor(title) for title in re.findall(r"^#+ (.*)$", PAGE, flags=re.MULTILINE)}
    links = re.findall(r"\]\(([^)]+)\)", PAGE)
    assert [link for link in links if link.startswith("#") and link[1:] not in titles] == []
    assert [link for link in links if link[0] != "#" and not (ROOT / link.partition("#")[0]).exists()] == []


def _anchor(title: str) -> str:
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
