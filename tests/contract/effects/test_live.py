"""Every effect of a run is performed by the real clients and noted in the journal, also when it fails."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest

from erp_build.build.evidence.store import EvidenceStore
from erp_build.clients.aws.codebuild import BuildFleet
from erp_build.clients.aws.lambda_functions import LambdaFunctions
from erp_build.clients.aws.monitoring import SnsTopics
from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.clock import SimulatedClock
from erp_build.clients.effects import (
    CheckRequest,
    Effects,
    ImageRequest,
    Journal,
    NotedEffects,
    NotifyRequest,
    UpgradeRequest,
    WorkerRequest,
)
from erp_build.clients.git.remote.branch import RemoteBranch
from erp_build.clients.kubernetes.connection import ClusterConnection
from erp_build.clients.kubernetes.leases import ClusterLeases
from erp_build.clients.secrets import Secrets
from erp_build.errors import ErpBuildError, PushFailed
from erp_build.model.build_options import BuildOptions
from erp_build.model.effect import Effect, EffectKind
from erp_build.model.images.evidence import EvidenceRequest, Making
from erp_build.model.images.image import StoredImage
from erp_build.model.project import Service
from erp_build.model.quality_checks.check import Check
from erp_build.model.releases.lambda_function import FunctionState
from erp_build.wiring import LiveEffects
from tests.contract.aws.conftest import stubbed
from tests.contract.cluster.conftest import Way
from tests.contract.effects.conftest import DIGEST, VERSION, events
from tests.contract.helm.conftest import RELEASE, StubHelm
from tests.fakes.artifacts import FakeArtifacts
from tests.support.assembly import assembly
from tests.support.loopback import Loopback

SERVICE = Service("a", "backend/a", "a", "services.a")
REQUEST = ImageRequest(target=SERVICE, repository="erp/a", tag="abc1234", commit="a" * 40)
WORKER = WorkerRequest(project="erp-workers", fleet="dev", commit="a" * 40, images=(REQUEST,), token="t")
IMAGE = StoredImage(repository="erp/a", digest=DIGEST, media_type="application/x", manifest="{}")
STYLE = Check("style", command=("true",))
EVIDENCE = EvidenceRequest(
    name="host/erp/a",
    image=IMAGE,
    making=Making(
        target="a",
        tag="abc1234",
        commit="a" * 40,
        key="",
        source="",
        dockerfile="backend/a/Dockerfile",
        package="maven",
        tests="compile",
        layers=False,
        builder="classic",
        base=("", ""),
        bases=(),
        checks=(),
        started="2026-01-01T00:00:00Z",
        finished="2026-01-01T00:01:00Z",
        version="0.3.0",
    ),
)
FUNCTION = FunctionState(name="employee", package_type="Image")
MESSAGE = NotifyRequest(
    topic="erp-dev-alarms", account="123456789012", region="ap-northeast-2", subject="s", text="t", chat="{}"
)
MAVEN = "mkdir -p target && cp ../../jar target/app.jar && echo BUILD SUCCESS\n"

EFFECTS: dict[str, tuple[str, Callable[[Effects, Path], object]]] = {
    "check": ("style a", lambda live, _: live.check(CheckRequest(check=STYLE, target=SERVICE))),
    "package": ("a", lambda live, _: live.package([SERVICE], lambda *_: None)),
    "build_image": ("a", lambda live, _: live.build_image(REQUEST)),
    "push": ("erp/a:abc1234", lambda live, _: live.push(REQUEST)),
    "attest": (f"erp/a@{DIGEST}", lambda live, _: live.attest(EVIDENCE)),
    "start_worker": ("erp-workers: a", lambda live, _: live.start_worker(WORKER)),
    "stop_worker": ("erp-workers:1", lambda live, _: live.stop_worker("erp-workers:1")),
    "start_scan": (f"erp/a@{DIGEST}", lambda live, _: live.start_scan("erp/a", DIGEST)),
    "update_function": ("employee", lambda live, _: live.update_function(FUNCTION, f"host/erp/a@{DIGEST}")),
    "publish": ("employee", lambda live, _: live.publish(FUNCTION, "")),
    "write_file": ("values.yaml", lambda live, root: live.write_file(root / "backend" / "values.yaml", b"x: 1\n")),
    "upgrade_release": (
        "erp",
        lambda live, root: live.upgrade_release(
            UpgradeRequest(release=RELEASE, chart=root, values=root / "v.yaml", description="x", timeout=60)
        ),
    ),
    "rollback_release": ("erp:1", lambda live, _: live.rollback_release(RELEASE, 1, 60)),
    "uninstall_release": ("erp", lambda live, _: live.uninstall_release(RELEASE)),
    "tag": ("erp/a:latest", lambda live, _: live.tag(IMAGE, "latest")),
    "notify": ("erp-dev-alarms", lambda live, _: live.notify(MESSAGE)),
}


class Details:
    """A progress that keeps the lines of children."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def stage(self, name: str) -> None:
        """Nothing to show."""

    def say(self, text: str, target: str = "") -> None:
        """Nothing to show."""

    def detail(self, text: str, target: str = "") -> None:
        """A line of a child."""
        self.lines.append((target, text))

    def phase(self, target: str, name: str) -> None:
        """Nothing to show."""

    def amount(self, target: str, number: int) -> None:
        """Nothing to show."""


class Run:
    """A source tree and the clients of a run, whose every effect works, or fails."""

    def __init__(self, root: Path, docker: Loopback, *, works: bool) -> None:
        self.journal, self.details = Journal(), Details()
        ecr, ecr_stub = stubbed("ecr")
        builds, build_stub = stubbed("codebuild")
        functions, function_stub = stubbed("lambda")
        topics, topic_stub = stubbed("sns")
        token = base64.b64encode(b"AWS:invented-password").decode()
        sign_in = {"authorizationToken": token, "proxyEndpoint": "https://host"}
        ends = {"expiresAt": datetime.now(UTC) + timedelta(hours=12)}
        self.sign_in = lambda: ecr_stub.add_response("get_authorization_token", {"authorizationData": [sign_in | ends]})
        helm = StubHelm(root / "bin")
        source = root / "backend" / "a"
        source.mkdir(parents=True)
        files = {"pom.xml": "<project/>", "mvnw": MAVEN, "Dockerfile": "FROM scratch\n"}
        if works:
            self.stubs = {
                "start_worker": lambda: build_stub.add_response("start_build", {"build": {"id": "erp-workers:1"}}),
                "stop_worker": lambda: build_stub.add_response("stop_build", {}),
                "start_scan": lambda: ecr_stub.add_response("start_image_scan", {}),
                "tag": lambda: ecr_stub.add_response("put_image", {}),
                "update_function": lambda: function_stub.add_response("update_function_code", {}),
                "publish": lambda: function_stub.add_response("publish_version", {"Version": "1"}),
                "notify": lambda: topic_stub.add_response("publish", {"MessageId": "1"}),
            }
        else:
            self.stubs = {
                "start_worker": lambda: build_stub.add_client_error("start_build"),
                "stop_worker": lambda: build_stub.add_client_error("stop_build"),
                "start_scan": lambda: ecr_stub.add_client_error("start_image_scan"),
                "tag": lambda: ecr_stub.add_client_error("put_image"),
                "update_function": lambda: function_stub.add_client_error("update_function_code"),
                "publish": lambda: function_stub.add_client_error("publish_version"),
                "notify": lambda: topic_stub.add_client_error("publish"),
            }
            files["mvnw"] = "echo '[ERROR] no'; exit 1\n"
            helm.answer(1, err="Error: no\n")
            (root / "backend" / "values.yaml" / "in the way").mkdir(parents=True)
            for path in ("build", "images/host/erp/a/push"):
                docker.serve(f"/v{VERSION}/{path}", events({"error": "no"}))
        for name, text in files.items():
            (source / name).write_text(text, encoding="utf-8")
        with ZipFile(root / "jar", "w") as jar:
            jar.writestr("META-INF/MANIFEST.MF", "Main-Class: A\n")
        registry = EcrRegistry(ecr, Secrets())
        artifacts = FakeArtifacts(refuses=None if works else PushFailed("the registry refuses a call"))
        live = LiveEffects(
            assembly=assembly(
                root,
                root / "scratch",
                registry=registry,
                evidence=EvidenceStore(lambda: artifacts),
                progress=self.details,
                options=BuildOptions(builder="classic"),
            ),
            registry=registry,
            fleet=BuildFleet(builds),
            functions=LambdaFunctions(functions),
            helm=helm.tool,
            branch=RemoteBranch(root, SimulatedClock()),
            topics=SnsTopics(topics, lambda _: "aws"),
            leases=ClusterLeases(ClusterConnection(Way("https://127.0.0.1:1"))),  # type: ignore[arg-type]
        )
        self.live = NotedEffects(live, self.journal)

    def ready_for(self, name: str) -> "Run":
        """Script what the effect asks of AWS."""
        self.stubs.get(name, self.sign_in)()
        return self


@pytest.fixture(autouse=True)
def _account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "invented")


def test_every_effect_is_in_the_table_but_the_lock_the_branch_and_what_is_a_part_of_images() -> None:
    assert {*EFFECTS, "write_lease", "edit_branch", "prepare_images"} == {
        name for name in vars(Effects) if not name.startswith("_")
    }


@pytest.mark.parametrize("name", EFFECTS)
def test_an_effect_is_noted_as_performed(name: str, tmp_path: Path, docker: Loopback) -> None:
    target, perform = EFFECTS[name]
    run = Run(tmp_path, docker, works=True).ready_for(name)
    perform(run.live, tmp_path)
    assert run.journal.effects == [Effect(name=EffectKind(name), target=target, state="performed")]


REFUSED = {
    "package": "Maven failed",
    "build_image": "the image was not built",
    "push": "the registry refused the image",
    "attest": "the registry refuses a call",
    "start_worker": "codebuild:StartBuild failed",
    "stop_worker": "codebuild:StopBuild failed",
    "start_scan": "ecr:StartImageScan failed",
    "update_function": "lambda:UpdateFunctionCode failed",
    "publish": "lambda:PublishVersion failed",
    "write_file": "a file cannot be written",
    "upgrade_release": "Helm did not upgrade the release",
    "rollback_release": "Helm did not roll the release back",
    "uninstall_release": "Helm did not remove the release",
    "tag": "ecr:PutImage failed",
    "notify": "sns:Publish failed",
}
"""What an effect says that fails. How a check ends is its result: it does not fail."""


def test_every_effect_but_a_check_may_fail() -> None:
    assert {*REFUSED, "check"} == set(EFFECTS)


@pytest.mark.parametrize("name", REFUSED)
def test_an_effect_is_noted_as_failed(name: str, tmp_path: Path, docker: Loopback) -> None:
    target, perform = EFFECTS[name]
    run = Run(tmp_path, docker, works=False).ready_for(name)
    with pytest.raises(ErpBuildError, match=REFUSED[name]):
        perform(run.live, tmp_path)
    assert run.journal.effects == [Effect(name=EffectKind(name), target=target, state="failed")]


def test_the_lines_of_children_are_details_of_their_target(tmp_path: Path, docker: Loopback) -> None:
    run = Run(tmp_path, docker, works=True).ready_for("build_image")
    run.live.package([SERVICE], lambda *_: None)
    run.live.build_image(REQUEST)
    assert run.details.lines == [("a", "BUILD SUCCESS"), ("a", "Step 1/1 : FROM scratch")]


def test_a_push_returns_the_digest_of_the_registry(tmp_path: Path, docker: Loopback) -> None:
    assert Run(tmp_path, docker, works=True).ready_for("push").live.push(REQUEST).digest == DIGEST
