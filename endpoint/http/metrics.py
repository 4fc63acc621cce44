"""Counts and times of the endpoint, in the text format that Prometheus reads.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from endpoint.execution.cache import Cache
    from endpoint.execution.engine import Engine

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # seconds


class Metrics:
    """What has happened since the start, and what is the case now."""

    def __init__(self, engine: Engine, cache: Cache) -> None:
        self._engine = engine
        self._cache = cache
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._times: dict[str, list[int]] = defaultdict(lambda: [0] * (len(_BUCKETS) + 1))
        self._sums: defaultdict[str, float] = defaultdict(float)

    def record(self, path: str, method: str, status: int, form: str, seconds: float) -> None:
        """Take note of an answered request; ``form`` is the query's form, or what else was asked for."""
        self._requests[path, method, status] += 1
        self._times[form][bisect_left(_BUCKETS, seconds)] += 1
        self._sums[form] += seconds

    def text(self) -> str:
        """Return all of it as Prometheus reads it."""
        engine, cache, generation = self._engine, self._cache, self._engine.current
        engine.lending.count()
        lines: list[str] = []
        lines += _family("requests_total", "counter", "Requests, by path, method and status", self._request_lines())
        lines += self._histogram()
        gauges: list[tuple[str, str, float]] = [
            ("queries_running", "Queries that run", sum(engine.admission.running.values())),
            ("queries_waiting", "Queries that wait for a process", sum(engine.admission.waiting.values())),
            ("workers", "Processes that run queries", len(generation.workers) if generation else 0),
            ("cache_entries", "Answers that are kept", len(cache)),
            ("cache_bytes", "Bytes of the answers that are kept", cache.size),
            ("ready", "Whether queries can be answered", generation is not None),
        ]
        if generation is not None:
            gauges += [
                ("snapshot_number", "The snapshot that answers", generation.number or 0),
                ("snapshot_age_seconds", "Seconds since the snapshot was made", time.time() - generation.since),
                ("snapshot_in_memory", "Whether the snapshot is held in memory", generation.in_memory),
            ]
        for name, words, value in gauges:
            lines += _family(name, "gauge", words, [({}, float(value))])
        counters: list[tuple[str, str, Mapping[str, int], str]] = [
            ("queries_killed_total", "Queries that were killed, by reason", engine.killed, "reason"),
            ("cache_total", "Look-ups of kept answers", {"hit": cache.hits, "miss": cache.misses}, "result"),
        ]
        for name, words, values, label in counters:
            lines += _family(name, "counter", words, [({label: key}, float(n)) for key, n in sorted(values.items())])
        return "\n".join(lines) + "\n"

    def _request_lines(self) -> list[tuple[dict[str, str], float]]:
        return [
            ({"path": path, "method": method, "status": str(status)}, float(number))
            for (path, method, status), number in sorted(self._requests.items())
        ]

    def _histogram(self) -> list[str]:
        name = "pactgraph_request_seconds"
        lines = [f"# HELP {name} Seconds to answer, by the query's form", f"# TYPE {name} histogram"]
        for form, counts in sorted(self._times.items()):
            total = 0
            for bound, count in zip([*map(str, _BUCKETS), "+Inf"], counts, strict=True):
                total += count
                lines.append(f'{name}_bucket{{form="{form}",le="{bound}"}} {total}')
            lines += [f'{name}_sum{{form="{form}"}} {self._sums[form]:.6f}', f'{name}_count{{form="{form}"}} {total}']
        return lines


def _family(name: str, kind: str, words: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> list[str]:
    lines = [f"# HELP pactgraph_{name} {words}", f"# TYPE pactgraph_{name} {kind}"]
    for labels, value in samples:
        inner = ",".join(f'{key}="{text}"' for key, text in labels.items())
        lines.append(f"pactgraph_{name}{'{' + inner + '}' if inner else ''} {value:g}")
    return lines
