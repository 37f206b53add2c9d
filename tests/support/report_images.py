"""Images of a report, their verdicts and checks, made by hand."""

from dataclasses import replace
from datetime import date

from erp_build.gate.filter import Waivers
from erp_build.gate.result import GateRules, Judged, Judgement
from erp_build.model.images.finding import Waived
from erp_build.model.images.image import BuildTimings, BuiltImage
from erp_build.model.images.verdict import Verdict
from erp_build.model.project import GatePolicy
from erp_build.model.quality_checks.check import Check
from erp_build.model.quality_checks.check_run import Checked, CheckRun
from tests.support.judgements import LOG4J, OPENSSL, WAIVER
from tests.support.samples import (
    DIGEST,
    EMPLOYEE,
    HEAD,
    NOTIFICATION,
    OTHER_DIGEST,
    REQUEST,
)


def made_images() -> tuple[BuiltImage, ...]:
    """Two that were built, with their times, and a reused one."""
    slow = BuildTimings(
        maven=11.2,
        image=3.1,
        push=4.4,
        ready=12.0,
        began=12.0,
        ended=19.5,
        bytes_pushed=51_200_000,
        size=312_000_000,
        stored=147_000_000,
        builder="classic",
        because="line 4: RUN: it needs a container to run in\nline 7: ADD: 주소에서 가져온다",
    )
    quick = BuildTimings(
        maven=4.1,
        image=2.0,
        push=3.2,
        ready=4.3,
        began=4.3,
        ended=9.5,
        bytes_pushed=2_100_000,
        size=312_000_000,
        stored=147_000_000,
        layered=True,
        builder="direct",
    )
    one = BuiltImage(
        target=NOTIFICATION,
        repository=f"erp/{NOTIFICATION}",
        tag=HEAD[:7],
        digest=DIGEST,
        commit=HEAD,
        timings=slow,
    )
    return (
        one,
        replace(one, target=REQUEST, repository=f"erp/{REQUEST}", digest=OTHER_DIGEST, timings=quick),
        replace(one, target=EMPLOYEE, repository=f"erp/{EMPLOYEE}-lambda", timings=None, origin="reused"),
    )


def judged(images: tuple[BuiltImage, ...], finding_name: str) -> Judgement:
    """One that passes with a waived finding of this name, one that is blocked for it, and the rest without findings."""
    finding = replace(LOG4J, name=finding_name)
    verdict = Verdict(
        outcome="passed",
        why="1 CRITICAL waived, 2 LOW",
        counts={"CRITICAL": 1, "LOW": 2},
        waived=(Waived(finding, WAIVER),),
        known=(OPENSSL,),
        findings=(finding, OPENSSL),
        scanner="basic",
    )
    rules = GateRules(
        policy=GatePolicy(limits=(("HIGH", 5),)), waivers=Waivers(rows=(WAIVER,), today=date(2026, 11, 20))
    )
    blocked = Verdict(
        outcome="blocked",
        why="1 CRITICAL",
        counts={"CRITICAL": 1},
        blocking=(finding,),
        findings=(finding,),
        scanner="basic",
    )
    rest = Verdict(outcome="passed", why="no findings", scanner="basic")
    return Judgement(
        rules=rules,
        rows=(Judged(images[0], verdict), Judged(images[1], blocked), *(Judged(image, rest) for image in images[2:])),
    )


def made_checks() -> tuple[Checked, ...]:
    """A check that passed, and one that failed and does not block."""
    spotbugs = Check(name="spotbugs", maven=("compile",))
    sonar = Check(name="sonar", command=("./sonar",), blocks=False)
    return (
        Checked(spotbugs, NOTIFICATION, CheckRun(outcome="passed", seconds=2.1)),
        Checked(sonar, NOTIFICATION, CheckRun(outcome="failed", why="quality gate: 코드 중복 4.2 %", seconds=0.9)),
    )
