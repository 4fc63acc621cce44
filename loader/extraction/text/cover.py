"""A set of stretches of a text, asked whether it touches another stretch."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from loader.document import Span

if TYPE_CHECKING:
    from collections.abc import Iterable


class Cover:
    """Spans that may overlap, joined where they do; each question takes a binary search."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._joined: list[Span] = []
        for span in sorted(spans):
            if self._joined and span.start < self._joined[-1].end:
                last = self._joined.pop()
                span = Span(last.start, max(last.end, span.end))  # noqa: PLW2901 (the joined span takes its place)
            self._joined.append(span)
        self._ends = [span.end for span in self._joined]

    def touches(self, span: Span) -> bool:
        """Whether one of the spans shares a character with this one."""
        place = bisect_left(self._ends, span.start + 1)
        return place < len(self._joined) and self._joined[place].start < span.end
