"""Builds of some services as a run makes them."""

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from zipfile import ZipFile

from erp_build.build.image_request import image_request
from erp_build.build.stage import build_images
from erp_build.clients.clock import SystemClock
from erp_build.clients.effects import ImageRequest, Journal
from erp_build.clients.git.repository import GitRepository
from erp_build.clients.protocols import Clients
from erp_build.clients.secrets import Secrets
from erp_build.clients.site import open_site
from erp_build.clients.terminal.progress import Lines
from erp_build.config.load import load_project
from erp_build.model.change import Baseline
from erp_build.model.plan import Action, Plan, Step
from erp_build.model.project import Chart, Project
from erp_build.report.text.build import build_table
from erp_build.wiring import open_clients

ROUNDS = 11


@contextmanager
def clients_of(root: Path) -> Iterator[tuple[Clients, Project]]:
    """The clients of a run in a repository."""
    project = load_project(root, Path(os.environ["BENCH_CONFIG"]) if "BENCH_CONFIG" in os.environ else None)
    secrets, clock = Secrets(), SystemClock()
    progress = Lines(sys.stderr, clock, secrets)
    with (
        tempfile.TemporaryDirectory() as logs,
        open_clients(
            root,
            clock=clock,
            progress=progress,
            secrets=secrets,
            journal=Journal(),
            build=project.build,
            logs=Path(logs),
        ) as clients,
    ):
        yield clients, project


def plan_of(root: Path, project: Project, names: Sequence[str], action: Action) -> Plan:
    """A plan in which these targets have one action, whatever changed."""
    head = GitRepository(root).resolve("HEAD")
    assert head
    targets = [target for target in project.image_targets if target.name in names]
    return Plan(head, tuple(Step(target, action, Baseline(target.name, None, "none")) for target in targets))


def build(root: Path, names: Sequence[str]) -> None:
    """Build, push and show what it took; the last line is its parts in milliseconds, as `pipeline.py` reads them.

    `BENCH_STARTED` is when the process was started, by the clock that all processes share.
    """
    with clients_of(root) as (clients, project):
        site, plan = open_site(project, clients), plan_of(root, project, names, "build")
        start = time.monotonic()
        images = build_images(site, plan)
        seconds = time.monotonic() - start
    print("\n".join(build_table(images)))
    maven = sum(image.timings.maven for image in images if image.timings)
    before = start - float(os.environ.get("BENCH_STARTED", start))
    parts = {"start": before, "maven": maven, "images after the last jar": seconds - maven}
    print(json.dumps({part: round(value * 1000) for part, value in parts.items()}))


def small(root: Path, names: Sequence[str]) -> None:
    """Print what an unchanged service and a second tag cost, in milliseconds."""
    with clients_of(root) as (clients, project):
        site = open_site(project, clients)
        plan = plan_of(root, project, names, "none")
        started: list[str] = []
        sys.addaudithook(
            lambda event, _: started.append(event) if event in ("subprocess.Popen", "os.posix_spawn") else None
        )
        unchanged = _median(lambda: build_images(site, plan))
        target = next(target for target in project.image_targets if target.name in names)
        repository = site.repository(target)
        image = clients.registry.stored(repository, plan.tag)
        assert image
        retag = _median(lambda: clients.effects.tag(image, "second"))
    print(json.dumps({"unchanged_ms": unchanged, "retag_ms": retag, "processes": len(started), "n": ROUNDS}))


def image(root: Path, names: Sequence[str]) -> None:
    """Print what image and push cost of a jar in which one small file is new, without Maven, and the memory they took.

    The registry has the image of the same jar without that file.
    """
    with clients_of(root) as (clients, project):
        site, plan = open_site(project, clients), plan_of(root, project, names, "build")
        build_images(site, plan)
        (step,) = plan.builds
        request = image_request(site, step, plan)
        assert not isinstance(step.target, Chart)
        (jar,) = (root / step.target.path / "target").glob("*.jar")

        def make(changed: ImageRequest) -> None:
            clients.effects.build_image(changed)
            clients.effects.push(changed)

        times = []
        for number in range(ROUNDS):
            with ZipFile(jar, "a") as archive:
                archive.writestr(f"BOOT-INF/classes/{number}.txt", str(number))
            times.append(_milliseconds(partial(make, replace(request, tag=f"{request.tag}-{number}"))))
    size = jar.stat().st_size
    # Of this process alone: Maven's is another one.
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"ms": _middle(times), "peak_mb": memory // 1024, "jar_mb": round(size / 1e6), "n": ROUNDS}))


def _median(work: Callable[[], object]) -> float:
    return _middle([_milliseconds(work) for _ in range(ROUNDS)])


def _middle(times: Sequence[float]) -> float:
    # Imported here: a build that is timed needs it not.
    import statistics

    return round(statistics.median(times), 3)


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000
