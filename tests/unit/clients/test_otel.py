"""Traces: what the SDK makes of a run, and what a receiver really gets over the wire."""

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from erp_build.clients.otel import Sender, wanted
from erp_build.clients.secrets import Secrets
from erp_build.model.stages.span import Span
from tests.support.loopback import Loopback, loopback

BEGAN = datetime(2026, 11, 26, 9, tzinfo=UTC)
RESOURCE = {"service.name": "erp_build", "cicd.pipeline.name": "erp"}
SPAN = Span(
    name="RUN erp",
    begin=0.0,
    end=9.5,
    attributes={"erp_build.exit_code": 4, "where": "https://user:hunter2@host/"},
    error="BuildFailed",
    children=(
        Span(name="make plan", begin=0.5, end=1.0),
        Span(name="build images", begin=1.0, end=9.5, children=(Span(name="build 알림", begin=1.5, end=9.0),)),
    ),
)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    with loopback() as made:
        made.serve("/v1/traces", b"")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", made.address)
        yield made


def sender(exporter: InMemorySpanExporter | None = None) -> Sender:
    return Sender(RESOURCE, BEGAN, Secrets().mask, exporter, limit=1.0)


def test_every_span_has_its_parent_its_times_and_the_resource() -> None:
    memory = InMemorySpanExporter()
    assert sender(memory).send(SPAN) == ""
    spans = {span.name: span for span in memory.get_finished_spans()}
    assert set(spans) == {"RUN erp", "make plan", "build images", "build 알림"}
    run, build, service = spans["RUN erp"], spans["build images"], spans["build 알림"]
    assert run.parent is None
    assert (run.kind, build.kind) == (SpanKind.SERVER, SpanKind.INTERNAL)
    assert build.parent == run.context
    assert service.parent == build.context
    assert len({span.context.trace_id for span in spans.values() if span.context}) == 1
    start = int(BEGAN.timestamp() * 1e9)
    assert (service.start_time, service.end_time) == (start + int(1.5e9), start + int(9e9))
    assert RESOURCE.items() <= dict(run.resource.attributes).items()


def test_an_error_is_a_status_and_an_attribute_and_secrets_are_masked() -> None:
    memory = InMemorySpanExporter()
    sender(memory).send(SPAN)
    run = next(span for span in memory.get_finished_spans() if span.parent is None)
    assert run.status.status_code is StatusCode.ERROR
    assert dict(run.attributes or {}) == {
        "erp_build.exit_code": 4,
        "where": "https://***@host/",
        "error.type": "BuildFailed",
    }


def test_a_receiver_gets_the_whole_run_in_one_request(receiver: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20abc")
    assert sender().send(SPAN) == ""
    (asked,) = receiver.asked
    assert asked.path == "/v1/traces"
    assert asked.headers["authorization"] == "Bearer abc"
    (resource,) = ExportTraceServiceRequest.FromString(asked.body).resource_spans
    spans = {span.name: span for scope in resource.scope_spans for span in scope.spans}
    assert set(spans) == {"RUN erp", "make plan", "build images", "build 알림"}
    assert spans["build 알림"].parent_span_id == spans["build images"].span_id
    assert spans["RUN erp"].end_time_unix_nano - spans["RUN erp"].start_time_unix_nano == int(9.5e9)
    assert {one.key: one.value.string_value for one in resource.resource.attributes}["cicd.pipeline.name"] == "erp"


@pytest.mark.parametrize(("code", "words"), [(400, "400"), (401, "401")])
def test_a_receiver_that_refuses_is_said(code: int, words: str, receiver: Loopback) -> None:
    receiver.serve("/v1/traces", b"", status=code)
    assert words in sender().send(SPAN)


def test_a_receiver_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    assert sender().send(SPAN)


def test_a_receiver_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        assert sender().send(SPAN)
        assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_SERVICE_NAME": "erp"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://a"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_only_a_named_receiver_is_sent_to(variables: dict[str, str], expected: bool) -> None:  # noqa: FBT001 - a parameter
    assert wanted(variables) is expected
