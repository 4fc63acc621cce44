"""The review file of a store, ``links.sssom.tsv``: the machine's decisions, and a person's, which win."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from loader.linking.rows import MANUAL, Row, Verdict
from loader.linking.sssom import compact, read, verdict_of, write
from loader.summary import Problem
from ontology.layout import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ontology.vocabulary import Mint

NAME = "links.sssom.tsv"


class BadJudgement(ValueError):
    """A judgement that cannot be noted; the message says why."""


@dataclass(frozen=True, slots=True)
class Review:
    """What a review file says, and what there is to say of it."""

    rows: tuple[Row, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def persons(self) -> tuple[Row, ...]:
        """The rows of persons."""
        return tuple(row for row in self.rows if row.is_reviewed)

    def about(self, subject: str) -> tuple[Row, ...]:
        """Return the rows on an entity."""
        return tuple(row for row in self.rows if row.subject == subject)


class Sheet:
    """A review file as `save_review` wrote it, line by line, so that few rows can be changed in a long one.

    ``lines`` are those of each entity, by the form in which they name it.
    """

    def __init__(self, text: str, mint: Mint) -> None:
        self._mint = mint
        self._head = len(write((), mint).splitlines())
        self.lines: dict[str, list[str]] = {}
        for line in text.splitlines()[self._head :]:
            self.lines.setdefault(line.partition("\t")[0], []).append(line)

    def about(self, subjects: Iterable[str]) -> tuple[Row, ...]:
        """Return the rows on some entities."""
        lines = [line for each in subjects for line in self.lines.get(compact(each, self._mint), ())]
        head = write((), self._mint)
        rows, _ = read(head + "\n".join(lines), NAME, self._mint)
        return rows

    def put(self, subjects: Iterable[str], rows: Iterable[Row]) -> None:
        """Have ``rows`` as all there are on some entities."""
        for each in subjects:
            self.lines.pop(compact(each, self._mint), None)
        for line in write(rows, self._mint).splitlines()[self._head :]:
            self.lines.setdefault(line.partition("\t")[0], []).append(line)

    def counts(self) -> dict[str, int]:
        """Return how many rows have which verdict, by verdict."""
        return counted(verdict_of(*line.split("\t", 5)[2:5]) for lines in self.lines.values() for line in lines)

    def text(self) -> str:
        """Return the whole file: what `write` gives for the same rows."""
        lines = (line for name in sorted(self.lines) for line in self.lines[name])
        return write((), self._mint) + "".join(f"{line}\n" for line in lines)


def counted(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Return how often each verdict occurs, by verdict."""
    return {str(verdict): count for verdict, count in sorted(Counter(verdicts).items())}


def open_review(store: Path, mint: Mint) -> Review:
    """Read the review file in a store's directory; empty where there is none. Raises StoreError if unreadable."""
    rows, problems = read(read_review(store), str(store / NAME), mint)
    return Review(rows, problems)


def read_review(store: Path) -> str:
    """Return the text of the review file, empty where there is none. Raises StoreError if unreadable."""
    path = store / NAME
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise StoreError(store, f"{path}:{line}: The review file is no UTF-8 here; save it as UTF-8.") from error
    except OSError as error:
        raise StoreError(store, f"The review file {path} cannot be read: {error.strerror or error}.") from error


def keep_aside(store: Path, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Copy a review file in which there are problems, for what they leave out; return them with where the copy is.

    Raises StoreError where it cannot be copied.
    """
    if not problems:
        return ()
    path = store / NAME
    text = path.read_bytes()
    aside = path.with_name(f"links.{hashlib.sha256(text).hexdigest()[:8]}.sssom.tsv")
    try:
        aside.write_bytes(text)
    except OSError as error:
        raise StoreError(store, f"The review file {path} cannot be copied: {error.strerror or error}.") from error
    kept = Problem(str(path), None, f"The file is written anew; as it was, with all its rows, it is kept as {aside}.")
    return (*problems, replace(kept, fatal=False))


def save_review(store: Path, text: str) -> None:
    """Write the review file, whole or not at all. Raises StoreError where it cannot be written."""
    path = store / NAME
    fresh = path.with_name(f".{NAME}.{os.getpid()}.new")
    try:
        fresh.write_text(text, encoding="utf-8", newline="\n")
        fresh.replace(path)
    except OSError as error:
        message = f"The review file {path} cannot be written: {error.strerror or error}."
        raise StoreError(store, message) from error


def judged(review: Review, subject: str, verdict: Verdict, target: str, *, by: str, on: str) -> tuple[Row, ...]:
    """Return the persons' rows with one more judgement; it takes the place of what persons said against it.

    ``target`` is an id, empty for NIL; ``by`` who judges, as a CURIE (``orcid:0000-0001-…``); ``on`` the ISO date.
    """
    if target and not _QID.fullmatch(target):
        message = f"{target!r} is no id of Wikidata; one is written Q17."
        raise BadJudgement(message)
    if not _CURIE.fullmatch(by):
        message = f"{by!r} names no reviewer; write orcid:0000-0001-2345-6789, reviewer:me or a web address."
        raise BadJudgement(message)
    about = next(iter(review.about(subject)), None)
    if about is None:
        message = f"The review file has no {subject}; link the store first, with `pactgraph link`."
        raise BadJudgement(message)
    same = next((row for row in review.about(subject) if row.target == target), None)
    row = Row(
        subject,
        verdict,
        target,
        about.label,
        same.target_label if same else "",
        MANUAL,
        same.confidence if same else None,
        same.match if same else "",
        same.version if same else "",
        by,
        on,
    )
    return (*(each for each in review.persons if not _gives_way(each, row)), row)


def by_uncertainty(rows: Iterable[Row]) -> list[Row]:
    """Return the decisions that a person may look at, those first whose score is nearest to even."""
    open_ = [row for row in rows if not row.is_reviewed and row.target and row.confidence is not None]
    waiting = [row for row in open_ if row.verdict is Verdict.CANDIDATE or (row.confidence or 0.0) < 1.0]
    return sorted(waiting, key=lambda row: (abs((row.confidence or 0.0) - 0.5), row.subject, row.target))


def _gives_way(old: Row, new: Row) -> bool:
    if old.subject != new.subject:
        return False
    if old.target == new.target:
        return True
    settles = (Verdict.ACCEPTED, Verdict.NIL)
    return old.verdict in settles and new.verdict in settles


_QID = re.compile(r"Q[1-9][0-9]{0,17}")
_CURIE = re.compile(r"(?:orcid|reviewer):[^\s:|<>\"{}\\^`]+|https?://[^\s|<>\"{}\\^`]+")
