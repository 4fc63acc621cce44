"""Spans of OpenTelemetry, told to a real tracer that keeps them in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import serving
from serving import HTTP

from endpoint.http import tracing

if TYPE_CHECKING:
    from pathlib import Path

sdk = pytest.importorskip("opentelemetry.sdk.trace", reason="the extra otel is not installed")


def test_each_request_becomes_a_span_with_the_hash_of_its_query(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    kept = InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(tracing.trace, "get_tracer_provider", lambda: provider)
    monkeypatch.setattr(tracing.trace, "get_tracer", provider.get_tracer)
    serving.publish(tmp_path / "store", add=serving.ARTICLE)
    with serving.running(serving.settings(tmp_path / "store")) as address:
        HTTP.get(f"{address}/sparql", params={"query": "ASK { ?s ?p ?o }"})
        HTTP.get(f"{address}/sparql", params={"query": "ASK {"})
    right, wrong = kept.get_finished_spans()
    assert (right.name, wrong.name) == ("GET /sparql ASK", "GET /sparql ASK")
    assert right.attributes["http.response.status_code"] == 200
    assert wrong.attributes["http.response.status_code"] == 400
    assert len(right.attributes["pactgraph.query.hash"]) == 16
    assert "ASK {" not in str(dict(right.attributes))
    assert right.start_time < right.end_time


def test_nothing_is_told_where_no_tracer_is_configured() -> None:
    assert not tracing.is_wanted()
