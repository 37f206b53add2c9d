"""`python -m bench runner`: what the images of Dockerfile.runner weigh, and how soon the first stage begins in each.

Needs the sandbox (`python -m sandbox up`). The time is that of a build in CodeBuild once its image is there: a
container is made and started, `start-engine` is called, and then a rehearsal of the sample until it names its first
stage.
"""

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing
from functools import partial
from pathlib import Path

from bench.timing import save
from sandbox.codebuild import build_container, runner_image
from sandbox.codebuild.build_container import BuildContainer
from sandbox.lifecycle import up
from sandbox.sample import erp_repository
from sandbox.tenants import provisioning

TENANT = "bench-runner"
FIRST_STAGE = b"read environment"


def main(rounds: int = 11) -> int:
    """Measure both images in the same rounds, save and show."""
    images = {"slim": runner_image.SLIM_IMAGE, "runner": runner_image.RUNNER_IMAGE}
    up(tuple(images.values()))
    erp = provisioning.create(TENANT)
    variables = build_container.variables(erp)
    with tempfile.TemporaryDirectory(prefix="erp-build-bench-") as folder:
        source = Path(folder) / "erp"
        erp_repository.make(source, TENANT)
        began = {
            "slim": partial(_first_stage, build_container.started_without_engine, source, variables),
            "runner": partial(_first_stage, build_container.started, source, variables),
        }
        medians = _medians(began, rounds)
    sizes = {name: image.size() for name, image in images.items()}
    rows = {
        "runner.first_stage": {
            "ours_ms": round(medians["slim"]),
            "other_ms": round(medians["runner"]),
            "other": "runner",
            "ratio": round(medians["slim"] / medians["runner"], 3),
            "n": rounds,
        },
        "runner.size": {
            "ours_mb": round(sizes["slim"] / 1e6),
            "other_mb": round(sizes["runner"] / 1e6),
            "other": "runner",
            "ratio": round(sizes["slim"] / sizes["runner"], 3),
        },
    }
    save(rows)
    for name, unit in (("runner.first_stage", "ms"), ("runner.size", "mb")):
        row = rows[name]
        print(f"{name:<28} {row[f'ours_{unit}']:8} {unit} of {row[f'other_{unit}']:8}: {row['ratio']:.3f}")
    return 0


def _medians(began: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of each in milliseconds, of shuffled rounds after one that warms up.

    What takes a container away again is not timed, so `bench.timing.measure` does not fit.
    """
    chance = random.Random(1)
    times: dict[str, list[float]] = {name: [] for name in began}
    for number in range(rounds + 1):
        for name in chance.sample(list(began), len(began)):
            seconds = began[name]()
            if number:
                times[name].append(seconds * 1000)
    return {name: statistics.median(values) for name, values in times.items()}


def _first_stage(
    started: Callable[[Path], AbstractContextManager[BuildContainer]], source: Path, variables: dict[str, str]
) -> float:
    """Seconds of a build container from nothing to the line that names the first stage of a run."""
    start = time.perf_counter()
    with started(source) as container:
        code, output = container.run(["start-engine"], source, variables)
        if code:
            raise RuntimeError(f"start-engine failed:\n{output}")
        words = ["python", "-m", "erp_build", "run", "--rehearse"]
        with closing(container.printing(words, source, variables)) as chunks:
            seen = b""
            for chunk in chunks:
                seen += chunk
                if FIRST_STAGE in seen:
                    return time.perf_counter() - start
        raise RuntimeError(f"the run ended before its first stage:\n{seen.decode('utf-8', 'replace')[-3000:]}")
