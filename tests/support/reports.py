"""Reports of runs that have everything in them, made by hand: for the pages."""

from dataclasses import dataclass

from erp_build.changes.make_plan import make_plan
from erp_build.clients.clock import SimulatedClock
from erp_build.errors import ReleaseFailed
from erp_build.model.change import TargetChange
from erp_build.model.effect import Effect, EffectKind, EffectState
from erp_build.model.environment import Place
from erp_build.model.images.verdict import ClearedImage, Verdict
from erp_build.model.plan import Plan
from erp_build.model.releases.bake import Bake, TargetBinding, TargetGroup, TargetHealth
from erp_build.model.releases.deployment import Alarm, Deployment, Proof, Watched
from erp_build.model.releases.evidence import Evidence, FirstError
from erp_build.model.releases.preview import FieldChange, ImageWanted, ObjectChange, Preview, Unprobed
from erp_build.model.releases.traces import TraceComparison, TraceFigures
from erp_build.run_record import Occasion, Run, RunReport
from tests.support.report_images import judged, made_checks, made_images
from tests.support.samples import (
    CHART,
    DIGEST,
    EMPLOYEE,
    ERP,
    HEAD,
    NOTIFICATION,
    PROCESSING,
    REQUEST,
    change_set,
    running,
)

KOREAN = "backend/notification-service/src/main/java/com/erp/알림/승인요청메시지_최종(수정본).java"
STAGES = {
    "read environment": 0.4,
    "read rules": 0.0,
    "read live state": 1.3,
    "find baselines": 0.2,
    "detect changes": 0.1,
    "make plan": 0.0,
    "find reusable": 0.3,
    "take lock": 0.2,
    "check plan": 2.1,
    "run checks": 3.0,
    "build images": 21.4,
    "judge images": 6.2,
    "clear images": 0.0,
    "deploy": 14.8,
    "prove": 0.6,
    "move latest": 0.3,
}
"""Stage -> seconds."""

VALUES = """\
--- a/helm-chart/values-dev.yaml
+++ b/helm-chart/values-dev.yaml
@@ -31 +31 @@
-      tag: "0ld1234"  # 배포할 태그
+      tag: "aaaaaaa"  # 배포할 태그"""


@dataclass(frozen=True, kw_only=True)
class Names:
    """Texts of strangers that come into a report."""

    path: str = KOREAN
    finding: str = "CVE-2021-44228"
    log: str = "Caused by: java.net.UnknownHostException: kafka.erp-dev.svc"
    what: str = "the rollout of notification-service failed"
    warning: str = "helm-chart/values-dev.yaml: 커밋되지 않은 변경이 있습니다"
    build: str = "erp-unified-build:8f2c1d6e-3f1b-4a55-9c39-0a1b2c3d4e5f"


def full(names: Names | None = None, *, fails: bool = False, rehearsal: bool = False) -> RunReport:
    """A run that built two images, reused one, and deployed all, or did not come to its end."""
    names = names or Names()
    clock = SimulatedClock()
    plan = _plan(names)
    images = made_images()
    run = Run(
        clock=clock,
        on_stage=lambda _: None,
        rehearsal=rehearsal,
        occasion=Occasion(
            started="2026-11-26T08:15:03+00:00", build=names.build, link="https://console.invalid/build/1"
        ),
        effects=_effects("assumed" if rehearsal else "performed"),
    )
    run.keep(
        place=Place(
            project="erp", environment="dev", account="123456789012", region="ap-northeast-2", cluster="erp-dev"
        ),
        plan=plan,
        preview=_preview(),
        checked=made_checks(),
        images=images,
        judgement=judged(images, names.finding),
        cleared=tuple(
            ClearedImage(image, Verdict(outcome="passed", why="2 LOW", counts={"LOW": 2}), image.digest)
            for image in images
        ),
        alarms=(Alarm("erp-dev-high-error-rate", "OK"), Alarm("erp-dev-pod-restarts", "ALARM")),
    )
    _play(run, clock, "deploy" if fails else "")
    if fails:
        _fail(run, names)
    else:
        error = FirstError(
            target=NOTIFICATION,
            unit=f"{NOTIFICATION}-6d5f9-x7k2p",
            container=NOTIFICATION,
            at="2026-11-26T08:19:40.123Z",
            lines=("08:19:40 ERROR c.e.n.Kafka - 알림 전송 실패", names.log),
            times=3,
        )
        before = TraceFigures(traces=120, faults=1, errors=3, median=0.031, slow=0.21)
        after = TraceFigures(traces=98, faults=9, median=0.034, slow=0.4)
        run.keep(
            first_errors=(error,),
            target_groups=(_targets(),),
            bakes=(
                Bake(
                    unit="erp-microservices",
                    wanted=600.0,
                    seconds=600.0,
                    state="well",
                    red_before=("alarm erp-dev-pod-restarts",),
                    unseen=("alarm erp-dev-queue: there is none of this name",),
                ),
            ),
            traces=(TraceComparison(target=NOTIFICATION, seconds=120.0, before=before, after=after),),
            deployment=Deployment(tags_after={NOTIFICATION: plan.tag}, values_tags={}, watched=_watched()),
            proofs=tuple(
                Proof(target=image.target, built=image.digest, scanned=image.digest, running=image.digest, replicas=2)
                for image in images
            ),
        )
    return run.report()


def _targets() -> TargetGroup:
    group = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/erp-dev-notification/2a3b4c5d6e7f8091"
    return TargetGroup(
        binding=TargetBinding(name=NOTIFICATION, service=NOTIFICATION, group=group),
        targets=(
            TargetHealth("10.0.0.7:8080", "healthy"),
            TargetHealth("10.0.0.8:8080", "unhealthy", "Target.Timeout: Request timed out"),
        ),
    )


def _play(run: Run, clock: SimulatedClock, broken: str) -> None:
    def stage(name: str) -> None:
        clock.sleep(STAGES[name])
        if name == broken:
            raise ReleaseFailed("x")

    for name in STAGES:
        stage.__name__ = name
        try:
            run.stage(stage, name)
        except ReleaseFailed:
            return


def _fail(run: Run, names: Names) -> None:
    run.keep(
        error=ReleaseFailed(
            names.what,
            where="release erp-microservices, namespace erp-dev",
            why=f"1 of 2 updated, 0 ready\nthe containers wait with CrashLoopBackOff\n{names.log}",
            next_step="look at the log below; fix the service, then push again",
        ),
        evidence=(
            Evidence(
                target=NOTIFICATION,
                pod="notification-service-7d9c5b6f4-x2x7k",
                states=("notification: waiting, CrashLoopBackOff, 3 restarts",),
                events=("BackOff: Back-off restarting failed container (4 times)",),
                log=(
                    "2026-11-26T08:15:44Z ERROR 알림 서비스 시작 실패",
                    names.log,
                    "\tat java.base/java.lang.Thread.run(Thread.java:840)",
                ),
            ),
        ),
        taken_back=(
            "employee-service: back to sha256:222222222222",
            "release erp-microservices: back to revision 41",
        ),
    )


def _plan(names: Names) -> Plan:
    many = tuple(
        TargetChange(path=f"{names.path}.{number}", rule="backend/notification-service/**") for number in range(7)
    )
    changes = change_set(
        {REQUEST: "backend/approval-request-service/pom.xml", EMPLOYEE: "backend/employee-service/pom.xml"}
    )
    found = changes._replace(
        changes={**changes.changes, NOTIFICATION: many},
        unowned=("README.md", names.path),
        warnings=(names.warning,),
    )
    return make_plan(ERP, found, running())


def _watched() -> tuple[Watched, ...]:
    complete = "2 of 2 updated, 2 ready, 2 in all"
    return (
        Watched(name=NOTIFICATION, service=NOTIFICATION, probed=False, seconds=90.2, state=complete),
        Watched(name=REQUEST, service=REQUEST, probed=True, seconds=5.1, state=complete),
        Watched(name="Job migrate", service="", probed=True, seconds=5.1, state="has ended well"),
    )


def _preview() -> Preview:
    fields = (
        FieldChange("spec.replicas", "2", "3"),
        FieldChange(
            f"spec.template.spec.containers[{NOTIFICATION}].image",
            f"123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/erp/{NOTIFICATION}:0ld1234",
            f"123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/erp/{NOTIFICATION}:aaaaaaa",
        ),
        FieldChange(f"spec.template.spec.containers[{NOTIFICATION}].env[LOG_LEVEL].value", None, "DEBUG"),
    )
    return Preview(
        values=VALUES,
        objects=(
            ObjectChange(kind="Deployment", name=NOTIFICATION, change="changed", fields=fields),
            ObjectChange(kind="HorizontalPodAutoscaler", name=f"{NOTIFICATION}-hpa", change="added"),
        ),
        images=(
            ImageWanted(target=NOTIFICATION, how="build", name=f"erp/{NOTIFICATION}:{HEAD[:7]}"),
            ImageWanted(target=EMPLOYEE, how="reuse", name=f"erp/{EMPLOYEE}-lambda:{HEAD[:7]}"),
            ImageWanted(target=PROCESSING, how="keep", name=f"erp/{PROCESSING}:0ld1234"),
        ),
        unprobed=(Unprobed(name=NOTIFICATION, seconds=90.0),),
    )


def _effects(state: EffectState) -> tuple[Effect, ...]:
    done = {
        "package": NOTIFICATION,
        "build_image": NOTIFICATION,
        "push": f"erp/{NOTIFICATION}:{HEAD[:7]}",
        "start_scan": f"erp/{NOTIFICATION}@{DIGEST}",
        "write_file": "values-dev.yaml",
        "update_function": "erp-dev-employee-service",
        "upgrade_release": f"erp-microservices {CHART}",
    }
    return tuple(Effect(name=EffectKind(name), target=target, state=state) for name, target in done.items())
