"""Builds an authority from what Wikidata gives away: streamed, and taken up again where it was stopped."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from loader.linking.dump import Choice, Named, Redirect, read_input, read_subclasses
from loader.linking.lines import Problem, is_json
from loader.linking.writer import Counts, Record, Writer
from ontology.authority import number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_EVERY = 50_000  # lines between two places from which a stopped build goes on
_TOLD = 100  # problems of one file that are told one by one
_PAGE: Final = 1 << 16  # ids in one page of those seen


@dataclass(frozen=True, slots=True)
class Built:
    """What a build made, and what it skipped."""

    counts: Counts
    problems: int


class _Seen:
    """Which ids were seen: one bit for each, so that a hundred million cost a dozen megabytes."""

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = defaultdict(lambda: bytearray(_PAGE // 8))

    def add(self, number: int) -> bool:
        """Note an id; return whether it is new."""
        page, at = self._pages[number // _PAGE], number % _PAGE
        is_new = not page[at // 8] >> at % 8 & 1
        page[at // 8] |= 1 << at % 8
        return is_new


def build(
    paths: Sequence[Path],
    out: Path,
    *,
    choice: Choice | None = None,
    name: str = "wikidata",
    date: str = "",
    tell: Callable[[Problem], None] = lambda _: None,
    progress: Callable[[int], None] = lambda _: None,
) -> Built:
    """Build the authority ``out`` from files, in their order: of what they say differently the first counts.

    ``tell`` is told of all that is skipped, ``progress`` of the bytes that were read. A build that was stopped goes on
    from its working file if it is the same build. Raises Unreadable.
    """
    choice = choice or Choice()
    plan = _plan(paths, choice)
    with Writer(out, resume=True) as kept:
        same = kept.place("plan") == plan
    problems = 0
    with Writer(out, resume=same) as writer:
        writer.commit("plan", plan)
        if choice.subclasses and choice.classes:
            choice = replace(choice, classes=_below(writer, paths, choice.classes, progress))
        for rank, path in enumerate(paths):
            problems += _gather(writer, path, rank, choice, tell, progress)
        has_entities = next(writer.ids(), None) is not None
        facts = {"name": name, "version": plan[:16], "date": date, "sources": " ".join(path.name for path in paths)}
        counts = writer.finish(facts, adopt=not has_entities)
    for identifier in counts.cycles:
        problems += 1
        tell(Problem(out.name, 0, f"{identifier} is redirected in a circle, which is left out."))
    return Built(counts, problems)


def _below(
    writer: Writer, paths: Sequence[Path], classes: frozenset[str], progress: Callable[[int], None]
) -> frozenset[str]:
    """Return classes with those below them, out of a reading of their own, which is not done twice."""
    if writer.place("classes") is None:
        for path in paths:
            before = 0
            for read, lower, upper in read_subclasses(path) if is_json(path) else ():
                if upper is not None:
                    writer.subclass(lower, upper)
                if read > before:
                    progress(read - before)
                    before = read
        writer.commit("classes", "read")
    return writer.below(classes)


def _gather(  # noqa: PLR0917 (the settings of a build)
    writer: Writer,
    path: Path,
    rank: int,
    choice: Choice,
    tell: Callable[[Problem], None],
    progress: Callable[[int], None],
) -> int:
    """Gather what a file says, from where it was left; return how much was skipped."""
    after = int(writer.place(str(rank)) or 0)
    seen, problems, before, done, last = _Seen(), 0, 0, after, after
    if after:
        for number in writer.ids(rank):
            seen.add(number)
    for line, read, found in read_input(path, choice, after):
        if line >= done + _EVERY:  # all of the lines before this one are gathered
            writer.commit(str(rank), str(line - 1))
            done = line - 1
        if read > before:
            progress(read - before)
            before = read
        is_answer = ".srj" in path.name  # which has several rows of an entity
        item = found
        if isinstance(found, Record) and not is_answer and not seen.add(number_of(found.entity.id)):
            item = Problem(path.name, line, f"{found.entity.id} was there before; the first counts.")
        if isinstance(item, Record):
            writer.add(item, rank)
        elif isinstance(item, Named):
            writer.add_name(item.id, item.name)
        elif isinstance(item, Redirect):
            writer.redirect(item.old, item.new)
        elif isinstance(item, Problem):
            problems += 1
            if problems <= _TOLD:
                tell(item)
        last = line
    if problems > _TOLD:
        tell(Problem(path.name, 0, f"{problems - _TOLD:,} more problems in it are not told one by one."))
    writer.commit(str(rank), str(max(last, after)))
    return problems


def _plan(paths: Sequence[Path], choice: Choice) -> str:
    """Return a digest of what is built from what: equal for the same build."""
    files = [(path.name, path.stat().st_size if path.is_file() else -1) for path in paths]
    wanted = (files, sorted(choice.classes), choice.sitelinks, sorted(choice.languages), choice.subclasses)
    return hashlib.sha256(repr(wanted).encode()).hexdigest()
