"""Rights in the cluster: one that is taken away is named before the first write, and `doctor` writes it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client

from sandbox.cluster import admin_client
from tests.support.samples import NOTIFICATION
from tests.world.conftest import Erp

pytestmark = pytest.mark.world


@pytest.fixture
def lacking(erp: Erp) -> Iterator[Erp]:
    """The deployed ERP, whose role may read its autoscalers and no more."""
    api: Any = client.RbacAuthorizationV1Api(admin_client.connect())
    namespace = erp.tenant.namespace
    role = next(yaml.safe_load_all(admin_client.ACCESS.read_text(encoding="utf-8")))
    role["rules"] = [
        {**rule, "verbs": [verb for verb in rule["verbs"] if verb in ("get", "list")]}
        if "horizontalpodautoscalers" in rule["resources"]
        else rule
        for rule in role["rules"]
    ]
    api.replace_namespaced_role("erp-build", namespace, role, _request_timeout=admin_client.TIMEOUT)
    yield erp
    admin_client.give_access(namespace)


def test_a_right_that_is_missing_is_named_as_a_rule_before_anything_runs_otherwise(lacking: Erp) -> None:
    lacking.new_content(NOTIFICATION)
    before = lacking.look()
    done = lacking.run()
    assert done.code == 9, done.stderr
    assert "the role lacks 2 rights" in done.stderr
    assert "resources: [horizontalpodautoscalers]" in done.stderr
    assert "verbs: [create, patch]" in done.stderr
    assert lacking.look() == before


def test_doctor_writes_what_the_shipped_file_gives_to_the_samples_chart(erp: Erp, tmp_path: Path) -> None:
    written = tmp_path / "access.yaml"
    done = erp.call("doctor", "--only", "rights", "--write", str(written))
    assert done.code == 0, done.stdout
    (role,) = (one for one in yaml.safe_load_all(written.read_text(encoding="utf-8")) if one["kind"] == "Role")
    assert role["metadata"]["namespace"] == erp.tenant.namespace
    shipped = next(yaml.safe_load_all(admin_client.ACCESS.read_text(encoding="utf-8")))
    assert _pairs(role) <= _pairs(shipped)


def _pairs(role: Any) -> set[tuple[str, str, str]]:
    return {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
