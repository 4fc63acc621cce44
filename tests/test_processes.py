"""Work spread over processes."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from functools import partial
from multiprocessing import active_children
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from loader.deadline import TooLate, deadline
from loader.processes import Lost, Plan, Ready, WorkerError, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PLANS = [Plan(workers=1, items=3), Plan(workers=2, items=3), Plan(workers=2, items=1)]
CREWS = [plan for plan in PLANS if plan.workers != 1]


class Toy:
    """Does to each item what the item says; made in the worker, as an extractor is."""

    def __call__(self, items: Sequence[str]) -> Iterator[str]:
        for item in items:
            deed, _, rest = item.partition(" ")
            if deed == "raise":
                raise ValueError(rest)
            if deed == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            if deed == "exit":
                os._exit(7)
            if deed == "sleep":
                time.sleep(float(rest))
            yield item.upper()


def ended(items: list[Any], plan: Plan, make: Callable[[], Any] = Toy) -> list[Any]:
    """Return the results in order, without the items."""
    return [result for _, result in in_order(items, make, plan, len)]


@pytest.mark.parametrize("plan", PLANS)
def test_results_come_in_the_order_of_the_items(plan: Plan) -> None:
    items = [f"sleep {0.02 * (number % 3)}" for number in range(20)]
    assert [item for item, _ in in_order(items, Toy, plan, len)] == items
    assert ended(items, plan) == [item.upper() for item in items]


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("items", [[], ["a"], [Ready("b")], [Ready(1), "a", Ready(2), "b", Ready(3)]])
def test_what_is_ready_keeps_its_place(plan: Plan, items: list[Any]) -> None:
    expected = [item.result if isinstance(item, Ready) else item.upper() for item in items]
    assert ended(items, plan) == expected


@pytest.mark.parametrize("plan", PLANS)
def test_an_error_costs_the_item_that_raises_it_and_no_other(plan: Plan) -> None:
    found = ended(["a", "raise too odd", "b", "c", "d"], plan)
    assert [found[0], *found[2:]] == ["A", "B", "C", "D"]
    assert isinstance(found[1], Lost)
    assert found[1].reason.startswith("It could not be read: ValueError: too odd (test_processes.py:")


@pytest.mark.parametrize("plan", CREWS)
@pytest.mark.parametrize(("deed", "reason"), [("die", "SIGKILL"), ("exit", "ended with code 7")])
def test_a_worker_that_dies_costs_the_item_it_died_of_and_no_other(plan: Plan, deed: str, reason: str) -> None:
    items = ["a", "b", deed, *map(str, range(30)), f"{deed} again", "z"]
    found = ended(items, plan)
    lost = [place for place, result in enumerate(found) if isinstance(result, Lost)]
    assert lost == [2, len(items) - 2]
    assert reason in found[2].reason
    assert [found[place] for place in range(len(items)) if place not in lost] == [
        item.upper() for place, item in enumerate(items) if place not in lost
    ]


@pytest.mark.parametrize("plan", PLANS)
def test_an_item_that_takes_too_long_is_given_up_and_the_rest_goes_on(plan: Plan) -> None:
    hasty = Plan(plan.workers, seconds=1, items=plan.items)
    found = ended(["a", "sleep 60", "b", "c"], hasty)
    reason = "It was skipped: reading it took longer than 1 s (--timeout sets how long it may take)."
    assert found == ["A", Lost(reason), "B", "C"]


def test_what_was_broken_off_in_this_process_is_made_anew() -> None:
    made: list[Toy] = []

    def make() -> Toy:
        made.append(Toy())
        return made[-1]

    assert ended(["a", "b"], Plan(seconds=30), make) == ["A", "B"]
    assert len(made) == 1
    ended(["sleep 60"], Plan(seconds=0.1), make)
    assert len(made) == 3  # the second run's own, and another after it was late


def test_the_time_that_is_spent_on_results_is_not_the_works() -> None:
    for _ in in_order(["a", "b"], Toy, Plan(seconds=60, items=2), len):
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_the_errors_that_work_handles_do_not_take_in_that_its_time_is_up() -> None:
    def stubborn() -> Callable[[Sequence[str]], Iterator[str]]:
        def work(items: Sequence[str]) -> Iterator[str]:
            for item in items:
                with suppress(Exception):
                    time.sleep(60)
                yield item

        return work

    assert isinstance(ended(["a"], Plan(seconds=0.1), stubborn)[0], Lost)


def test_an_alarm_of_the_callers_own_goes_off_as_it_would_have() -> None:
    def ring(*_: object) -> None:
        heard.append("ring")

    heard: list[str] = []
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.2, 0.2)
    try:
        with pytest.raises(TooLate), deadline(0.05):
            time.sleep(60)
        while not heard:
            signal.pause()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_in_other_threads_nothing_is_watched() -> None:
    ended_by: list[list[Any]] = []
    thread = Thread(target=lambda: ended_by.append(ended(["sleep 0.3"], Plan(seconds=0.1))))
    thread.start()
    thread.join()
    assert ended_by == [["SLEEP 0.3"]]


def test_items_are_read_as_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0

    def endless() -> Iterator[str]:
        nonlocal read
        while True:
            read += 1
            yield "a"

    results = in_order(endless(), Toy, Plan(workers=2, items=2), len)
    for _ in range(10):
        next(results)
    assert read < 60
    results.close()


@pytest.mark.parametrize("plan", CREWS)
def test_large_items_and_results_do_not_block_each_other(plan: Plan) -> None:
    items = [f"{number}{'x' * 400_000}" for number in range(12)]
    assert ended(items, plan) == [item.upper() for item in items]


def broken() -> Toy:
    """Fail as an extractor without its model does."""
    message = "the model is not installed"
    raise OSError(message)


def test_workers_that_cannot_start_are_an_error_that_says_why() -> None:
    with pytest.raises(WorkerError, match="could not start: OSError: the model is not installed"):
        ended(["a"], Plan(workers=2), broken)
    with pytest.raises(WorkerError, match="ended with code 3"):
        ended(["a"], Plan(workers=2), partial(os._exit, 3))


def test_no_process_is_left_behind() -> None:
    results = in_order(["a", "sleep 60", "b"], Toy, Plan(workers=2, items=1), len)
    next(results)
    results.close()
    assert active_children() == []
