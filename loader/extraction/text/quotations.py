"""Words between quote marks: straight and curly, nested, over several paragraphs, unbalanced."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from loader.document import Span
from loader.extraction.text.parse import is_hard_wrapped
from loader.extraction.text.reading import Page, Quotation

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE = re.compile(r"[^\n]+")
_BLOCK = re.compile(r"[^\n]+(?:\n(?![ \t]*\n)[^\n]+)*")
_MARK = re.compile(r"''|``|[\"“”„‟«»‘’'‚‹›]")
# Words that begin with an apostrophe.
_CLIPPED = re.compile(r"(?:\d0s|em|til|cause|tis|twas|n|bout|round|neath|burbs|hood|cuz|cos)\b", re.IGNORECASE)
_WORD = re.compile(r"\w+(?:[.'’-]\w+)*")
_ENDING = ".?!…"
_ASIDE = 200  # characters: the longest aside in a quotation
_SCARE_WORDS = 9  # a longer run of quoted words is speech, wherever it stands


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    family: str  # which marks it can pair with
    opens: bool
    closes: bool


def find_quotations(text: str, page: Page | None = None) -> tuple[Quotation, ...]:
    """Return the quotations of a text, outermost ones only, in order; those in boilerplate are left out.

    Marks pair inside one paragraph. An opening mark without a closing one ends at the end of its paragraph;
    if the next paragraph opens with a mark again, or goes on to a closing mark, it is ``continued`` there.
    Apostrophes and primes are no marks.
    Takes time linear in the length of the text.
    """
    paragraphs = list((_BLOCK if is_hard_wrapped(text) else _LINE).finditer(text))
    singly = _going_on_singly(text, [paragraph.span() for paragraph in paragraphs])
    boilerplate = page.boilerplate if page else ()
    found: list[Quotation] = []
    carried = False  # the paragraph before ended inside a quotation
    for paragraph in paragraphs:
        start, end = paragraph.span()
        while end > start and text[end - 1].isspace():
            end -= 1
        if end == start or any(line.start <= start < line.end for line in boilerplate):
            continue
        marks = tuple(_marks(text, start, end))
        if start in singly:
            pairs, open_at_end = [(start, start + 1, end, end)], True
        else:
            pairs, open_at_end = _pairs(text, start, end, marks, carried=carried)
        opens_paragraph = bool(marks) and marks[0].start == start and marks[0].opens
        if found and carried and not (opens_paragraph or (pairs and pairs[0][0] == start)):
            found[-1] = Quotation(found[-1].inner, found[-1].outer, found[-1].scare, continued=False)
        for pair in pairs:
            quotation = _quotation(text, start, pair)
            if quotation is None:
                continue
            if quotation.scare and found and found[-1].outer.start >= start and _goes_on(text, found[-1], quotation):
                quotation = Quotation(quotation.inner, quotation.outer)
            found.append(quotation)
        if open_at_end and found:
            found[-1] = Quotation(found[-1].inner, found[-1].outer, scare=False, continued=True)
        carried = open_at_end
    if found and found[-1].continued:
        found[-1] = Quotation(found[-1].inner, found[-1].outer, found[-1].scare, continued=False)
    return tuple(found)


def _going_on_singly(text: str, paragraphs: list[tuple[int, int]]) -> set[int]:
    """Return where paragraphs start whose single quotation goes on in the next one: both open with such a mark."""
    full = [(start, end) for start, end in paragraphs if text[start:end].strip()]
    return {
        start
        for (start, end), (after, _) in pairwise(full)
        if text[start] in "'‘" and text[after] == text[start] and text[start:end].rstrip()[-1] not in "'’"
    }


def _quotation(text: str, paragraph: int, pair: tuple[int, int, int, int]) -> Quotation | None:
    """Return the quotation of a pair of marks, None if there is nothing between them."""
    outer_start, start, end, outer_end = pair
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start == end:
        return None
    inner, outer = Span(start, end), Span(outer_start, outer_end)
    return Quotation(inner, outer, scare=_is_scare(text, paragraph, inner, outer))


def _marks(text: str, start: int, end: int) -> Iterator[_Mark]:
    """Yield what may be a quote mark in one paragraph, with the sides it can serve."""
    straight = 0  # straight marks so far
    for match in _MARK.finditer(text, start, end):
        mark = match.group()
        at, after = match.span()
        before = text[at - 1] if at > start else " "
        behind = text[after] if after < end else " "
        left_free = before.isspace() or before in "([{—–―-/“‘\"'«„…"
        right_free = behind.isspace() or not (behind.isalnum() or behind in "$£€#@[")
        if mark in "“„‟«":
            closes = mark == "«" and right_free and not left_free
            yield _Mark(at, after, mark if mark in "«„" else "“", opens=not closes, closes=closes)
        elif mark in "”»":
            first = mark == "”" and at == start and not right_free  # set the wrong way round
            opens = first or (mark == "»" and left_free and not right_free)
            yield _Mark(at, after, "«" if mark == "»" else "“", opens=opens, closes=not first)
        elif mark in ('"', "''", "``"):
            if mark == '"' and before.isdigit() and right_free and (straight % 2 == 0 or _is_height(text, start, at)):
                continue  # a prime
            straight += 1
            opens = mark == "``" or (left_free and not (right_free and behind.isspace()))
            yield _Mark(at, after, '"', opens=opens, closes=mark != "``" and not (left_free and not right_free))
        elif mark in "'‘" and left_free and not right_free:
            if not _CLIPPED.match(text, after):
                yield _Mark(at, after, "'", opens=True, closes=False)
        elif mark in "'’" and right_free and not before.isspace():
            yield _Mark(at, after, "'", opens=False, closes=True)


def _is_height(text: str, start: int, at: int) -> bool:
    """Whether the mark after a digit ends a measure in feet and inches: ``6'2"``."""
    run = at
    while run > start and text[run - 1].isdigit():
        run -= 1
    return run > start and text[run - 1] in "'’′"


def _pairs(
    text: str, start: int, end: int, marks: tuple[_Mark, ...], *, carried: bool
) -> tuple[list[tuple[int, int, int, int]], bool]:
    """Pair the marks of one paragraph: (outer start, inner start, inner end, outer end), and whether one stays open."""
    left = dict.fromkeys("“„«\"'", 0)
    for mark in marks:
        if mark.closes:
            left[mark.family] += 1
    pairs: list[tuple[int, int, int, int]] = []
    carries = carried and marks and not marks[0].opens and marks[0].family != "'"
    stack = [_Mark(start, start, marks[0].family, opens=True, closes=False)] if carries else []
    for number, mark in enumerate(marks):
        if mark.closes:
            left[mark.family] -= 1
        if stack and stack[-1].family == "„" and text[mark.start] in "“”":
            opener = stack.pop()
            pairs.append((opener.start, opener.end, mark.start, mark.end))
            continue
        same = _partner(stack, mark)
        single = mark.family == "'"
        if single and mark.closes and (same is None or _is_possessive(text, marks, number)):
            continue  # an apostrophe
        if mark.closes and same is not None:
            opener = stack[same]
            del stack[same:]
            pairs.append((opener.start, opener.end, mark.start, mark.end))
        elif mark.opens and (left["'"] or not single):
            if not single and same is not None and left[mark.family] < 2:
                # The one before was never closed: it ends here, if it holds a sentence; else it was a stray mark.
                opener = stack[same]
                del stack[same:]
                if _closes_sentence(text, opener.end, mark.start):
                    pairs.append((opener.start, opener.end, mark.start, mark.start))
            if len(stack) < _DEEPEST:
                stack.append(mark)
    unclosed = next((mark for mark in stack if mark.family != "'"), None)
    if unclosed:
        pairs.append((unclosed.start, unclosed.end, end, end))
    return _outermost(pairs), unclosed is not None


def _outermost(pairs: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Return the pairs that lie in no other, in order."""
    kept: list[tuple[int, int, int, int]] = []
    for pair in sorted(pairs, key=lambda pair: (pair[0], -pair[3])):
        if not kept or pair[0] >= kept[-1][3]:
            kept.append(pair)
    return kept


def _partner(stack: list[_Mark], mark: _Mark) -> int | None:
    """Return the place of the open mark that a mark can close: of its family, or straight with curly by mistake."""
    for family in (mark.family, _MIXED.get(mark.family)):
        if family != mark.family and mark.opens:
            break
        for at in range(len(stack) - 1, -1, -1):
            if stack[at].family == family:
                return at
    return None


_MIXED = {"“": '"', '"': "“"}
_DEEPEST = 8  # marks open at once; deeper ones are noise


def _is_possessive(text: str, marks: tuple[_Mark, ...], number: int) -> bool:
    """Whether the mark after "s" goes with the word before it ("the leaders' talks"): the next mark closes, too."""
    mark = marks[number]
    following = next((other for other in marks[number + 1 : number + 9] if other.family == "'"), None)
    return (
        text[mark.start - 1] in "sS"
        and text[mark.end : mark.end + 1] == " "
        and following is not None
        and following.closes
    )


def _closes_sentence(text: str, start: int, end: int) -> bool:
    while end > start and text[end - 1].isspace():
        end -= 1
    return end > start and text[end - 1] in _ENDING


def _goes_on(text: str, before: Quotation, quotation: Quotation) -> bool:
    """Whether a quotation ends the sentence that the one before began: '"Japan", she said, "is not bound."'."""
    between = text[before.outer.end : min(quotation.outer.start, before.outer.end + _ASIDE)]
    parted = between.rstrip().endswith((",", "—", "–", "-")) and not any(mark in between for mark in ".?!\n")
    closed = text[quotation.inner.end - 1] in ".,?!" or text[quotation.outer.end : quotation.outer.end + 1] in (
        ".",
        ",",
    )
    return not before.scare and parted and closed


def _is_title(text: str, inner: Span) -> bool:
    """Whether all but the small words begin with a capital: the name of a programme or a book."""
    return all(
        match.group()[0].isupper() or match.group()[0].isdigit() or len(match.group()) < 4
        for match in _WORD.finditer(text, inner.start, inner.end)
    )


def _is_scare(text: str, paragraph: int, inner: Span, outer: Span) -> bool:
    """Whether the quoted words are only taken over or held at arm's length, not an utterance by themselves.

    An utterance begins a sentence or follows a comma, colon or dash, or it is long, or holds a sentence's end inside.
    """
    words = sum(1 for _ in _WORD.finditer(text, inner.start, inner.end))
    if words > _SCARE_WORDS or (words > 3 and any(mark in text[inner.start : inner.end - 1] for mark in ".?!")):
        return False
    before = text[max(paragraph, outer.start - 40) : outer.start].rstrip()
    leading = before[-1:]
    capital = text[inner.start].isupper()
    ending = text[inner.end - 1]
    behind = text[outer.end : outer.end + 1]
    if leading == ":":
        return False
    if leading.isalnum() and capital and words > 1 and _is_title(text, inner):
        return True
    if not leading or (leading in _ENDING and capital):
        return ending not in ",.?!…—" and behind != ","
    if leading in ",—–―":
        return not (capital and (ending in ",.?!…" or behind in ",."))
    return not (capital and ending == ",")
