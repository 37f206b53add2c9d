"""The sample ERP as a Git repository: a first commit, then one commit per scenario, with the same ids every time."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from sandbox.layout import ROOT
from sandbox.part import SandboxError

SOURCE = ROOT / "examples" / "erp"
CONFIG = Path("erp-build.toml")
CHART = Path("helm-chart")
VALUES = CHART / "values-dev.yaml"
PROTO = Path("backend/proto/approval.proto")
DEFAULT_TENANT = "erp"
NONE: Mapping[str, str] = MappingProxyType({})

DEPLOYMENT = CHART / "templates" / "deployment.yaml"
TOGGLED = b"# toggled\n"
FRESH = Path("src/main/resources/fresh.txt")

_FIRST_COMMIT_AT = 1_736_121_600  # 2025-01-06 09:00 in Seoul; every further commit is a minute later
_SETTINGS = (
    "user.name=ERP Developer",
    "user.email=developer@erp.example",
    "commit.gpgsign=false",
    "core.autocrlf=false",
    f"core.excludesFile={os.devnull}",
    f"core.attributesFile={os.devnull}",
)
_EDITION = r"(?<= EDITION = )\d+(?=;)"
_Replacement = str | Callable[[re.Match[str]], str]


@dataclass(frozen=True)
class Sample:
    """A repository of the sample: where it is, whose it is, and the full id of its first commit."""

    root: Path
    tenant: str
    first: str


def make_repository(folder: Path, tenant: str = DEFAULT_TENANT, settings: Mapping[str, str] = NONE) -> Sample:
    """Copy the sample into a new folder, as a repository on `main` with one commit.

    A tenant other than `erp` gets parameters, image repositories, a function and a namespace of its own, so that
    several samples live side by side in one sandbox.

    Args:
        folder: made anew.
        tenant: its name.
        settings: text of erp-build.toml -> what stands there instead.
    """
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("target", "erp-build-report"))
    _rename(folder / CONFIG, tenant, '"/{}/dev"', '"{}-dev-employee-service"', 'namespace = "{}-dev"')
    for text, other in settings.items():
        _replace(folder / CONFIG, re.escape(text), other)
    _rename(folder / VALUES, tenant, ".amazonaws.com/{}/", "namespace: {}-dev")
    _git(folder, "init", "--quiet", "--template=", "--object-format=sha1", "--initial-branch=main")
    return Sample(folder, tenant, commit(folder, "전자결재 ERP: 네 서비스와 헬름 차트"))


def change_service(repo: Path, service: str) -> str:
    """Raise the edition that a service shows in its answers; returns the commit's id."""
    return _edit(repo, _edition_file(repo, service), _EDITION, _next, f"{service}: 규정 개정을 반영")


def change_employee(repo: Path) -> str:
    """Change the service that runs on Lambda."""
    return change_service(repo, "employee-service")


def change_replicas(repo: Path, count: int) -> str:
    """Set the number of pods of every service in the values file; no other byte changes."""
    return _edit(repo, VALUES, r"(?m)(?<=^replicaCount: )\d+", str(count), f"chart: replicaCount를 {count}(으)로 변경")


def change_proto(repo: Path) -> str:
    """Add a field to the contract that all services share."""
    return _edit(repo, PROTO, r"(?<=line = 3;\n)(?=})", "  string memo = 4;\n", "proto: 결재 요청에 메모 추가")


def break_compile(repo: Path, service: str) -> str:
    """Make a service that does not compile."""
    return _edit(repo, _edition_file(repo, service), _EDITION, '"첫 번째"', f"{service}: 개정 차수를 글로 표기")


def break_chart(repo: Path) -> str:
    """Make a chart that does not render: a template reads a service which the values do not have."""
    template = CHART / "templates" / "service.yaml"
    return _edit(repo, template, r"\A", "# {{ .Values.services.payroll.name }}\n", "chart: 급여 서비스를 설명에 추가")


def never_ready(repo: Path, service: str) -> str:
    """Make a service that starts, stays alive and answers 503 to the readiness probe: it asks for a 9999 TB disk."""
    settings = Path("backend", service, "src/main/resources/application.yaml")
    return _edit(repo, settings, r"(?<=threshold: )\w+", "9999TB", f"{service}: 디스크 여유 공간 기준 변경")


def toggle(repo: Path, *services: str) -> str:
    """Change services to their other content, or back to the first: after both were built once, nothing is built."""
    _git(repo, "reset", "--quiet", "--hard")
    for service in services:
        settings = repo / "backend" / service / "src/main/resources/application.yaml"
        (repo / "backend" / service / FRESH).unlink(missing_ok=True)
        text = settings.read_bytes()
        settings.write_bytes(text.removesuffix(TOGGLED) if text.endswith(TOGGLED) else text + TOGGLED)
    return commit(repo, f"{', '.join(services)}: 설정 주석 변경")


def fresh(repo: Path, service: str) -> str:
    """Give a service a content that it never had, until it is toggled."""
    _git(repo, "reset", "--quiet", "--hard")
    (repo / "backend" / service / FRESH).write_text(f"{_commits(repo)}\n", encoding="utf-8")
    return commit(repo, f"{service}: 새 자원 추가")


def unready(repo: Path, service: str) -> str:
    """Make a chart in which a service's probe asks for a page that it does not have: its pods never get ready."""
    other = (
        f'path: {{{{ if eq $service.name "{service}" }}}}/nowhere{{{{ else }}}}/actuator/health/readiness{{{{ end }}}}'
    )
    return _edit(repo, DEPLOYMENT, "path: /actuator/health/readiness", other, f"chart: {service} 준비 상태 경로 변경")


def _for(key: str, *lines: str) -> str:
    """Lines of a template that are there for one service alone."""
    return "\n".join((f'{{{{- if eq $key "{key}" }}}}', *lines, "{{- end }}", ""))


_TROUBLES = {
    r"(?m)(?<=\.pullPolicy }}\n)": _for("approvalRequest", '          command: [java, "-XX:$(DATABASE_URI)"]'),
    r"optional: true": 'optional: {{ ne $key "approvalProcessing" }}',
    r"(?m)^(?=      volumes:\n)": _for(
        "approvalProcessing", "        - name: sidecar", "          image: nowhere.invalid/erp/sidecar:1"
    ),
    r"(?m)^(?=      automountService)": _for("notification", "      priorityClassName: system-cluster-critical"),
}
"""A place in the chart's Deployment -> what stands there with its troubles."""


def trouble(repo: Path) -> str:
    """Make a chart with which no service can start.

    The first one's Java does not know an option, in which it also prints the database's password; the second one needs
    a Secret that is not there and a container whose image cannot be pulled; the third one has a priority class.
    """
    for pattern, new in _TROUBLES.items():
        _replace(repo / DEPLOYMENT, pattern, new)
    return commit(repo, "chart: 배포할 수 없는 변경")


def commit(repo: Path, message: str) -> str:
    """Commit everything that changed in the repository; returns the commit's full id."""
    _git(repo, "add", "--all")
    _git(repo, "commit", "--quiet", f"--message={message}", at=_FIRST_COMMIT_AT + 60 * _commits(repo))
    return _git(repo, "rev-parse", "HEAD")


def _edit(repo: Path, path: Path, pattern: str, new: _Replacement, message: str) -> str:
    """Commit one edit alone: what a run wrote into the checkout is put back first, as in a developer's own clone."""
    _git(repo, "reset", "--quiet", "--hard")
    _replace(repo / path, pattern, new)
    return commit(repo, message)


def _replace(file: Path, pattern: str, new: _Replacement) -> None:
    """Replace what the pattern finds and no other byte; finding nothing is an error."""
    text, count = re.subn(pattern, new, file.read_bytes().decode())
    if not count:
        raise SandboxError(f"{file} does not hold what was to be changed: {pattern}")
    file.write_bytes(text.encode())


def _rename(file: Path, tenant: str, *places: str) -> None:
    for place in places:
        _replace(file, re.escape(place.format(DEFAULT_TENANT)), place.format(tenant))


def _edition_file(repo: Path, service: str) -> Path:
    """The one Java file of a service that holds its edition."""
    sources = sorted((repo / "backend" / service / "src/main/java").rglob("*.java"))
    holders = [source for source in sources if re.search(_EDITION, source.read_text(encoding="utf-8"))]
    if len(holders) != 1:
        raise SandboxError(f"{service} in {repo}: {len(holders)} Java files hold an EDITION instead of one")
    return holders[0].relative_to(repo)


def _next(edition: re.Match[str]) -> str:
    return str(int(edition[0]) + 1)


def _commits(repo: Path) -> int:
    return len(_git(repo, "log", "--format=%h", "--all").splitlines())


def _git(repo: Path, *words: str, at: int = _FIRST_COMMIT_AT) -> str:
    """Run git as a fixed author at a fixed time, whatever the user has configured; returns what it printed."""
    done = subprocess.run(
        ("git", *(word for setting in _SETTINGS for word in ("-c", setting)), *words),
        cwd=repo,
        env=_environment(at),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SandboxError(f"git {' '.join(words)} in {repo}: {done.stdout.strip()} {done.stderr.strip()}")
    return done.stdout.strip()


def _environment(at: int) -> dict[str, str]:
    """The environment without git's own variables: a test may run inside a git hook."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_DATE": f"{at} +0900",
        "GIT_COMMITTER_DATE": f"{at} +0900",
        "LC_ALL": "C.UTF-8",
    }
