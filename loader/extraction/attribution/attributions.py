"""Attributions: cue, source and content brought together, outermost ones only."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING

from loader.document import StatementKind
from loader.extraction.attribution import asides, contents, cues, nominals, sources
from loader.extraction.attribution.enumerations import with_items
from loader.extraction.attribution.findings import Marks, assemble
from loader.extraction.attribution.labels import find_labels
from loader.extraction.attribution.propositions import split
from loader.extraction.attribution.quoting import is_quoted, of_quoting, saying_of
from loader.extraction.attribution.relays import find_relays, opened, outlet_of_according
from loader.extraction.attribution.turns import find_turns
from loader.extraction.text.nouns import PERSONAL, NounKind, noun_of
from loader.extraction.text.syntax import child, children, group, is_negated, is_passive

if TYPE_CHECKING:
    from loader.document import Span
    from loader.extraction.attribution.findings import Finding
    from loader.extraction.attribution.sources import Source
    from loader.extraction.text.reading import Attribution, Reading
    from loader.extraction.text.tokens import Token

_TAG = re.compile(r"</?[A-Za-z][^<>]*>?|^[a-z]{1,6}>")  # of markup that the text still has, or its end
_OF_MINDS = frozenset({StatementKind.ATTITUDE, StatementKind.INTENT, StatementKind.PROMISE})
_NEEDS_SOURCE = frozenset({"object", "predicate", "infinitive", "gerund"})
_THIRD = frozenset({"his", "her", "its", "their"})
_NOBODY = frozenset({"nobody", "none", "neither", "no"})
_REFUSING = frozenset({"decline", "refuse"})
_QUOTING = frozenset({"cite", "quote"})
_NAMING = frozenset({"name", "identify", "quote", "cite"})
_NAMELESS = frozenset({"anonymous", "unnamed", "unidentified", "nameless"})
_REMARKING = ("p:on", "p:about")
_LIGHT = frozenset(
    {
        "express",
        "voice",
        "convey",
        "raise",
        "issue",
        "make",
        "have",
        "give",
        "offer",
        "show",
        "reiterate",
        "declare",
        "announce",
        "pledge",
        "release",
        "deliver",
        "repeat",
        "renew",
        "share",
        "hold",
        "state",
    }
)


def find_attributions(reading: Reading) -> tuple[Attribution, ...]:
    """Return the attributions of an article in order of their cues, one for each proposition."""
    marks = Marks(reading)
    return tuple(
        attribution for finding in find_findings(reading, marks) for attribution in split(reading, marks, finding)
    )


def find_findings(reading: Reading, marks: Marks) -> tuple[Finding, ...]:
    """Return what each cue of the article attributes, outermost cues only, in order."""
    clausal: list[Finding] = []
    shared: dict[int, Source | None] = {}  # verbs that go with an earlier cue, and the source they share with it
    for token in reading.doc:
        found = _of_token(reading, marks, token)
        if found is None or marks.speech_around(found.span) is not None or marks.is_left_out(found.span):
            continue
        if token.i in shared:
            found = replace(found, source=shared[token.i])
        if clausal and found.cue.first <= clausal[-1].cue.token.i < found.cue.token.i:
            clausal.pop()  # a verb that is part of this cue: "repeated her claim that"
        if found.released >= 0:
            shared[found.released] = found.source
        clausal.append(found)
    speaking = frozenset(finding.source.token.text for finding in clausal if finding.source is not None)
    labels = tuple(find_labels(reading, marks, speaking))
    kept = _outermost(opened(reading, marks, [*find_turns(reading, marks, clausal, taken=labels), *labels]))
    return tuple(_with_words(marks, find_relays(reading, marks, with_items(marks, finding))) for finding in kept)


def _with_words(marks: Marks, finding: Finding) -> Finding:
    """Return a finding without the source that has no letter in it, tags left out: "*" and "<u>" are nobody."""
    source = finding.source
    if source is None or any(map(str.isalpha, _TAG.sub("", source.span.of(marks.text)))):
        return finding
    return replace(finding, source=None)


def _of_token(reading: Reading, marks: Marks, token: Token) -> Finding | None:
    if token.is_space or token.is_punct or is_quoted(token):
        return None
    if token.lower_ == "according":
        return None if _is_relay(reading, marks, token) else _of_according(reading, marks, token)
    if cues.is_verbal(token):
        quotes = saying_of(token) is not None
        return of_quoting(reading, marks, token) if quotes else _of_verb(reading, marks, token)
    if token.pos_ == "NOUN":
        return _of_noun(reading, marks, token)
    if token.pos_ == "ADJ" and (token.dep_ in ("acomp", "ROOT", "conj", "attr") or _is_made(token)):
        return _of_adjective(reading, marks, token)
    return None


def _of_verb(reading: Reading, marks: Marks, token: Token) -> Finding | None:
    entry = cues.verb(token)
    if entry is None:
        return None
    content = contents.of_verb(token, entry) or asides.of_verb(token, entry)
    if content is None:
        return None
    source = sources.of_verb(token)
    if sources.is_empty(source) and content.frame == "passive-infinitive":
        source = None
    if _says_nothing(token, entry, content) or _is_nobody(source) or (source is None and _needs_source(token, content)):
        return None
    first, last = group(token)
    if content.lead is not None:
        last = max(last, content.lead.i)
    elif content.frame in ("clause", "around"):
        last = cues.with_medium(token, last)
    cue = cues.Cue(token, entry, first, last, negated=is_negated(token) or entry.allows("denial"))
    found = assemble(reading, marks, cue, content, source)
    is_mindless = found is not None and found.kind in _OF_MINDS and sources.is_thing(source, token)
    return None if is_mindless else found


def _says_nothing(token: Token, entry: cues.Entry, content: contents.Content) -> bool:
    """Whether the verb attributes nothing: negated or refused saying, a bare infinitive with an object."""
    before = {token.head.lower_, *(word.lower_ for word in token.head.lefts)} if token.dep_ == "pcomp" else set()
    left_undone = bool(before & {"without", "instead"}) or (token.head.lower_ == "let" and token.head != token)
    if left_undone or (is_negated(token) and entry.kind("that") is StatementKind.SPEECH):
        return True  # "instead of detailing a proposal", "let us tell you that"
    if content.frame == "object" and _is_bare(token):
        return True
    if token.dep_ == "xcomp" and token.head.lemma_ in _REFUSING and entry.kind("that") is StatementKind.SPEECH:
        return True
    if token.lemma_ == "admit" and is_passive(token) and content.frame == "preposition to":
        return True  # "was admitted to the Union"
    if token.lemma_ in _QUOTING and content.frame == "object":
        return _is_somebody(child(token, "dobj"))
    return content.frame == "infinitive" and (
        (token.lemma_ in _REFUSING and _speaks(content, token)) or _is_namelessness(token)
    )


def _is_bare(token: Token) -> bool:
    """Whether a verb is a bare infinitive, and no present of several that the tagger took for one.

    "The Presidents reaffirm the treaty" is such a present, and "They are concerned about the drones and support X".
    """
    if token.tag_ != "VB" or any(c.tag_ == "MD" for c in token.children):
        return False
    infinitive = any(c.dep_ in ("aux", "auxpass") for c in token.children)
    own = child(token, "nsubj") is not None and token.head == token
    shared = token.dep_ == "conj" and token.head.tag_ in ("JJ", "VBP", "VBN") and token.head.dep_ in ("ROOT", "acomp")
    return infinitive or not (own or shared)


def _is_nobody(source: Source | None) -> bool:
    """Whether the source is nobody: "no member has recognised", "none of them said"."""
    if source is None:
        return False
    return source.token.lower_ in _NOBODY or any(c.lower_ == "no" and c.dep_ == "det" for c in source.token.children)


def _is_somebody(thing: Token | None) -> bool:
    """Whether what is cited is who said it, not what was said: "citing people familiar with the matter"."""
    if thing is None:
        return False
    noun = noun_of(thing)
    return thing.ent_type_ == "PERSON" or (noun is not None and noun.kind in PERSONAL)


def _is_namelessness(token: Token) -> bool:
    """Whether somebody only wants no name given: "asked not to be named", "wished to remain anonymous"."""
    for act in children(token, "xcomp"):
        if act.lemma_ in _NAMING and is_passive(act):
            return True
        if act.lemma_ in ("remain", "stay", "be") and any(c.lemma_ in _NAMELESS for c in act.children):
            return True
    return False


def _needs_source(token: Token, content: contents.Content) -> bool:
    return not is_passive(token) and (content.frame in _NEEDS_SOURCE or token.dep_ in ("xcomp", "amod", "pcomp"))


def _speaks(content: contents.Content, token: Token) -> bool:
    """Whether what somebody refuses to do is to speak: "declined to comment", "refused to say"."""
    heads = [child for child in token.children if child.dep_ == "xcomp" and child.i >= content.runs[0][0]]
    return any((entry := cues.verb(head)) is not None and entry.allows("quote", *_REMARKING) for head in heads)


def _of_noun(reading: Reading, marks: Marks, token: Token) -> Finding | None:
    entry = cues.noun(token)
    if entry is None:
        return None
    content = nominals.of_noun(token, entry)
    if content is None:
        return None
    first = last = token.i
    if content.lead is not None:
        last = content.lead.i
    source = None
    head = token.head
    poss = child(token, "poss")
    own = poss is not None and poss.lower_ in _THIRD
    if token.dep_ == "dobj" and (own or poss is None) and (head.lemma_ in _LIGHT or (own and cues.verb(head))):
        source = sources.of_verb(head)
        first = group(head)[0]
    elif poss is not None:
        source = sources.phrase(poss)
    else:
        for link in children(token, "prep", "agent"):
            if link.lower_ in ("by", "from", "among") and link.i < token.right_edge.i:
                inner = child(link, "pobj")
                if inner is not None:
                    source = sources.phrase(inner)
    if source is None and content.frame == "noun-clause" and token.dep_ == "nsubj" and head.lemma_ == "come":
        source = sources.of_origin(head)
    if source is None and content.frame != "noun-clause" and not _is_claim(entry, content):
        return None
    return assemble(reading, marks, cues.Cue(token, entry, first, last), content, source)


def _is_claim(entry: cues.Entry, content: contents.Content) -> bool:
    """Whether a noun tells what somebody unnamed has said: "claims of", "reports of"."""
    return content.frame == "noun of" and entry.kind("p:of") is StatementKind.SPEECH and entry.allows("that")


def _of_adjective(reading: Reading, marks: Marks, token: Token) -> Finding | None:
    entry = cues.adjective(token)
    if entry is None:
        return None
    content = nominals.of_adjective(token, entry)
    if content is None:
        return None
    head = token.head if token.dep_ == "acomp" or _is_made(token) else token
    if _is_made(token) and (is_negated(head) or content.frame != "adjective-clause"):
        return None
    subject = sources.subject_of(head)
    if subject is None or subject.lower_ in ("it", "there"):
        return None
    first, last = (group(head)[0] if head != token else token.i), token.i
    if content.lead is not None:
        last = content.lead.i
    return assemble(reading, marks, cues.Cue(token, entry, first, last), content, sources.phrase(subject, head))


def _is_made(token: Token) -> bool:
    """Whether somebody makes an adjective so: "made it clear that", "made clear that"."""
    return token.dep_ in ("ccomp", "oprd", "acomp") and token.head.lemma_ == "make" and token.head.i < token.i


def _is_relay(reading: Reading, marks: Marks, token: Token) -> bool:
    """Whether "according to X" only credits an outlet with what the clause attributes: "Li said, according to X"."""
    head = contents.clause_of(token.head)
    if head.i > token.i or not cues.is_verbal(head):
        return False
    if outlet_of_according(reading, token) is None and not _is_of_paper(token):
        return False
    found = _of_verb(reading, marks, head)
    if found is None and cues.is_quoting(head):
        return sources.of_verb(head) is not None  # a quotation follows
    return found is not None and found.source is not None


def _is_of_paper(token: Token) -> bool:
    """Whether "according to" names only where words can be read: "according to a post on X"."""
    link = child(token, "prep")
    thing = child(link, "pobj") if link is not None else None
    noun = noun_of(thing) if thing is not None else None
    return noun is not None and noun.kind is NounKind.DOCUMENT


def _of_according(reading: Reading, marks: Marks, token: Token) -> Finding | None:
    doc = token.doc
    if token.i + 1 >= len(doc) or doc[token.i + 1].lower_ != "to":
        return None
    to = doc[token.i + 1]
    inner = child(to, "pobj", "pcomp")
    if inner is None:
        return None
    source = sources.described(inner)
    last = reading.tokens(source.span).end - 1
    content = contents.according(token, max(last, inner.right_edge.i))
    if content is None:
        return None
    entry = cues.Entry("according to", {})
    return assemble(reading, marks, cues.Cue(token, entry, token.i, to.i), content, source)


def _outermost(found: list[Finding]) -> list[Finding]:
    """Leave out the cues that lie inside what another cue attributes.

    A cue set behind a sentence in which somebody else is quoted attributes none of it.
    """
    told = sorted(f.span.start for f in found if f.rule.startswith("quote"))
    free = [f for f in found if f.rule != "around" or not any(_holds(told, part) for part in f.parts)]
    free.sort(key=lambda f: (f.span.start, -f.span.end))
    holders = _holders(free)
    outer: dict[int, bool] = {}  # decided so far, by place in ``free``
    waiting = list(range(len(free)))
    while waiting:
        left = []
        for number in waiting:
            known = [outer.get(holder) for holder in holders[number]]
            if any(known):
                outer[number] = False
            elif None not in known:
                outer[number] = True
            else:
                left.append(number)
        if len(left) == len(waiting):
            break  # cues that stand in each other's content attribute nothing
        waiting = left
    kept: list[Finding] = []
    for number, finding in enumerate(free):
        if outer.get(number) and not (kept and kept[-1].span.overlaps(finding.span)):
            kept.append(finding)
    return kept


def _holders(found: list[Finding]) -> list[list[int]]:
    """Return for each finding, in order of their cues, the places of those that its cue lies inside the content of."""
    parts = sorted((part.start, part.end, number) for number, finding in enumerate(found) for part in finding.parts)
    holders: list[list[int]] = []
    open_parts: list[tuple[int, int]] = []  # ends and owners of the parts begun so far that may still go on
    at = 0
    for finding in found:
        while at < len(parts) and parts[at][0] <= finding.span.start:
            open_parts.append(parts[at][1:])
            at += 1
        open_parts = [part for part in open_parts if part[0] > finding.span.start]
        holders.append([number for end, number in open_parts if end >= finding.span.end])
    return holders


def _holds(places: list[int], span: Span) -> bool:
    """Whether one of some places, in rising order, lies inside a span."""
    at = bisect_left(places, span.start)
    return at < len(places) and places[at] < span.end
