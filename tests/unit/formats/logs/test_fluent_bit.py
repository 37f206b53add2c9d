"""Where Fluent Bit sends the logs of pods, and whose line a record is."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from erp_build.formats.logs.fluent_bit import log_groups, read_record

MANIFEST = Path(__file__).parents[3] / "recorded" / "helm" / "sample-manifest.yaml"
FILE = f"approval-7d9f-abcde_erp-dev_app-{'0' * 64}.log"
SETTINGS = """\
[INPUT]
    Name  cloudwatch_logs
    log_group_name  /no/output
[OUTPUT]
    Name            cloudwatch_logs
    log_group_name  /aws/eks/erp-dev/application
[output]
    name            s3
    log_group_name  /no/group
[OUTPUT]
    Name            cloudwatch
    log_group_name  /aws/eks/${CLUSTER}/other
"""


def settings(text: Any) -> dict[str, Any]:
    return {"kind": "ConfigMap", "metadata": {"name": "fluent-bit"}, "data": {"fluent-bit.conf": text}}


def test_the_sample_says_where_its_logs_go() -> None:
    objects = [one for one in YAML(typ="safe").load_all(MANIFEST) if one]
    assert log_groups(objects) == ("/aws/eks/erp-dev/application",)


def test_only_outputs_to_cloudwatch_whose_group_is_known_count() -> None:
    assert log_groups([settings(SETTINGS), settings(SETTINGS)]) == ("/aws/eks/erp-dev/application",)


@pytest.mark.parametrize("item", [settings(7), settings(""), {"kind": "ConfigMap"}, {"kind": "ConfigMap", "data": []}])
def test_another_object_names_no_group(item: dict[str, Any]) -> None:
    assert log_groups([item]) == ()


@given(st.text())
def test_any_text_of_a_config_map_is_read(text: str) -> None:
    assert all(log_groups([settings(text)]))


def test_a_record_says_whose_line_it_is() -> None:
    about = {"pod_name": "approval-1", "namespace_name": "erp-dev", "container_name": "app"}
    record = read_record("any", json.dumps({"log": "결재 저장\n", "stream": "stdout", "kubernetes": about}))
    assert record == ("approval-1", "erp-dev", "app", "결재 저장")


@pytest.mark.parametrize("prefix", ["pod-kube.var.log.containers.", "from-fluent-bit-application.var.log.containers."])
def test_the_stream_says_it_where_the_record_does_not(prefix: str) -> None:
    record = read_record(prefix + FILE, json.dumps({"log": "hello", "stream": "stderr"}))
    assert record == ("approval-7d9f-abcde", "erp-dev", "app", "hello")
    assert read_record(prefix + FILE, "plain text").text == "plain text"


def test_a_log_of_json_is_shown_as_it_was_printed() -> None:
    text = json.dumps({"level": "ERROR", "log": "my own key"})
    assert read_record(FILE, text).text == text


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_record_has_a_text(stream: str, message: str) -> None:
    assert read_record(stream, message).text == message.rstrip("\r\n") or message.lstrip().startswith("{")
