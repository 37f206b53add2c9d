"""`python -m bench pipeline`: Maven, image and push of the sample's real services, against the old buildspec and Jib.

Needs the sandbox (`python -m sandbox up`). Every build has a change of one line in each service, so that nobody builds
what is there already. Ours and Jib have the archive of Maven's classes that the runner image brings; the old order was
run in an image without one.
"""

import base64
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from bench.timing import measure, save
from erp_build.clients.maven.program import CLASSES_VARIABLE, FAST_JVM
from sandbox import erp_build_process
from sandbox.aws.client import client
from sandbox.docker import engine
from sandbox.endpoints import REGISTRY_HOST
from sandbox.paths import ROOT
from sandbox.sample import erp_repository
from sandbox.tenants import provisioning

TENANT = "bench"
SERVICES = ("approval-request-service", "approval-processing-service", "notification-service", "employee-service")
ONE = ("notification-service",)
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


class Workplace:
    """The sample as a repository of its own, and what the cases need to know of it."""

    def __init__(self, folder: Path) -> None:
        provisioning.create(TENANT)
        self.root = folder / "erp"
        erp_repository.make(self.root, TENANT)
        text = (self.root / "erp-build.toml").read_text(encoding="utf-8")
        self.layered = _written(
            folder / "layered.toml", text.replace("\n[[service]]\n", "\n[[service]]\nlayers = true\n")
        )
        self.skipping = _written(folder / "skipping.toml", text.replace('\ntests = "compile" ', '\ntests = "skip" '))
        self.classes = folder / "maven-classes.jsa"
        subprocess.run([ROOT / "scripts" / "archive-classes.sh", self.classes], check=True)
        self.env = erp_build_process.environment(
            extra={"DOCKER_CONFIG": str(_signed_in(folder)), "HOST": REGISTRY_HOST}
        )
        self.peak: dict[str, int] = {}
        self.parts: dict[str, list[dict[str, int]]] = {}
        self._edits = 0

    def change(self) -> str:
        """Change a line in each service and commit, as a fresh checkout has it; returns the tag."""
        self._edits += 1
        for service in SERVICES:
            shutil.rmtree(self.root / "backend" / service / "target", ignore_errors=True)
            settings = self.root / "backend" / service / "src/main/resources/application.yaml"
            settings.write_text(f"{settings.read_text(encoding='utf-8')}# {self._edits}\n", encoding="utf-8")
        return erp_repository.commit(self.root, f"edit {self._edits}")[:7]

    def case(self, name: str, words: Callable[[str], list[str]], extra: Mapping[str, str]) -> Callable[[], object]:
        """A case that is timed: a commit, and a command which is told its tag."""

        def work() -> None:
            tag = self.change()
            env = {**self.env, **extra, "REPO": str(self.root), "TAG": tag}
            child = subprocess.Popen(
                words(tag), env=env, cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            assert child.stdout
            output = child.stdout.read()
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode:
                raise RuntimeError(f"{name} failed:\n{output.decode('utf-8', 'replace')[-3000:]}")
            self.peak[name] = max(self.peak.get(name, 0), usage.ru_maxrss)
            if (last := output.splitlines()[-1]).startswith(b"{"):
                self.parts.setdefault(name, []).append(json.loads(last))

        return work

    def breakdown(self, name: str, whole: float) -> dict[str, int]:
        """The medians of a case's parts in milliseconds, and what is left of the whole; empty where none are told."""
        known = self.parts.get(name, [])[1:]  # without the round that warms up
        parts = {part: round(statistics.median(one[part] for one in known)) for part in (known[0] if known else ())}
        return {**parts, "start and end": round(whole) - sum(parts.values())} if parts else {}


def main(rounds: int = 5) -> int:
    """Measure, save and show; the commit of each case is part of everybody's time (a few milliseconds)."""
    with tempfile.TemporaryDirectory(prefix="erp-build-bench-") as folder:
        rows: dict[str, dict[str, object]] = {}
        place = Workplace(Path(folder))
        cases = _cases(place)
        medians = measure(cases, rounds)
        rows |= _small(place)
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
            print(f"{'':<28} {json.dumps(rows[row]['parts_ms'])[1:-1]}")
    save(rows)
    return 0


def _cases(place: Workplace) -> dict[str, Callable[[], object]]:
    image = f"{REGISTRY_HOST}/{TENANT}/notification-service:base"
    with engine.client() as api:
        api.images.get(BASE).tag(image)
        api.images.push(image, auth_config={"username": "AWS", "password": _password()})
    cases: dict[str, Callable[[], object]] = {}
    for size, names in (("four", SERVICES), ("one", ONE)):
        once = partial(_always, [sys.executable, "-m", "bench.build_once", str(place.root), *names])
        ours = {**_python(), CLASSES_VARIABLE: str(place.classes)}
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


def _written(file: Path, config: str) -> Path:
    """A configuration beside the repository's own."""
    assert config != (file.parent / "erp" / "erp-build.toml").read_text(encoding="utf-8"), file.name
    file.write_text(config, encoding="utf-8")
    return file


def _always(argv: list[str], _tag: str) -> list[str]:
    """A command that is the same for every tag."""
    return argv


def _jib(place: Workplace, names: Sequence[str], base: str, tag: str) -> list[str]:
    """Jib without its own Docker file: `mvn compile jib:build`, one service after the other."""
    password = _password()
    # `clean` of the others would take Jib's cache away, while the engine's stays.
    cache = f"-Djib.applicationCache={place.root.parent / 'jib'}"
    options = [
        cache,
        f"-Djib.from.image={base}",
        "-Djib.allowInsecureRegistries=true",
        "-DsendCredentialsOverHttp=true",
    ]
    for end in ("from", "to"):
        options += [f"-Djib.{end}.auth.username=AWS", f"-Djib.{end}.auth.password={password}"]
    lines = ["set -e"]
    for name in names:
        image = f"{REGISTRY_HOST}/{TENANT}/{'employee-service-lambda' if name == 'employee-service' else name}:{tag}"
        folder = place.root / "backend" / name
        lines.append(f"cd {folder}; mvn -B -ntp compile {JIB} {' '.join(options)} -Djib.to.image={image}")
    return ["bash", "-c", "\n".join(lines)]


def _python() -> dict[str, str]:
    return {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}


def _signed_in(folder: Path) -> Path:
    """A configuration of the docker program with a sign-in, for the old way."""
    config = folder / "docker"
    config.mkdir()
    (config / "config.json").write_text(json.dumps({"auths": {REGISTRY_HOST: {"auth": _token()}}}))
    (config / "config.json").chmod(0o600)
    return config


def _small(place: Workplace) -> dict[str, dict[str, object]]:
    """What a service costs that has not changed, and a second tag, each in milliseconds within one process."""
    words = [sys.executable, "-m", "bench.build_once", "--small", str(place.root), *ONE]
    done = subprocess.run(words, env={**place.env, **_python()}, stdout=subprocess.PIPE, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    rows: dict[str, dict[str, object]] = {}
    for name, goal in (("unchanged_ms", 5), ("retag_ms", 10)):
        rows[f"pipeline.{name}"] = {"ours_ms": found[name], "other_ms": goal, "other": "goal", "n": found["n"]}
        print(f"pipeline.{name:<19} {found[name]:8.2f} ms, goal {goal}")
    print(f"processes of Maven and Docker for an unchanged service: {found['processes']}")
    return rows


def _password() -> str:
    return base64.b64decode(_token()).decode().partition(":")[2]


def _token() -> str:
    data = client("ecr").get_authorization_token()["authorizationData"]
    return str(data[0]["authorizationToken"])
