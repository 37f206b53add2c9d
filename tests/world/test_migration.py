"""A chart with a Job before each upgrade: the plan says so, and a rollback goes back over it only with an answer."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from erp_build.formats.kubernetes.hooks import RECORD_TEMPLATE, hook_runs
from erp_build.model.releases.release import HookRun
from sandbox import erp_build_process
from sandbox.cluster import go_binaries
from sandbox.sample import erp_repository
from tests.world.pairs import SERVICE, Pair, wait_for

pytestmark = pytest.mark.world

MIGRATE = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: erp-migrate
  annotations:
    "helm.sh/hook": pre-install, pre-upgrade
    "helm.sh/hook-delete-policy": before-hook-creation
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: migrate
          {{- with .Values.services.notification }}
          image: "{{ .image.repository }}:{{ .image.tag }}"
          {{- end }}
          command: [java, -version]
"""
HOOK = "Job erp-migrate (pre-upgrade)"

CUT_OFF = """\
- name: erp
  namespace: erp-dev
  version: 1
  info: {status: pending-upgrade, first_deployed: "2026-11-02T10:00:00Z", last_deployed: "2026-11-02T10:00:00Z"}
  manifest: ""
  hooks:
    - {name: seed, kind: Job, events: [post-upgrade], last_run: {phase: ""}}
    - {name: old, kind: Job, events: [pre-upgrade],
       last_run: {phase: Succeeded, started_at: "2026-11-01T10:00:00Z", completed_at: "2026-11-01T10:00:01Z"}}
    - {name: erp-migrate, kind: Job, events: [pre-upgrade, pre-install],
       last_run: {phase: Running, started_at: "2026-11-02T10:00:00.123456789Z"}}
"""


@pytest.fixture
def migrating(pair: Pair) -> Iterator[Pair]:
    """The pair, whose next commits migrate; later tests go on from the commit before."""
    good = pair.erp.commit
    template = pair.erp.repository / erp_repository.CHART / "templates" / "migrate.yaml"
    template.write_text(MIGRATE, encoding="utf-8")
    erp_repository.commit(pair.erp.repository, "chart: 배포 전 마이그레이션 추가")
    yield pair
    pair.erp.commit = good


@pytest.mark.parametrize("helm", [3, 4])
def test_a_rollback_over_a_job_that_migrated_needs_an_answer(migrating: Pair, helm: int) -> None:
    before = migrating.erp.look()
    migrating.next(SERVICE)
    planned = migrating.call("plan", "--live", "--json", helm=helm)
    assert planned.code == 0, planned.stderr
    assert any(HOOK in warning for warning in json.loads(planned.stdout)["warnings"])
    # The administrator deploys: the role of a build has the rights of the sample's chart, which has no Job.
    done = migrating.run(env=erp_build_process.environment(helm))
    assert done.code == 0, done.stderr
    assert [one["name"] for one in done.report["changes"]["migrations"]] == ["Job erp-migrate"]
    after = migrating.erp.look()
    assert after.deployments != before.deployments
    refused = migrating.call("rollback", helm=helm)
    assert refused.code == 9
    assert HOOK in refused.stderr
    assert migrating.erp.look() == after
    answered = migrating.call("rollback", "--over-migration", helm=helm)
    assert answered.code == 0, answered.stderr
    wait_for(before.deployments, lambda: migrating.erp.look().deployments)


@pytest.mark.parametrize("program", [go_binaries.helm3, go_binaries.helm4])
def test_both_helms_say_which_hooks_ran(program: Callable[[], Path], tmp_path: Path) -> None:
    """By a release in a file, which takes the cluster's place."""
    records = tmp_path / "records.yaml"
    records.write_text(CUT_OFF, encoding="utf-8")
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "HELM_DRIVER": "memory",
           "HELM_MEMORY_DRIVER_DATA": str(records)}  # fmt: skip
    argv = [str(program()), "get", "all", "--namespace", "erp-dev", "--template", RECORD_TEMPLATE, "--", "erp"]
    printed = subprocess.run(argv, env=env, capture_output=True, text=True, check=True).stdout
    assert tuple(hook_runs(printed)) == (HookRun("Job", "erp-migrate", "Running", ("pre-upgrade", "pre-install")),)
