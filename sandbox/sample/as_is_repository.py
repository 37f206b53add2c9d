"""The second sample, `examples/as-is`, as a Git repository, and the commits that tests make in it.

It was not written to be deployed by a run: no probe tells when a service is ready, and a service whose database is away
ends after a while.
"""

import re
import shutil
from pathlib import Path

from sandbox.aws.ecr.hosts import MIRRORS
from sandbox.paths import ROOT
from sandbox.sample.erp_repository import (
    CHART,
    CONFIG,
    VALUES,
    begin,
    commit,
    commit_edit,
    count_commits,
    discard_changes,
    replace,
)

SOURCE = ROOT / "examples" / "as-is"
TEMPLATES = CHART / "templates"

PROJECT = """\
parameters = "/{tenant}/dev"

[[service]]
path = "backend/approval-request-service"

[[service]]
path = "backend/approval-processing-service"

[[service]]
path = "backend/notification-service"

[[service]]
path = "backend/employee-service"
kind = "lambda"
dockerfile = "Dockerfile.lambda"
repository = "employee-service-lambda"
function = "{tenant}-dev-employee-service"

[chart]
namespace = "{tenant}-dev"
{chart}
[deploy]
lock_expires = "5s"

[build.mirrors]
{mirrors}
"""
"""What a run has to know and the sample does not say: whose it is."""

AWAY = "10.244.0.1:1"
"""An address at which no database answers."""

QUICK_JAVA = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
"""Options by which a service takes six seconds of a processor to start instead of ten."""

OUTSIDE = r"(?:mongodb|redis)\.erp\.internal:\d+"
"""The databases of the sample, which are outside of its cluster."""


WORKER = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: notification-worker
  namespace: {{ .Values.namespace }}
spec:
  replicas: 1
  selector:
    matchLabels:
      app: notification-worker
  template:
    metadata:
      labels:
        app: notification-worker
    spec:
      containers:
        - name: worker
          image: "{{ .Values.services.notification.image.repository }}:{{ .Values.services.notification.image.tag }}"
          command: [java, -cp, app.jar, nowhere.Worker]
"""
"""A Deployment of an image that another one runs as well."""


def make(folder: Path, tenant: str, database: str, *, patience: int, chart: str = "") -> str:
    """Copy the sample into a new folder, as a repository on `main` with one commit; returns the commit's id.

    Args:
        folder: made anew.
        tenant: its name.
        database: host and port that take the place of the databases.
        patience: seconds after which a service without its database ends; 45 unless a URI says otherwise.
        chart: further lines of `[chart]`.
    """
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("target", "erp-build-report"))
    mirrors = "\n".join(f'"{host}" = "{mirror}"' for host, mirror in MIRRORS.items())
    (folder / CONFIG).write_text(PROJECT.format(tenant=tenant, chart=chart, mirrors=mirrors), encoding="utf-8")
    values = folder / VALUES
    replace(values, r"\.amazonaws\.com/erp/", f".amazonaws.com/{tenant}/")
    replace(values, r"(?m)^namespace: erp-dev$", f"namespace: {tenant}-dev")
    replace(values, r"authSource=admin", rf"\g<0>&serverSelectionTimeoutMS={patience}000")
    replace(values, r"(?m)^  url: redis://.*", rf"\g<0>?timeout={patience}000")
    replace(values, OUTSIDE, database)
    quick = rf"\1- name: JAVA_TOOL_OPTIONS\n\1  value: {QUICK_JAVA}\n\g<0>"
    replace(folder / TEMPLATES / "deployment.yaml", r"(?m)^( +)- name: SPRING_PROFILES_ACTIVE$", quick)
    return begin(folder, "ERP 전자결재 시스템")


def change_service(repo: Path, *services: str) -> str:
    """Change the source of services; returns the commit's id."""
    discard_changes(repo)
    for service in services:
        (source,) = (repo / "backend" / service / "src/main/java").rglob("*Application.java")
        replace(source, r"\Z", f"// {count_commits(repo)}\n")
    return commit(repo, f"{', '.join(services)}: 주석 추가")


def lose_database(repo: Path) -> str:
    """Give the services the address of a database that is not there."""
    return commit_edit(repo, VALUES, r"10\.244\.0\.1:\d+", AWAY, "chart: 데이터베이스 주소 변경")


def break_stateful_set(repo: Path) -> str:
    """Let Kafka run a program that its image does not have."""
    return _break(repo, "kafka.yaml", r"\.Values\.kafka\.image }}\n", "chart: Kafka 시작 명령 변경")


def break_other_namespace(repo: Path) -> str:
    """Let Fluent Bit, which is in another namespace, run a program that its image does not have."""
    return _break(repo, "fluent-bit.yaml", r"\.Values\.fluentBit\.image }}\n", "chart: Fluent Bit 시작 명령 변경")


def break_second_deployment(repo: Path) -> str:
    """Add a second Deployment of the notification service's image, whose program ends at once."""
    discard_changes(repo)
    template = repo / TEMPLATES / "worker.yaml"
    template.write_text(WORKER, encoding="utf-8")
    return commit(repo, "chart: 알림 작업자 추가")


def set_replicas(repo: Path, count: int) -> str:
    """Set the number of pods of every service."""
    return commit_edit(repo, VALUES, r"(?m)(?<=^replicaCount: )\d+", str(count), f"chart: replicaCount {count}")


def drop_autoscalers(repo: Path) -> str:
    """Leave scaling to somebody else: the chart has no autoscaler any more."""
    pattern = r"(?m)(?<=^autoscaling:\n  enabled: )true"
    return commit_edit(repo, VALUES, pattern, "false", "chart: HPA 제거")


def _break(repo: Path, template: str, behind: str, message: str) -> str:
    pattern = rf"(?m)(?<={re.escape('image: {{ ')}){behind}"
    return commit_edit(repo, TEMPLATES / template, pattern, r"\g<0>          command: [/nowhere]\n", message)
