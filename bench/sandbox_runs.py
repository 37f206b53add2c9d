"""`python -m bench sandbox-runs [--services 50]`: whole runs of many generated services in the sandbox.

Four runs: the first deployment, nothing changed, one service changed, ten changed. Everything is real that the sandbox
has real: images without an engine, the registry, Helm, pods. What each run sent is counted in its own process
(`bench/counted_program.py`). It takes minutes, and puts the sandbox up where it is not.
"""

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.counted_program import PROGRAMS
from bench.timing import save
from sandbox import erp_build_process
from sandbox.aws.fault_proxy.client import Faults
from sandbox.endpoints import AWS_ENDPOINT, REGISTRY_HOST
from sandbox.lifecycle import up
from sandbox.sample import many_repository
from sandbox.tenants import provisioning
from sandbox.tenants.tenant import Tenant

TENANT = "bench-runs"
SERVICES = 50
MOST_SERVICES = 100
"""A node of Kubernetes takes 110 pods, unless it is told otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Played:
    """What one run took.

    Attributes:
        seconds: of the whole process, with its start.
        stages: stage -> seconds, by the report.
        built: services whose images were built.
        sent: `aws`, `registry`, `cluster` or `programs` -> request -> how often.
        report: of the run.
    """

    seconds: float
    stages: Mapping[str, float]
    built: int
    sent: Mapping[str, Mapping[str, int]]
    report: Mapping[str, Any]

    def requests(self, place: str) -> int:
        """How much was sent there."""
        return sum(self.sent.get(place, {}).values())


def main(services: int = SERVICES) -> int:
    """Play the runs, save and show."""
    if services > MOST_SERVICES:
        raise SystemExit(f"the sandbox has one node: at most {MOST_SERVICES} services, not {services}")
    up()
    names = many_repository.names(services)
    tenant = provisioning.create(TENANT, images=names)
    try:
        with tempfile.TemporaryDirectory(prefix="erp-build-bench-") as folder:
            played = play(tenant, Path(folder), names)
    finally:
        provisioning.remove(tenant)
    save(rows(played, services))
    _show(played)
    return 0


def play(tenant: Tenant, folder: Path, services: Sequence[str]) -> dict[str, Played]:
    """Run -> what it took, in their order; raises `RuntimeError` for a run that does not end well."""
    Faults().clear()
    repository = folder / "repository"
    many_repository.make(repository, tenant.name, services)
    ten = services[:10]
    acts: dict[str, Callable[[], object]] = {
        "first": lambda: None,
        "nothing": lambda: many_repository.change_nothing(repository, "for people"),
        "one": lambda: many_repository.change_services(repository, services[:1], "good morning"),
        "ten": lambda: many_repository.change_services(repository, ten, "good evening"),
    }
    played = {}
    for name, change in acts.items():
        change()
        played[name] = _played(tenant, repository, folder / f"{name}.json")
    return played


def _played(tenant: Tenant, repository: Path, report: Path) -> Played:
    sent = report.with_suffix(".sent")
    start = time.perf_counter()
    done = erp_build_process.Started(
        ("run", "--repo", str(repository), "--report", str(report)),
        erp_build_process.environment(role_of=tenant),
        report,
        module=("bench.counted_program", str(sent)),
    ).finish()
    seconds = time.perf_counter() - start
    if done.code:
        raise RuntimeError(f"the run ended with {done.code}:\n{done.stderr[-3000:]}")
    return Played(
        seconds=seconds,
        stages={stage["name"]: stage["seconds"] for stage in done.report["stages"]},
        built=sum(target["action"] == "build" for target in done.report["targets"] if target["kind"] != "chart"),
        sent=by_place(json.loads(sent.read_text(encoding="utf-8"))),
        report=done.report,
    )


def by_place(sent: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """What was sent, by what the hosts are; every host that is none of the sandbox's AWS is the cluster."""
    found: dict[str, Counter[str]] = {}
    for host, requests in sent.items():
        found.setdefault(_place_of(host), Counter()).update(requests)
    return {place: dict(requests) for place, requests in found.items()}


def _place_of(host: str) -> str:
    if host == PROGRAMS:
        return PROGRAMS
    if host == AWS_ENDPOINT.partition("://")[2]:
        return "aws"
    return "registry" if host.startswith(REGISTRY_HOST) else "cluster"


PLACES = ("aws", "registry", "cluster", PROGRAMS)


def rows(played: Mapping[str, Played], services: int) -> dict[str, dict[str, object]]:
    """The rows for the results; each run is compared with the first one."""
    first = played["first"].seconds
    return {
        f"sandbox.{services}.{name}": {
            "ours_ms": round(one.seconds * 1000),
            "other_ms": round(first * 1000),
            "other": "the first run",
            "ratio": round(one.seconds / first, 3),
            "n": 1,
            "stages_s": {stage: round(seconds, 2) for stage, seconds in one.stages.items()},
            "built": one.built,
            "sent": one.sent,
        }
        for name, one in played.items()
    }


def _show(played: Mapping[str, Played]) -> None:
    print(f"\n{'run':<10}{'s':>8}{'built':>8}" + "".join(f"{place:>10}" for place in PLACES) + "   the longest stages")
    for name, one in played.items():
        longest = sorted(one.stages.items(), key=lambda item: -item[1])[:3]
        words = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in longest)
        counts = "".join(f"{one.requests(place):10}" for place in PLACES)
        print(f"{name:<10}{one.seconds:8.1f}{one.built:8}{counts}   {words}")
