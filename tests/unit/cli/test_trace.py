"""The trace of a run: sent whatever happened, and never a reason for another exit code."""

import sys

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.cli import CommandLine
from tests.support.git import Checkout
from tests.support.loopback import loopback

RUN = ("run", "--rehearse", "--config", "absent.toml")


def test_a_run_that_failed_is_sent_with_its_exit_code(
    erp: Checkout, erp_build: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with loopback() as receiver:
        receiver.serve("/v1/traces", b"")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.address)
        monkeypatch.setenv("CODEBUILD_BUILD_ID", "erp-unified-build:7")
        answer = erp_build(*RUN, "--repo", erp.root)
    assert answer.code == 2
    assert "trace" not in answer.err
    (resource,) = ExportTraceServiceRequest.FromString(receiver.asked[0].body).resource_spans
    (run,) = resource.scope_spans[0].spans
    assert run.name == "RUN erp-unified-build"
    attributes = {one.key: one.value for one in run.attributes}
    assert attributes["erp_build.exit_code"].int_value == 2
    assert attributes["error.type"].string_value == "ConfigurationError"


def test_a_receiver_that_refuses_changes_no_exit_code_and_shows_no_key(
    erp: Checkout, erp_build: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with loopback() as receiver:
        receiver.serve("/v1/traces", b"Bearer s3cr3t-key is wrong", status=401)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.address)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20s3cr3t-key")
        answer = erp_build(*RUN, "--repo", erp.root)
    assert receiver.asked[0].headers["authorization"] == "Bearer s3cr3t-key"
    assert answer.code == 2
    assert "the trace of this run was not sent" in answer.err
    assert "s3cr3t" not in answer.err


def test_without_the_extra_the_package_to_install_is_named(
    erp: Checkout, erp_build: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace.export", None)
    answer = erp_build(*RUN, "--repo", erp.root)
    assert answer.code == 2
    assert "pip install 'erp-build[otel]'" in answer.err
