"""OpenTelemetry: sends a finished run as a trace, by OTLP over HTTP. Only this module loads the SDK, an extra."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from logging.handlers import BufferingHandler
from threading import Thread
from typing import TYPE_CHECKING

from erp_build.clients.way_out import WAY_OUT
from erp_build.model.stages.span import Attribute, Span

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
HEADERS = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
"""Variables with the receiver's key, which is a secret."""

EXPORT_TIMEOUT_S = 5.0
"""Seconds for the receiver: an unreachable one must not delay the pipeline."""

MAX_MESSAGES_KEPT = 100
"""Messages of the SDK, of which the last is shown."""


def wanted(variables: Mapping[str, str]) -> bool:
    """Whether the environment names a receiver and does not disable OpenTelemetry."""
    off = variables.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return not off and any(variables.get(name) for name in ENDPOINTS)


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends spans.

    Attributes:
        resource: what all spans have in common.
        began: the start of the run.
        mask: replaces secrets in a text.
        exporter: another exporter than OTLP over HTTP.
        limit: seconds for the receiver.
    """

    resource: Mapping[str, Attribute]
    began: datetime
    mask: Callable[[str], str]
    exporter: "SpanExporter | None" = None
    limit: float = EXPORT_TIMEOUT_S

    def send(self, span: Span) -> str:
        """Send a span with all its children; returns what went wrong, or an empty text. Never raises."""
        answer = ["no answer in time"]

        def work() -> None:
            try:
                answer[0] = self._export(span)
            except ImportError:
                answer[0] = "OpenTelemetry is not installed: pip install 'erp-build[otel]'"
            except Exception as error:  # noqa: BLE001 - the run has ended, and its trace cannot change how
                answer[0] = f"{type(error).__name__}: {error}"

        # In a thread, because a name look-up has no timeout of its own.
        thread = Thread(target=work, daemon=True)
        thread.start()
        thread.join(WAY_OUT.left(self.limit + 1))
        return self.mask(answer[0])

    def _export(self, span: Span) -> str:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import SpanExportResult

        # The SDK only logs its errors.
        logged = BufferingHandler(MAX_MESSAGES_KEPT)
        logger = logging.getLogger("opentelemetry")
        logger.addHandler(logged)
        logger.propagate = False
        exporter = self.exporter or OTLPSpanExporter(timeout=self.limit)
        done = exporter.export(self._spans(span))
        exporter.shutdown()
        if done is SpanExportResult.SUCCESS:
            return ""
        return logged.buffer[-1].getMessage() if logged.buffer else "the receiver did not accept it"

    def _spans(self, span: Span) -> "Sequence[ReadableSpan]":
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
        from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, set_span_in_context

        memory = InMemorySpanExporter()
        provider = TracerProvider(resource=Resource.create(self._masked(self.resource)), shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(memory))

        def make(tracer: Tracer, one: Span, parent: object | None) -> None:
            made = tracer.start_span(
                one.name,
                context=parent,  # type: ignore[arg-type] # the context that is made below
                kind=SpanKind.INTERNAL if parent else SpanKind.SERVER,
                attributes=self._masked({**one.attributes, **({"error.type": one.error} if one.error else {})}),
                start_time=self._nanoseconds(one.begin),
            )
            for child in one.children:
                make(tracer, child, set_span_in_context(made))
            if one.error:
                made.set_status(Status(StatusCode.ERROR, one.error))
            made.end(self._nanoseconds(one.end))

        make(provider.get_tracer("erp_build"), span, None)
        return memory.get_finished_spans()

    def _masked(self, attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
        return {name: self.mask(value) if isinstance(value, str) else value for name, value in attributes.items()}

    def _nanoseconds(self, seconds: float) -> int:
        return int((self.began.timestamp() + seconds) * 1e9)
