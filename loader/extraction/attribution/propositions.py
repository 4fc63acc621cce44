"""Propositions: what one cue attributes, split into statements as the guidelines split it.

Each quoted sentence is one statement, and so is each of several complement clauses ("that A and that B"). Coordinated
clauses are split only where they differ in subject, time, stance or polarity (guideline 2, convention 1).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from loader.document import ReportMode, Span, StatementKind
from loader.extraction.attribution import cues
from loader.extraction.lexicon import rows
from loader.extraction.text.reading import Attribution
from loader.extraction.text.syntax import child, is_negated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from loader.extraction.attribution.findings import Finding, Marks
    from loader.extraction.text.reading import Quotation, Reading
    from loader.extraction.text.tokens import Token

_LETTERS = re.compile(r"\w")
_DIRECT = 0.95  # share of letters inside quote marks from which words are quoted as a whole
_EDITED = re.compile(r"\[[^\]\n]{1,60}\]")
_ELLIPSIS = re.compile(r"(?:\.\s?){3,}|…")
_FUTURE = frozenset({"will", "shall", "'ll", "’ll", "wo"})
_ASKING = frozenset({"WP", "WRB", "WDT"})  # "what it would do, and how it would"
_LEAST = 2  # words: a piece with fewer is no proposition


def split(reading: Reading, marks: Marks, finding: Finding) -> Iterator[Attribution]:
    """Yield one attribution for each proposition of a finding, all with its cue and source."""
    for part in finding.parts:
        for sentence in _sentences(reading, part):
            for piece in _clauses(reading, marks, sentence):
                span = marks.tidy(piece.start, piece.end)
                if span is not None and _LETTERS.search(marks.text, span.start, span.end):
                    yield _attribution(marks, finding, span)


def _sentences(reading: Reading, part: Span) -> Iterator[Span]:
    start = part.start
    for token in reading.tokens(part):
        if token.is_sent_start and token.idx > start:
            yield Span(start, token.idx)
            start = token.idx
    if start < part.end:
        yield Span(start, part.end)


def _clauses(reading: Reading, marks: Marks, sentence: Span) -> Iterator[Span]:
    """Yield the coordinated clauses of one sentence that are propositions of their own, or the sentence whole."""
    tokens = list(reading.tokens(sentence))
    inside = {token.i for token in tokens}
    reported = not marks.among(sentence)
    start = sentence.start
    for token in tokens:
        if token.idx <= start or not _is_link(token):
            continue
        if token.i + 1 == len(token.doc):
            break
        first, second = _linked(tokens, token)
        elliptic = second is None and token.lower_ == "but" and token.nbor().lower_ == "not"  # "but not as a weapon"
        apart = elliptic and not is_negated(first)
        if first.i in inside:
            apart = apart or _stands_apart(tokens, token, first, second, reported=reported)
        elif token.nbor().lower_ == "that":  # hung on the cue: "said that …, but that …"
            apart = apart or token.nbor().dep_ == "mark"
        if not apart:
            continue
        if len(sentence_words(start, token.idx, reading.article.text)) < _LEAST:
            continue
        yield Span(start, token.idx)
        if second is not None and _is_silent(second):
            return
        start = token.idx + len(token)
        follower = token.nbor() if token.i + 1 < len(token.doc) else None
        while follower is not None and _is_opening(follower) and follower.i < inside_end(tokens):
            start = follower.idx + len(follower)
            follower = follower.nbor()
    if start < sentence.end:
        yield Span(start, sentence.end)


def _is_link(token: Token) -> bool:
    """Whether a word may set two propositions side by side: "and", "but", "or"; "while" behind a comma."""
    if token.lower_ in ("while", "whereas"):
        return token.dep_ == "mark" and token.head.dep_ == "advcl" and token.i > 0 and token.nbor(-1).text == ","
    return token.lower_ in ("and", "but", "or") and token.dep_ == "cc"


def _linked(tokens: list[Token], link: Token) -> tuple[Token, Token | None]:
    """Return what stands before and behind a link: the heads of the two clauses, or of whatever is coordinated.

    A parse may hang ", but" on a lower clause although a clause above it goes on: "We will mend what we can, but to do
    nothing would be wrong".
    """
    if link.dep_ == "mark":
        return link.head.head, link.head
    first = link.head
    second = next((c for c in first.conjuncts if c.i > link.i and c.head == first), None)
    lame = second is None or not _is_finite(second)
    if lame and link.lower_ == "but" and link.i > tokens[0].i and link.nbor(-1).text == ",":
        for above in first.ancestors:
            later = next((c for c in above.children if c.dep_ == "conj" and c.i > link.i), None)
            if later is not None and _is_main(above, tokens) and _is_finite(later):
                return above, later
    return first, second


def _is_opening(token: Token) -> bool:
    """Whether a word behind a conjunction is no part of the proposition it opens: "that", the "to" of an infinitive."""
    return token.lower_ in ("that", "so", "then", ",") or (token.tag_ == "TO" and token.dep_ == "aux")


def _is_silent(verb: Token) -> bool:
    """Whether a coordinated verb says of the one who is quoted that he said nothing: "but did not say if"."""
    entry = cues.verb(verb)
    saying = entry is not None and entry.allows("quote") and entry.kind("that") is StatementKind.SPEECH
    return saying and is_negated(verb) and child(verb, *_SUBJECTS) is None and child(verb, "aux") is not None


def inside_end(tokens: list[Token]) -> int:
    """Index of the last of some tokens."""
    return int(tokens[-1].i)


def sentence_words(start: int, end: int, text: str) -> list[str]:
    """Return the words between two places of a text."""
    return text[start:end].split()


def _stands_apart(tokens: list[Token], link: Token, first: Token, second: Token | None, *, reported: bool) -> bool:
    """Whether what follows a conjunction is a proposition of its own beside the one before it."""
    follower = link.nbor() if link.i + 1 < len(link.doc) else link
    if second is None or link.lower_ == "or" or follower.tag_ in _ASKING or _is_bracketed(tokens, link):
        return False
    if link.lower_ == "but" and follower.lower_ == "not":
        return not is_negated(first)
    if second.pos_ not in ("VERB", "AUX") or first.pos_ not in ("VERB", "AUX") or not _is_main(first, tokens):
        return False
    if follower.tag_ == "TO" and follower.head == second:  # "to build ships and to train crews"
        return _is_promised(first, tokens)
    if follower.lower_ == "that" and follower.dep_ == "mark":
        return True
    return _is_finite(second) and _differ(first, second, reported=reported)


def _is_bracketed(tokens: list[Token], link: Token) -> bool:
    """Whether a bracket is open before a conjunction, so that to part there would break it."""
    before = [token.text for token in tokens if token.i < link.i]
    return before.count("(") > before.count(")") or before.count("[") > before.count("]")


def _is_promised(first: Token, tokens: list[Token]) -> bool:
    """Whether an infinitive heads its content, or is what somebody is asked for there: "pledged to", "urged X to"."""
    while first.dep_ == "conj" and first.head.i >= tokens[0].i:
        first = first.head
    to = next((c for c in first.children if c.tag_ == "TO"), None)
    if to is None:
        return False
    asked = first.dep_ in ("acl", "relcl", "advcl") and not any(t.pos_ in ("VERB", "AUX") for t in tokens if t.i < to.i)
    return (first.head.i < tokens[0].i and to.i >= tokens[0].i - 1) or (asked and first.head.i >= tokens[0].i)


def _differ(first: Token, second: Token, *, reported: bool) -> bool:
    """Whether two coordinated verbs differ in polarity, time or stance; in reported speech "would" is yet to come."""
    if is_negated(second) != is_negated(first) or _is_future(second) != _is_future(first):
        return True
    stances = _attitudes(first), _attitudes(second)
    return (all(stances) and stances[0].isdisjoint(stances[1])) or (reported and _shift(first, second))


_SUBJECTS = ("nsubj", "nsubjpass", "csubj", "expl")


def _is_main(token: Token, tokens: list[Token]) -> bool:
    """Whether a verb heads the words it stands in, or is coordinated with what heads them."""
    first, last = tokens[0].i, tokens[-1].i
    while token.dep_ == "conj" and first <= token.head.i <= last:
        token = token.head
    return not first <= token.head.i <= last or token.head == token or token.dep_ in ("ccomp", "ROOT", "parataxis")


def _is_finite(verb: Token) -> bool:
    return verb.tag_ in ("VBD", "VBP", "VBZ", "MD") or any(
        c.tag_ in ("MD", "VBD", "VBP", "VBZ") and c.dep_ in ("aux", "auxpass") for c in verb.children
    )


def _is_future(verb: Token) -> bool:
    if verb.lower_ == "going" and any(c.dep_ == "xcomp" and child(c, "aux") is not None for c in verb.children):
        return True
    return any(c.dep_ == "aux" and c.lower_ in _FUTURE for c in verb.children)


def _shift(first: Token, second: Token) -> bool:
    """Whether of two verbs in reported speech one tells what is, the other with "would" what is to come."""
    would = [any(c.lower_ == "would" and c.dep_ == "aux" for c in verb.children) for verb in (first, second)]
    plain = [verb for verb, shifted in zip((first, second), would, strict=True) if not shifted]
    return len(plain) == 1 and plain[0].tag_ in ("VBD", "VBZ", "VBP") and not _is_future(plain[0])


@cache
def _table() -> Mapping[tuple[str, str], frozenset[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for words, pos, place, stance, _source in rows("stances"):
        if place in ("cue", "attitude"):
            found.setdefault((words, pos), set()).add(stance)
    return {key: frozenset(values) for key, values in found.items()}


def _attitudes(verb: Token) -> frozenset[str]:
    """Return the stances that a predicate can show, by its verb or its predicate adjective."""
    table = _table()
    adjective = child(verb, "acomp")
    words = [(str(verb.lemma_).lower(), "verb")]
    if adjective is not None:
        words.append((adjective.lower_, "adj"))
    return frozenset(stance for word in words for stance in table.get(word, ()))


def _attribution(marks: Marks, finding: Finding, span: Span) -> Attribution:
    inside = marks.among(span)
    letters = [match.start() for match in _LETTERS.finditer(marks.text, span.start, span.end)]
    quoted = sum(any(q.inner.start <= at < q.inner.end for q in inside) for at in letters)
    share = quoted / len(letters) if letters else 0.0
    mode = ReportMode.DIRECT if share >= _DIRECT else ReportMode.MIXED if quoted else ReportMode.INDIRECT
    verbatim, edited = _verbatim(marks.text, inside, span)
    return Attribution(
        content=span,
        mode=mode,
        kind=finding.kind,
        cue=finding.span,
        cue_token=finding.cue.token,
        source=finding.source.span if finding.source else None,
        source_token=finding.source.token if finding.source else None,
        quotes=tuple(q.inner for q in inside if q.inner.covers(span)),
        verbatim=verbatim,
        relays=finding.relays,
        edited=edited,
        negated_cue=finding.cue.negated,
        rule=finding.rule,
    )


def _verbatim(text: str, inside: tuple[Quotation, ...], span: Span) -> tuple[tuple[Span, ...], bool]:
    """Return the source's own words in a content, and whether an editor changed some (conventions 4 and 5).

    Words in square brackets and an ellipsis by the article are outside.
    """
    found: list[Span] = []
    edited = False
    for quotation in inside:
        start, end = max(quotation.inner.start, span.start), min(quotation.inner.end, span.end)
        for gap in sorted(
            [*_EDITED.finditer(text, start, end), *_ELLIPSIS.finditer(text, start, end)],
            key=lambda match: match.start(),
        ):
            edited = edited or gap.group().startswith("[")
            found.extend(_trimmed(text, start, gap.start()))
            start = max(start, gap.end())
        found.extend(_trimmed(text, start, end))
    return tuple(found), edited


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] == ","):
        end -= 1
    if start < end:
        yield Span(start, end)
