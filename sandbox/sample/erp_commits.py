"""The commits that tests and the demo make in the sample, one function each; each returns the full id of its commit."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.paths import ROOT
from sandbox.sample.erp_repository import CHART, VALUES, commit, commit_edit, count_commits, discard_changes, replace

PROTO = Path("backend/proto/approval.proto")
DEPLOYMENT = CHART / "templates" / "deployment.yaml"
TOGGLED = b"# toggled\n"
FRESH = Path("src/main/resources/fresh.txt")
_EDITION = r"(?<= EDITION = )\d+(?=;)"


def change_service(repo: Path, service: str) -> str:
    """Raise the edition that a service shows in its answers; returns the commit's id."""
    return commit_edit(repo, _edition_file(repo, service), _EDITION, _next, f"{service}: 규정 개정을 반영")


def change_employee(repo: Path) -> str:
    """Change the service that runs on Lambda."""
    return change_service(repo, "employee-service")


def change_replicas(repo: Path, count: int) -> str:
    """Set the number of pods of every service in the values file; no other byte changes."""
    return commit_edit(
        repo, VALUES, r"(?m)(?<=^replicaCount: )\d+", str(count), f"chart: replicaCount를 {count}(으)로 변경"
    )


def change_proto(repo: Path) -> str:
    """Add a field to the contract that all services share."""
    return commit_edit(repo, PROTO, r"(?<=line = 3;\n)(?=})", "  string memo = 4;\n", "proto: 결재 요청에 메모 추가")


def break_compile(repo: Path, service: str) -> str:
    """Make a service that does not compile."""
    return commit_edit(repo, _edition_file(repo, service), _EDITION, '"첫 번째"', f"{service}: 개정 차수를 글로 표기")


def break_chart(repo: Path) -> str:
    """Make a chart that does not render: a template reads a service which the values do not have."""
    template = CHART / "templates" / "service.yaml"
    return commit_edit(
        repo, template, r"\A", "# {{ .Values.services.payroll.name }}\n", "chart: 급여 서비스를 설명에 추가"
    )


def never_ready(repo: Path, service: str) -> str:
    """Make a service that starts, stays alive and answers 503 to the readiness probe: it asks for a 9999 TB disk."""
    settings = Path("backend", service, "src/main/resources/application.yaml")
    return commit_edit(repo, settings, r"(?<=threshold: )\w+", "9999TB", f"{service}: 디스크 여유 공간 기준 변경")


def toggle(repo: Path, *services: str) -> str:
    """Change services to their other content, or back to the first: after both were built once, nothing is built."""
    discard_changes(repo)
    for service in services:
        settings = repo / "backend" / service / "src/main/resources/application.yaml"
        (repo / "backend" / service / FRESH).unlink(missing_ok=True)
        text = settings.read_bytes()
        settings.write_bytes(text.removesuffix(TOGGLED) if text.endswith(TOGGLED) else text + TOGGLED)
    return commit(repo, f"{', '.join(services)}: 설정 주석 변경")


def fresh(repo: Path, service: str) -> str:
    """Give a service a content that it never had, until it is toggled."""
    discard_changes(repo)
    (repo / "backend" / service / FRESH).write_text(f"{count_commits(repo)}\n", encoding="utf-8")
    return commit(repo, f"{service}: 새 자원 추가")


def unready(repo: Path, service: str) -> str:
    """Make a chart in which a service's probe asks for a page that it does not have: its pods never get ready."""
    other = (
        f'path: {{{{ if eq $service.name "{service}" }}}}/nowhere{{{{ else }}}}/actuator/health/readiness{{{{ end }}}}'
    )
    return commit_edit(
        repo, DEPLOYMENT, "path: /actuator/health/readiness", other, f"chart: {service} 준비 상태 경로 변경"
    )


def _for(key: str, *lines: str) -> str:
    """Lines of a template that are there for one service alone."""
    return "\n".join((f'{{{{- if eq $key "{key}" }}}}', *lines, "{{- end }}", ""))


_CRASH = {r"(?m)(?<=\.pullPolicy }}\n)": _for("approvalRequest", '          command: [java, "-XX:$(DATABASE_URI)"]')}
_NO_START = {
    r"optional: true": 'optional: {{ ne $key "approvalProcessing" }}',
    r"(?m)^(?=      volumes:\n)": _for(
        "approvalProcessing", "        - name: sidecar", "          image: nowhere.invalid/erp/sidecar:1"
    ),
    r"(?m)^(?=      automountService)": _for("notification", "      priorityClassName: system-cluster-critical"),
}
"""A place in the chart's Deployment -> what stands there with its troubles."""


def crash(repo: Path) -> str:
    """Make a chart in which a service's Java does not know an option, in which it prints the database's password."""
    return _trouble(repo, _CRASH, "chart: approval-request-service 자바 옵션 변경")


def no_start(repo: Path) -> str:
    """Make a chart in which a service needs a Secret that is not there and a container whose image cannot be pulled.

    Another one has a priority class, for which a quota may leave no pod.
    """
    return _trouble(repo, _NO_START, "chart: 사이드카와 우선순위 추가")


def _trouble(repo: Path, places: Mapping[str, str], message: str) -> str:
    for pattern, new in places.items():
        replace(repo / DEPLOYMENT, pattern, new)
    return commit(repo, message)


def vendor(repo: Path) -> str:
    """Let the repository pin erp_build itself: its wheel and lock file, and the buildspec's line that installs them."""
    subprocess.run([sys.executable, str(ROOT / "scripts" / "vendor.py"), str(repo)], check=True, capture_output=True)
    return commit_edit(repo, Path("buildspec.yml"), "# (?=- python -m pip install )", "", "erp_build를 저장소에서 고정")


def _edition_file(repo: Path, service: str) -> Path:
    """The one Java file of a service that holds its edition."""
    sources = sorted((repo / "backend" / service / "src/main/java").rglob("*.java"))
    holders = [source for source in sources if re.search(_EDITION, source.read_text(encoding="utf-8"))]
    if len(holders) != 1:
        raise SandboxError(f"{service} in {repo}: {len(holders)} Java files hold an EDITION instead of one")
    return holders[0].relative_to(repo)


def _next(edition: re.Match[str]) -> str:
    return str(int(edition[0]) + 1)
