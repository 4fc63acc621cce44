"""Answers that were given already."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from endpoint.execution.cache import Cache, Kept, Response
from endpoint.protocol.plain import Key


def key(query: str, snapshot: str = "1") -> Key:
    return Key(snapshot, query, "http://h.example/sparql", (), (), "text/csv", coding="")


def kept(size: int) -> Kept:
    return Kept("results", None, b"x" * size)


def test_an_answer_is_kept_for_its_query_only() -> None:
    cache = Cache(1_000_000)
    cache.put(key("a"), kept(10))
    assert cache.get(key("a")) == kept(10)
    assert cache.get(key("b")) is None
    assert cache.get(key("a")._replace(default_graphs=("urn:g",))) is None
    assert (cache.hits, cache.misses) == (1, 2)


def test_the_answers_of_an_old_snapshot_go_when_a_new_one_comes() -> None:
    cache = Cache(1_000_000)
    cache.put(key("a", "1"), kept(10))
    cache.put(key("b", "2"), kept(10))
    assert cache.get(key("a", "1")) is None
    assert len(cache) == 1


def test_an_answer_that_is_too_large_is_not_kept() -> None:
    cache = Cache(160_000)
    cache.put(key("a"), kept(10_001))
    assert len(cache) == 0


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3000)), max_size=60))
def test_the_budget_holds_and_the_least_used_go_first(uses: list[tuple[int, int]]) -> None:
    cache = Cache(64_000)
    for number, size in uses:
        if cache.get(key(str(number))) is None:
            cache.put(key(str(number)), kept(size))
        assert cache.size <= 64_000
    if uses:
        assert cache.get(key(str(uses[-1][0]))) is not None


def test_whoever_asks_the_same_meanwhile_hears_of_the_answer() -> None:
    async def check() -> None:
        cache = Cache(1_000_000)
        future: asyncio.Future[Kept | None] = asyncio.get_running_loop().create_future()
        cache.begin(key("a"), future)
        assert cache.coming(key("a")) is future
        cache.end(key("a"), kept(5))
        assert await future == kept(5)
        assert cache.coming(key("a")) is None
        assert cache.get(key("a")) == kept(5)

    asyncio.run(check())


def response(query: str) -> Response:
    return Response(key(query), "SELECT", b"a: b\r\n", b"x")


def test_a_request_is_known_by_its_bytes_as_long_as_its_answer_is_kept() -> None:
    cache = Cache(64_000)
    cache.shelve(b"GET a", response("a"))
    assert cache.shelved(b"GET a", "1") is None
    cache.put(key("a"), kept(10))
    cache.shelve(b"GET a", response("a"))
    cache.shelve(b"", response("a"))
    assert cache.shelved(b"GET a", "1") == response("a")
    assert cache.shelved(b"GET a", "2") is None
    assert cache.shelved(b"", "1") is None
    for number in range(40):
        cache.put(key(str(number)), kept(3000))
    assert cache.get(key("a")) is None
    assert cache.shelved(b"GET a", "1") is None


def test_an_answer_is_known_for_few_of_the_requests_that_have_it() -> None:
    cache = Cache(1_000_000)
    cache.put(key("a"), kept(10))
    for number in range(100):
        cache.shelve(str(number).encode(), response("a"))
    assert sum(cache.shelved(str(number).encode(), "1") is not None for number in range(100)) == 8


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3000), st.integers(0, 3)), max_size=80))
def test_the_budget_holds_with_what_is_known_by_its_bytes(uses: list[tuple[int, int, int]]) -> None:
    cache = Cache(64_000)
    for number, size, client in uses:
        if cache.get(key(str(number))) is None:
            cache.put(key(str(number)), kept(size))
        cache.shelve(b"%d %d" % (number, client), response(str(number)))
        assert 0 <= cache.size <= 64_000
    for number, _, client in uses:
        found = cache.shelved(b"%d %d" % (number, client), "1")
        assert found is None or cache.get(found.key) is not None
    cache.put(key("new", "2"), kept(1))
    assert all(cache.shelved(b"%d %d" % (number, client), "1") is None for number, _, client in uses)
