"""What a run of the pipeline did: what became of each article, what there is to say, and how long the steps took."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Outcome(StrEnum):
    """What became of one article of the input."""

    ADDED = "added"
    REVISED = "revised"  # added beside another text of the same address
    REPLACED = "replaced"  # the same text, read differently than before
    UNCHANGED = "unchanged"
    WRITTEN = "written"  # into a file, by `loader.pipeline.extract`
    DUPLICATE = "duplicate"  # read before in the same run
    REFUSED = "refused"  # no graph can be made of it, or one that breaks the shapes
    FAILED = "failed"  # it could not be read


@dataclass(frozen=True, slots=True)
class Problem:
    """What there is to say of one article or file.

    ``line`` counts from 1, None where no one line is meant. If it is ``fatal``, nothing was stored or written.
    """

    source: str
    line: int | None
    message: str
    fatal: bool = True

    def __str__(self) -> str:
        """Return the message with its place before it, as compilers write it."""
        return f"{self.source}: {self.message}" if self.line is None else f"{self.source}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Seconds:
    """How long the steps took; extraction, mapping and validation are sums over all workers."""

    reading: float = 0.0
    extraction: float = 0.0
    mapping: float = 0.0
    validation: float = 0.0
    storing: float = 0.0
    publishing: float = 0.0
    in_all: float = 0.0

    def __add__(self, other: Seconds) -> Seconds:
        return Seconds(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did: articles by outcome, what they hold, what there is to say, how long it took.

    ``read`` is the sum of the eight outcomes that follow it. ``statements`` and ``quads`` are those of the articles
    that the store has now, or that were written.
    """

    read: int
    added: int
    revised: int
    replaced: int
    unchanged: int
    written: int
    duplicate: int
    refused: int
    failed: int
    statements: int
    quads: int
    workers: int
    problems: tuple[Problem, ...]
    seconds: Seconds

    @property
    def is_whole(self) -> bool:
        """Whether everything that was read is in the store, or in a file."""
        return not any(problem.fatal for problem in self.problems)


def failed(problems: Iterable[Problem]) -> Summary:
    """Return the summary of a run in which nothing could be read, and why not."""
    ledger = Ledger()
    for problem in problems:
        ledger.problems.append(problem)
        ledger.outcomes[Outcome.FAILED] += problem.fatal
    return ledger.summary()


@dataclass(slots=True)
class Ledger:
    """A summary while it is written."""

    workers: int = 1
    statements: int = 0
    quads: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    seconds: Seconds = Seconds()
    started: float = field(default_factory=time.perf_counter)

    def spend(self, **seconds: float) -> None:
        """Note the time that a step took (``storing=0.1``)."""
        self.seconds += Seconds(**seconds)

    def summary(self) -> Summary:
        """Return what has been noted."""
        in_all = Seconds(in_all=time.perf_counter() - self.started)
        return Summary(
            read=self.outcomes.total(),
            **{outcome.value: self.outcomes[outcome] for outcome in Outcome},
            statements=self.statements,
            quads=self.quads,
            workers=self.workers,
            problems=tuple(self.problems),
            seconds=self.seconds + in_all,
        )
