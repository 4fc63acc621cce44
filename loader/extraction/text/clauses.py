"""The clause that a content is: its predicate, what stands beside it, and its tense.

Labels are those of the parser (ClearNLP style, as in Universal Dependencies version 1 but with ``prep`` and ``pobj``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import Temporality

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loader.document import Span
    from loader.extraction.text.reading import Reading
    from loader.extraction.text.tokens import Token

_SUBJECTS = frozenset({"nsubj", "nsubjpass", "csubj", "csubjpass", "expl"})
_CONTROLLING = frozenset({"against", "from", "into", "for", "of"})
_FUTURE = frozenset({"will", "shall", "'ll", "’ll", "wo", "sha", "ll"})
# Participles and adjectives after "be", and verbs, whose infinitive is still to come.
_ARRANGED = frozenset({"schedule", "scheduled", "set", "due", "slate", "slated", "plan", "expect", "about", "poise"})
_ARRANGED_ADJECTIVES = frozenset({"set", "due", "about", "poised", "ready", "likely", "unlikely", "bound", "scheduled"})
_PLANNING = frozenset({"plan", "intend", "aim", "prepare", "expect", "pledge", "vow", "promise", "propose", "mean"})
_ABSTRACT = frozenset({"goal", "aim", "purpose", "objective", "intention", "task", "job", "way", "point", "idea"})
# "I think", "we believe": the proposition is the clause below.
_TRANSPARENT = frozenset({"think", "believe", "guess", "suppose", "reckon", "know", "feel", "mean"})
_FIRST_PERSON = frozenset({"i", "we"})
_STEPS = 64  # how far up a parse is followed: deeper ones come from text that is no sentence


def head_of(reading: Reading, content: Span) -> Token:
    """Return the word that governs the others of a span: its predicate, or the head noun of what is no clause."""
    root: Token = reading.tokens(content).root
    if root.pos_ in ("PUNCT", "SPACE", "CCONJ", "SCONJ"):
        inside = [token for token in reading.tokens(content) if token.head == root and token.pos_ != "PUNCT"]
        words = inside or [token for token in reading.tokens(content) if token.pos_ not in ("PUNCT", "SPACE")]
        return inside[0] if inside else min(words, key=_depth, default=root)  # the marks at its end may hang higher
    return root


def _depth(token: Token) -> int:
    return sum(1 for _ in token.ancestors)


def proposition(head: Token) -> Token:
    """Step down from "I think" and "we believe" to the clause that is put forward."""
    for _ in range(3):
        if head.lemma_.lower() not in _TRANSPARENT:
            return head
        subject = next((child for child in head.children if child.dep_ == "nsubj"), None)
        below = next((child for child in head.children if child.dep_ == "ccomp"), None)
        if below is None or subject is None or subject.lower_ not in _FIRST_PERSON:
            return head
        head = below
    return head


def subject_of(verb: Token) -> Token | None:
    """Return the subject of a verb: its own, that of the verb it is coordinated with, or that of the verb above."""
    for _ in range(_STEPS):
        own = next((child for child in verb.children if child.dep_ in _SUBJECTS and child.dep_ != "expl"), None)
        if own is not None:
            return own
        if verb.dep_ == "relcl" or (verb.dep_ == "acl" and verb.tag_ in ("VBN", "VBG")):
            return verb.head
        above = governing_verb(verb.head) if verb.dep_ == "pcomp" else verb.head  # "interested in joining"
        if verb.dep_ not in ("conj", "xcomp", "aux", "auxpass", "advcl", "pcomp") or above is None or above == verb:
            return None
        verb = above
    return None


def children(token: Token, *labels: str) -> Iterator[Token]:
    """Yield the direct dependants that bear one of the labels, in order."""
    return (child for child in token.children if child.dep_ in labels)


def owner_of(noun: Token) -> Token | None:
    """Return whose a thing is: the possessive before it, also where the parser takes "States’" for no possessive."""
    for child in noun.children:
        if child.dep_ == "poss":
            return child
        following = child.nbor() if child.i + 1 < noun.i else None
        if child.dep_ in ("nmod", "compound") and following is not None and following.text in ("'", "’"):
            return child
    return None


def ancestors_to(token: Token, top: Token) -> Iterator[Token]:
    """Yield a token and those above it, ``top`` not included."""
    for _ in range(_STEPS):
        if token == top:
            return
        yield token
        if token.head == token:
            return
        token = token.head


def governing_verb(token: Token) -> Token | None:
    """Return the nearest verb at or above a token, None in a sentence without one."""
    for _ in range(_STEPS):
        if token.pos_ in ("VERB", "AUX") and token.dep_ not in ("aux", "auxpass", "amod", "compound"):
            return token
        if token.head == token:
            return None
        token = token.head
    return None


def is_clause(head: Token) -> bool:
    """Whether the head is a verb with something of a clause: finite, or an infinitive or participle."""
    return head.pos_ in ("VERB", "AUX") and head.tag_ not in ("NN", "NNS", "NNP", "JJ")


def auxiliaries(verb: Token) -> tuple[Token, ...]:
    """Return the auxiliaries of a verb; of a coordinated verb without any, those of the verb it goes with."""
    for _ in range(_STEPS):
        own = tuple(child for child in verb.children if child.dep_ in ("aux", "auxpass") and child.i < verb.i)
        if own or verb.dep_ != "conj" or verb.tag_ not in ("VB", "VBN", "VBG"):
            return own
        if any(child.dep_ in _SUBJECTS for child in verb.children) or verb.head.pos_ not in ("VERB", "AUX"):
            return own
        verb = verb.head
    return ()


def tense(verb: Token) -> Temporality | None:
    """Return the time that the form of a verb tells, None where the form leaves it open (infinitive, "may do").

    A present perfect is past, but present where it is negated, passive or progressive: there it tells a state.
    """
    helpers = auxiliaries(verb)
    words = {helper.lower_ for helper in helpers}
    perfect = any(helper.lemma_ == "have" for helper in helpers)
    modal = next((helper for helper in helpers if helper.tag_ == "MD"), None)
    if modal is not None:
        return _modal_tense(modal, perfect=perfect)
    if _is_arranged(verb, helpers) or "to" in words:
        return None if "to" in words else Temporality.FUTURE
    if perfect:
        return _perfect_tense(verb, helpers)
    finite = next((token for token in (*helpers, verb) if token.tag_ in ("VBD", "VBZ", "VBP")), None)
    if finite is not None:
        return Temporality.PAST if finite.tag_ == "VBD" else Temporality.PRESENT
    return Temporality.PAST if verb.tag_ == "VBN" and not helpers else None


def _modal_tense(modal: Token, *, perfect: bool) -> Temporality | None:
    word = modal.lower_
    if word in _FUTURE:
        return Temporality.FUTURE
    if perfect:
        return Temporality.PAST
    if word in ("would", "'d", "’d"):
        return Temporality.FUTURE
    return Temporality.PRESENT if word in ("can", "ca", "must", "should", "ought", "need") else None


def _perfect_tense(verb: Token, helpers: tuple[Token, ...]) -> Temporality:
    have = next(helper for helper in helpers if helper.lemma_ == "have")
    if have.tag_ not in ("VBZ", "VBP"):
        return Temporality.PAST
    state = any(child.dep_ in ("neg", "auxpass") for child in verb.children) or verb.tag_ == "VBG"
    subject = subject_of(verb)
    no_subject = subject is not None and any(child.lower_ == "no" for child in subject.children)
    return Temporality.PRESENT if state or no_subject or verb.lemma_ == "be" else Temporality.PAST


def _is_arranged(verb: Token, helpers: tuple[Token, ...]) -> bool:
    """Whether the verb says that something is going to, due to, planned to happen."""
    complements = (verb, *(children(verb, "acomp") if verb.lemma_ == "be" else ()))
    if not any(_has_to(child) for word in complements for child in children(word, "xcomp")):
        return False
    present = any(token.tag_ in ("VBZ", "VBP", "VB") for token in (*helpers, verb))
    if verb.lower_ == "going" and helpers:
        return True
    if verb.tag_ in ("VBN", "VBG") and helpers and verb.lemma_ in _ARRANGED | _PLANNING:
        return True
    if verb.lemma_ == "be":
        return _is_to_be(verb, present=present)
    return verb.lemma_ in _PLANNING and present


def _is_to_be(verb: Token, *, present: bool) -> bool:
    """Whether "be" says so of its subject: "is due to come", "is likely to come", "is to come"."""
    if any(child.lower_ == "yet" for child in verb.children):
        return False  # "is yet to come": it has not
    complement = next(children(verb, "acomp"), None)
    if complement is None:
        subject = subject_of(verb)
        return subject is not None and subject.lemma_ not in _ABSTRACT and present
    if any(child.lower_ in ("more", "less", "most") for child in complement.children):
        return False  # "more likely to freeze" compares
    beside = any(children(verb, "xcomp"))  # where the parser puts the infinitive to "be" itself
    return complement.lower_ in _ARRANGED_ADJECTIVES and (beside or complement.lower_ != "ready")


def controller_of(verb: Token) -> Token | None:
    """Return the object whose act a gerund behind a preposition is: Japan in "warned Japan against joining"."""
    link = verb.head
    if verb.dep_ != "pcomp" or link.dep_ != "prep" or link.lower_ not in _CONTROLLING:
        return None
    return next((thing for thing in children(link.head, "dobj", "nsubjpass") if thing.i < link.i), None)


def _has_to(verb: Token) -> bool:
    return any(child.lower_ == "to" and child.dep_ == "aux" for child in verb.children)
