"""The accounts of clients: what they used of the workers, and how it is forgotten."""

from __future__ import annotations

import pytest

from endpoint.execution.accounts import Accounts


class Clock:
    """A clock that goes as far as it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_client_that_asked_nothing_used_nothing_and_is_light() -> None:
    accounts = Accounts(Clock())
    assert accounts.used("a") == 0
    assert accounts.is_light("a")
    assert len(accounts) == 0


def test_half_of_what_was_used_is_forgotten_in_ten_seconds() -> None:
    clock = Clock()
    accounts = Accounts(clock)
    accounts.begin("a")
    clock.now += 1
    accounts.end("a")
    used = accounts.used("a")
    assert 0.95 < used < 1
    clock.now += 10
    assert accounts.used("a") == pytest.approx(used / 2)


def test_queries_that_still_run_count_and_so_does_each_of_them() -> None:
    clock = Clock()
    accounts = Accounts(clock)
    accounts.begin("one")
    accounts.begin("two")
    accounts.begin("two")
    clock.now += 3
    assert accounts.used("one") > 2.5
    assert accounts.used("two") == pytest.approx(2 * accounts.used("one"))
    assert not accounts.is_light("one")


def test_how_often_an_account_is_looked_at_changes_nothing() -> None:
    clock = Clock()
    accounts = Accounts(clock)
    for client in ("seldom", "often"):
        accounts.begin(client)
    for _ in range(20):
        clock.now += 0.5
        accounts.begin("often")
        accounts.end("often")
    assert accounts.used("often") == pytest.approx(accounts.used("seldom"))


def test_a_heavy_client_is_light_again_after_a_while() -> None:
    clock = Clock()
    accounts = Accounts(clock)
    accounts.begin("a")
    clock.now += 30
    accounts.end("a")
    assert not accounts.is_light("a")
    clock.now += 60
    assert accounts.is_light("a")


def test_clients_that_are_forgotten_take_no_memory() -> None:
    clock = Clock()
    accounts = Accounts(clock)
    accounts.begin("stays")
    for number in range(5000):
        accounts.begin(str(number))
        clock.now += 0.1
        accounts.end(str(number))
    assert len(accounts) < 2500
    assert not accounts.is_light("stays")
