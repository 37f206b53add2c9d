"""`python -m bench pipeline`: Maven, image and push of the sample's real services, against the old buildspec and Jib.

Needs the sandbox (`python -m sandbox up`). Every build has a change of one line in each service, so that nobody builds
what is there already; the commit of it is in nobody's time. `latest` is where the last build of the same case has left
it. Ours and Jib have the archive of Maven's classes that the runner image brings; the old order was run in an image
without one.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from bench.timing import measure, save
from bench.workplace import SERVICES, TENANT, Workplace, image_of, password
from erp_build.clients.maven.program import CLASSES_VARIABLE, FAST_JVM
from sandbox.docker import engine
from sandbox.endpoints import REGISTRY_HOST

ONE = ("notification-service",)
LARGE = ("approval-processing-service",)
"""The service whose jar has more than 40 MB."""

PYTHON = {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}
JIB = "com.google.cloud.tools:jib-maven-plugin:3.4.6:build"
BASE = "eclipse-temurin:17-jre"
GOALS: dict[str, dict[str, float]] = {
    "four": {"buildspec": 0.24, "jib": 0.53},
    "four_layered": {"buildspec": 0.21},
    "four_skip": {},
    "one": {"buildspec": 0.45, "jib": 1.35},
    "one_layered": {"buildspec": 0.40},
    "one_skip": {"jib": 1.15},
}
"""Our cases: how many services, and how; with the ratio to reach of another way. As `skip`, Jib compiles no tests."""

IMAGE_GOALS_S = {"image": 0.9, "image_layered": 0.45}
"""Image and push of one jar in which one small file is new: the whole jar is sent, or the layer of the application."""

OLD_WAY = """
set -e
MAVEN=0 IMAGE_TIME=0 PUSH=0
now() { NOW=${EPOCHREALTIME/./}; }
for SERVICE in "$@"; do
  cd "$REPO/backend/$SERVICE"
  IMAGE=$SERVICE; DOCKERFILE=Dockerfile
  if [ "$SERVICE" = employee-service ]; then IMAGE=employee-service-lambda; DOCKERFILE=Dockerfile.lambda; fi
  NAME="$HOST/bench/$IMAGE"
  now; START=$NOW
  mvn clean package -DskipTests
  now; JAR=$NOW
  docker build -f $DOCKERFILE -t "$NAME:latest" -t "$NAME:$TAG" .
  now; BUILT=$NOW
  docker push "$NAME:latest"
  docker push "$NAME:$TAG"
  now
  MAVEN=$((MAVEN + JAR - START)) IMAGE_TIME=$((IMAGE_TIME + BUILT - JAR)) PUSH=$((PUSH + NOW - BUILT))
done
echo "{\\"maven\\": $((MAVEN / 1000)), \\"images\\": $((IMAGE_TIME / 1000)), \\"pushes\\": $((PUSH / 1000))}"
"""
"""The order of the old buildspec; its last line is its parts in milliseconds."""


def main(rounds: int = 5) -> int:
    """Measure, save and show."""
    with tempfile.TemporaryDirectory(prefix="erp-build-bench-") as folder:
        rows: dict[str, dict[str, object]] = {}
        place = Workplace(Path(folder))
        cases = _cases(place)
        medians = measure(cases, rounds, before=place.begin)
        rows |= _small(place) | _images(place)
    for name, goals in GOALS.items():
        size = name.partition("_")[0]
        for other in ("buildspec", "jib"):
            ratio = medians[f"ours.{name}"] / medians[f"{other}.{size}"]
            compared = {"ours": f"ours.{name}", other: f"{other}.{size}"}
            row = f"pipeline.{name}" + ("" if other == "buildspec" else ".jib")
            rows[row] = {
                "ours_ms": round(medians[f"ours.{name}"]),
                "other_ms": round(medians[f"{other}.{size}"]),
                "other": other,
                "ratio": round(ratio, 3),
                "n": rounds,
                "peak_mb": {who: place.peak[case] // 1024 for who, case in compared.items()},
                "parts_ms": {who: place.breakdown(case, medians[case]) for who, case in compared.items()},
            }
            want = f"goal {goals[other]}" if other in goals else ""
            print(
                f"{row:<28} {medians[f'ours.{name}']:8.0f} ms of {medians[f'{other}.{size}']:8.0f}: {ratio:.3f} {want}"
            )
            print(
                f"{'':<28} {json.dumps(rows[row]['parts_ms'])[1:-1]}, peak MB {json.dumps(rows[row]['peak_mb'])[1:-1]}"
            )
    save(rows)
    return 0


def _cases(place: Workplace) -> dict[str, Callable[[], object]]:
    image = f"{REGISTRY_HOST}/{TENANT}/notification-service:base"
    with engine.client() as api:
        api.images.get(BASE).tag(image)
        api.images.push(image, auth_config={"username": "AWS", "password": password()})
    cases: dict[str, Callable[[], object]] = {}
    for size, names in (("four", SERVICES), ("one", ONE)):
        once = partial(_always, [sys.executable, "-m", "bench.build_once", str(place.root), *names])
        ours = {**PYTHON, CLASSES_VARIABLE: str(place.classes)}
        cases[f"ours.{size}"] = place.case(f"ours.{size}", once, ours)
        for way, config in (("layered", place.layered), ("skip", place.skipping)):
            name = f"ours.{size}_{way}"
            cases[name] = place.case(name, once, {**ours, "BENCH_CONFIG": str(config)})
        old = partial(_always, ["bash", "-c", OLD_WAY, "buildspec", *names])
        cases[f"buildspec.{size}"] = place.case(f"buildspec.{size}", old, {})
        cases[f"jib.{size}"] = place.case(
            f"jib.{size}",
            partial(_jib, place, names, image),
            {"MAVEN_OPTS": f"{FAST_JVM} -XX:SharedArchiveFile={place.classes}"},
        )
    return cases


def _always(argv: list[str], _tag: str) -> list[str]:
    """A command that is the same for every tag."""
    return argv


def _jib(place: Workplace, names: Sequence[str], base: str, tag: str) -> list[str]:
    """Jib without its own Docker file: `mvn compile jib:build`, one service after the other."""
    secret = password()
    # `clean` of the others would take Jib's cache away, while the engine's stays.
    cache = f"-Djib.applicationCache={place.root.parent / 'jib'}"
    options = [
        cache,
        f"-Djib.from.image={base}",
        "-Djib.allowInsecureRegistries=true",
        "-DsendCredentialsOverHttp=true",
    ]
    for end in ("from", "to"):
        options += [f"-Djib.{end}.auth.username=AWS", f"-Djib.{end}.auth.password={secret}"]
    lines = ["set -e"]
    for name in names:
        image = f"{REGISTRY_HOST}/{TENANT}/{image_of(name)}:{tag}"
        folder = place.root / "backend" / name
        lines.append(f"cd {folder}; mvn -B -ntp compile {JIB} {' '.join(options)} -Djib.to.image={image}")
    return ["bash", "-c", "\n".join(lines)]


def _images(place: Workplace) -> dict[str, dict[str, object]]:
    """What image and push of one jar take, without Maven, within one process; and the most memory of that process."""
    rows: dict[str, dict[str, object]] = {}
    for name, config in (("image", {}), ("image_layered", {"BENCH_CONFIG": str(place.layered)})):
        place.begin(name)
        _told(place, "--image", LARGE, config)  # leaves the image that `latest` names
        place.begin(name)
        found = _told(place, "--image", LARGE, config)
        goal = round(IMAGE_GOALS_S[name] * 1000)
        rows[f"pipeline.{name}"] = {
            "ours_ms": found["ms"],
            "other_ms": goal,
            "other": "goal",
            "ratio": round(found["ms"] / goal, 3),
            "n": found["n"],
            "peak_mb": found["peak_mb"],
            "jar_mb": found["jar_mb"],
        }
        print(
            f"{f'pipeline.{name}':<28} {found['ms']:8.0f} ms, goal {goal} "
            f"(a jar of {found['jar_mb']} MB, peak {found['peak_mb']} MB)"
        )
    return rows


def _told(place: Workplace, option: str, names: Sequence[str], extra: Mapping[str, str]) -> dict[str, float]:
    """What a process of `bench.build_once` says in its last line."""
    words = [sys.executable, "-m", "bench.build_once", option, str(place.root), *names]
    env = {**place.env, **PYTHON, **extra}
    done = subprocess.run(words, env=env, stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _small(place: Workplace) -> dict[str, dict[str, object]]:
    """What a service costs that has not changed, and a second tag, each in milliseconds within one process."""
    found = _told(place, "--small", ONE, {})
    rows: dict[str, dict[str, object]] = {}
    for name, goal in (("unchanged_ms", 5), ("retag_ms", 10)):
        rows[f"pipeline.{name}"] = {"ours_ms": found[name], "other_ms": goal, "other": "goal", "n": found["n"]}
        print(f"pipeline.{name:<19} {found[name]:8.2f} ms, goal {goal}")
    print(f"processes of Maven and Docker for an unchanged service: {found['processes']}")
    return rows
