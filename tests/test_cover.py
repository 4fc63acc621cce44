from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loader.document import Span
from loader.extraction.text.cover import Cover

SPANS = st.tuples(st.integers(0, 60), st.integers(1, 12)).map(lambda pair: Span(pair[0], pair[0] + pair[1]))


@given(st.lists(SPANS, max_size=12), SPANS)
def test_a_cover_touches_what_one_of_its_spans_overlaps(spans: list[Span], asked: Span) -> None:
    assert Cover(spans).touches(asked) == any(span.overlaps(asked) for span in spans)


def test_an_empty_cover_touches_nothing() -> None:
    assert not Cover(()).touches(Span(0, 5))
