"""The decisions of linking, one row for each; a person's come before the registry's, and those before the machine's."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MANUAL = "semapv:ManualMappingCuration"
DOUBT = "candidate: another entity has this id"


class Verdict(StrEnum):
    """What a row says."""

    ACCEPTED = "accepted"
    CANDIDATE = "candidate"
    REJECTED = "rejected"
    NIL = "nil"


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """One decision: ``subject`` is an IRI, ``target`` an id ("Q17"), empty for NIL."""

    subject: str
    verdict: Verdict
    target: str = ""
    label: str = ""
    target_label: str = ""
    justification: str = "semapv:CompositeMatching"
    confidence: float | None = None
    match: str = ""
    version: str = ""
    reviewer: str = ""
    reviewed: str = ""
    comment: str = ""

    @property
    def is_reviewed(self) -> bool:
        """Whether a person made the decision."""
        return bool(self.reviewer)


def united(machine: Iterable[Row], reviewed: Iterable[Row]) -> tuple[Row, ...]:
    """Return the machine's rows with a person's rows before them.

    Where a person accepted a link or found that there is none, the machine says nothing of the entity; a pair that a
    person rejected the machine does not propose again.
    """
    persons = [row for row in reviewed if row.is_reviewed]
    settled = {row.subject for row in persons if row.verdict in (Verdict.ACCEPTED, Verdict.NIL)}
    rejected = {(row.subject, row.target) for row in persons if row.verdict is Verdict.REJECTED}
    kept = [row for row in machine if row.subject not in settled and (row.subject, row.target) not in rejected]
    return tuple(sorted({*persons, *kept}, key=order))


def single(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return the rows with each id accepted for one entity at most: a person's, the registry's own, or the only one.

    "Nikkei Asia" is not the Nikkei, whatever it is called elsewhere. What is doubted so may be `undoubted` again.
    """
    decided = list(rows)
    claims: dict[str, list[Row]] = defaultdict(list)
    for row in decided:
        if row.verdict is Verdict.ACCEPTED:
            claims[row.target].append(row)
    kept: set[Row] = set()
    for held in claims.values():
        first = next((some for some in _by_weight(held) if some), [])
        kept.update(first if len(first) == 1 or _is_stated(first[0]) else ())
    return tuple(
        replace(row, verdict=Verdict.CANDIDATE, comment=DOUBT)
        if row.verdict is Verdict.ACCEPTED and row not in kept
        else row
        for row in decided
    )


def undoubted(row: Row) -> Row:
    """Return a row as it was before `single` had others of its id beside it."""
    return replace(row, verdict=Verdict.ACCEPTED, comment="") if row.comment == DOUBT else row


def _by_weight(held: list[Row]) -> tuple[list[Row], list[Row], list[Row]]:
    """Return the claims of persons, of the registry, and of the machine."""
    persons = [row for row in held if row.is_reviewed]
    stated = [row for row in held if _is_stated(row) and not row.is_reviewed]
    return persons, stated, [row for row in held if not _is_stated(row)]


def _is_stated(row: Row) -> bool:
    """Whether somebody says so: a person, or the registry."""
    return row.is_reviewed or row.justification == MANUAL


def order(row: Row) -> tuple[str, str, int]:
    """Return what rows are sorted by: their entity, verdict and target."""
    return row.subject, row.verdict, int(row.target[1:] or 0)
