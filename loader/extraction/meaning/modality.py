"""How firmly a proposition is put, whether it is affirmed or negated, and when it holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loader.document import Certainty, Polarity, ReportMode, Span, StatementKind, Temporality
from loader.extraction.lexicon import rows
from loader.extraction.text.clauses import auxiliaries, children, head_of, is_clause, proposition, subject_of, tense

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loader.extraction.text.reading import Attribution, Reading
    from loader.extraction.text.tokens import Token


@dataclass(frozen=True, slots=True)
class Modality:
    """Certainty with the words that lower it (none where it is certain), polarity, and time."""

    certainty: Certainty
    hedges: tuple[Span, ...]
    polarity: Polarity
    temporality: Temporality


_HEDGES: dict[str, dict[str, Certainty]] = {}
for _words, _place, _level, _source in rows("hedges"):
    _HEDGES.setdefault(_place, {})[_words] = Certainty(_level)

# "could use its influence" is ability (with somebody who can), "could lead to war" is possibility.
_ABLE = frozenset(
    {"use", "help", "do", "provide", "play", "offer", "contribute", "build", "deliver", "bring", "make", "defend"}
    | {"work", "see", "hear", "find", "afford", "say", "speak", "tell", "serve", "exert", "supply", "produce"}
)
_ANIMATE = frozenset({"PERSON", "ORG", "GPE", "NORP"})
_COMPARING = frozenset({"more", "less", "most", "least", "as"})
_NO = frozenset({"no", "neither"})
_NOBODY = frozenset({"nobody", "none", "nothing", "noone", "neither"})
_NEVER = frozenset({"never", "nowhere"})
# Verbs of a state: after "said", their past is the present of the one who spoke.
_STATES = frozenset(
    {"be", "have", "want", "know", "believe", "think", "need", "hope", "support", "oppose", "remain", "seem", "like"}
    | {"understand", "consider", "expect", "intend", "plan", "mean", "include", "depend", "belong", "exist", "share"}
    | {"welcome", "respect", "appreciate", "lack", "involve", "require", "represent", "own", "contain", "constitute"}
)
# Nouns of an event that lies behind, where nothing else tells the time.
_EVENTS = frozenset(
    {"use", "attack", "bombing", "killing", "loss", "death", "strike", "raid", "launch", "test", "coup", "invasion"}
    | {"execution", "murder", "arrest", "decision", "election", "assassination", "shooting", "explosion", "crash"}
    | {"incident", "assault", "massacre", "annexation", "collapse", "failure", "mistake", "victory", "defeat", "vote"}
    | {"allegation", "claim", "remark", "comment", "statement", "resignation", "dismissal", "withdrawal"}
)
# "the importance of X to help": it is important now.
_WEIGHTS = frozenset({"importance", "role", "need", "value", "significance", "ability", "capacity", "right", "duty"})
_PROMISES = frozenset({"commitment", "pledge", "promise", "vow"})
_ASKED_OR_PROMISED = (StatementKind.PROMISE, StatementKind.INTENT, StatementKind.QUESTION)
_OBJECTS = frozenset({"welcome", "condemn", "praise", "criticize", "criticise", "support", "oppose", "hail", "applaud"})
_PAST_WORDS = re.compile(
    r"\b(?:ago|yesterday|in the past|last (?:night|week|month|year)|previously|once|in [12]\d{3})\b"
)
# Attitudes to what has been done, and to what is hoped for.
_BEHIND = frozenset({"regret", "deny", "admit", "recall", "remember", "apologize", "apologise", "confess", "forget"})
_AHEAD = frozenset({"look", "hope", "anticipate", "await", "consider", "contemplate", "threaten", "warn"})


def read_modality(reading: Reading, content: Span, attribution: Attribution | None = None) -> Modality:
    """Read certainty, polarity and time of a content off its predicate, and off the cue where that decides."""
    top = head_of(reading, content)
    head = proposition(top)
    certainty, hedges, denied = _certainty(head, content)
    negated = (attribution is not None and attribution.negated_cue) or denied or is_negated(top)
    if top != head and not negated:
        negated = is_negated(head)
    return Modality(
        certainty,
        hedges,
        Polarity.NEGATED if negated else Polarity.AFFIRMED,
        _temporality(head, content, attribution),
    )


# ---- certainty


def _certainty(head: Token, content: Span) -> tuple[Certainty, tuple[Span, ...], bool]:
    """Return the lowest certainty among the hedges, their words, and whether a hedge itself negates ("unlikely")."""
    found = [(span, certainty) for span, certainty in _hedges(head) if content.covers(span)]
    if not found:
        return Certainty.CERTAIN, (), False
    possible = any(certainty is Certainty.POSSIBLE for _, certainty in found)
    denied = any(child.lower_ == "unlikely" for child in head.children)
    spans = tuple(sorted({span for span, _ in found}))
    return (Certainty.POSSIBLE if possible else Certainty.PROBABLE), spans, denied


def _hedges(head: Token) -> Iterator[tuple[Span, Certainty]]:
    if not is_clause(head):
        certainty = _HEDGES["adjective"].get(head.lower_) if any(children(head, "xcomp")) else None
        if certainty:  # a headline: "Canada likely to join"
            yield _span(head), certainty
        for child in children(head, "amod", "advmod"):
            certainty = _HEDGES["modifier"].get(child.lower_)
            if certainty and not any(other.tag_ == "JJS" for other in children(head, "amod")):
                yield _span(child), certainty
        return
    for child in children(head, "advmod"):
        certainty = _HEDGES["adverb"].get(child.lower_)
        if certainty:
            yield _span(child), certainty
    for helper in auxiliaries(head):
        certainty = _HEDGES["modal"].get(helper.lower_)
        if certainty and not _is_ability(helper, head):
            yield _span(helper), certainty
    yield from _complement_hedges(head)


def _complement_hedges(head: Token) -> Iterator[tuple[Span, Certainty]]:
    helpers = auxiliaries(head)
    below = [child for child in children(head, "xcomp", "ccomp") if child.i > head.i]
    if head.lemma_ in _HEDGES["raising"] and below:
        yield _group(head, below[0]), _HEDGES["raising"][head.lemma_]
    if head.tag_ == "VBN" and head.lemma_ in _HEDGES["passive"] and below and any(h.lemma_ == "be" for h in helpers):
        yield _group(head, below[0]), _HEDGES["passive"][head.lemma_]
    if head.lemma_ != "be":
        return
    for complement in children(head, "acomp", "oprd"):
        certainty = _HEDGES["adjective"].get(complement.lower_)
        if any(child.lower_ in _COMPARING for child in complement.children):  # "were more likely to"
            continue
        if certainty and (below or any(children(complement, "xcomp", "ccomp")) or complement.lower_ == "likely"):
            yield _group(complement, next(children(complement, "xcomp", "ccomp"), None)), certainty
    for noun in children(head, "attr"):
        certainty = _HEDGES["noun"].get(noun.lemma_)
        if certainty and any(children(head, "expl")):
            link = next(children(noun, "prep", "acl"), None)
            expletive = next(children(head, "expl"))
            end = link if link is not None and link.dep_ == "prep" else noun
            yield Span(expletive.idx, end.idx + len(end)), certainty


def _is_ability(modal: Token, verb: Token) -> bool:
    if modal.lower_ != "could":
        return False
    if any(helper.lemma_ == "have" for helper in auxiliaries(verb)):
        return False
    if any(children(verb, "neg")):
        return True
    subject = subject_of(verb)
    able = subject is None or subject.pos_ == "PRON" or subject.ent_type_ in _ANIMATE
    return able and verb.lemma_ in _ABLE


def _span(token: Token) -> Span:
    return Span(token.idx, token.idx + len(token))


def _group(word: Token, below: Token | None) -> Span:
    """Return the words from the first helper of a hedge to the "to" that leads on: "is expected to"."""
    verb = word if word.pos_ in ("VERB", "AUX") else word.head
    helpers = [helper for helper in auxiliaries(verb) if helper.i == verb.i - 1 or helper.i == verb.i - 2]
    first = min([word, *(helpers or []), *([verb] if verb.lemma_ == "be" else [])], key=lambda token: token.i)
    particle = next((child for child in below.children if child.lower_ == "to"), None) if below is not None else None
    last = particle if particle is not None and particle.i == word.i + 1 else word
    return Span(first.idx, last.idx + len(last))


# ---- polarity


def is_negated(head: Token) -> bool:
    """Whether the predicate (or, of what is no clause, the noun) is put as not holding."""
    for child in head.children:
        if child.dep_ == "neg" and child.lower_ != "no" and not _is_contrast(child, head):
            return True
        if child.dep_ == "advmod" and child.lower_ in _NEVER:
            return True
        if child.dep_ == "advmod" and child.lower_ == "longer" and any(c.lower_ == "no" for c in child.children):
            return True
        if child.dep_ in ("nsubj", "nsubjpass", "attr", "dobj") and _is_empty(child, head):
            return True
    if not is_clause(head) and any(child.lower_ in _NO and child.dep_ in ("det", "neg") for child in head.children):
        return True
    return _begins_with_not(head)


def _is_empty(noun: Token, head: Token) -> bool:
    if noun.lower_ in _NOBODY:
        return True
    if noun.dep_ == "dobj" and head.lemma_ not in ("have", "see", "find", "make", "take", "give", "hold", "pose"):
        return False
    if noun.dep_ == "attr" and head.lemma_ != "be":
        return False
    return any(child.lower_ in _NO and child.dep_ in ("det", "neg") for child in noun.children)


def _is_contrast(negation: Token, head: Token) -> bool:
    """Whether "not" only sets up a "but" ("not independence but union", "not only words")."""
    following = negation.nbor() if negation.i + 1 < len(negation.doc) else None
    if following is not None and following.lower_ in ("only", "just", "merely", "simply"):
        return True
    if negation.i < head.i:
        return False
    for token in head.subtree:
        if token.i > negation.i and token.lower_ == "but" and token.dep_ == "cc":
            other = next((c for c in token.head.children if c.dep_ == "conj" and c.i > token.i), None)
            if other is not None and not any(children(other, "nsubj", "nsubjpass", "expl")):
                return True
    return False


def _begins_with_not(head: Token) -> bool:
    first = head.left_edge
    return first.lower_ == "not" and first.dep_ in ("neg", "advmod", "preconj", "dep", "cc") and first.head == head


# ---- time


def _temporality(head: Token, content: Span, attribution: Attribution | None) -> Temporality:
    if not is_clause(head):
        return _noun_time(head, attribution)
    if any(noun.lemma_ in _HEDGES["noun"] for noun in children(head, "attr")) and any(children(head, "expl")):
        return Temporality.FUTURE  # "there is a possibility of"
    found = tense(head)
    if found is None:
        return _open_time(head, content, attribution)
    if attribution is None:
        return found
    shifted = found is Temporality.PAST and _is_shifted(head, attribution)
    softened = found is Temporality.FUTURE and _is_verdict(head, attribution)
    return Temporality.PRESENT if shifted or softened or _is_object(head, content, attribution) else found


def _is_object(head: Token, content: Span, attribution: Attribution) -> bool:
    """Whether a content without "that" after "welcomed" is a thing, though the parser took it for a clause."""
    if attribution.cue_token.lemma_ not in _OBJECTS or attribution.cue.end + 1 != content.start:
        return False
    return head.tag_ in ("VBD", "VBN") and not auxiliaries(head)


def _is_verdict(head: Token, attribution: Attribution) -> bool:
    """Whether "would be" only softens what the source thinks of something, in its own words."""
    would = any(helper.lower_ in ("would", "'d", "’d") for helper in auxiliaries(head))
    verdict = head.lemma_ == "be" and any(children(head, "acomp", "attr"))
    return would and verdict and attribution.mode is ReportMode.DIRECT


def _is_shifted(head: Token, attribution: Attribution) -> bool:
    """Whether the past of an indirect content is the present of one who spoke in the past."""
    if attribution.mode is ReportMode.DIRECT or tense(attribution.cue_token) is not Temporality.PAST:
        return False
    if head.lemma_ == "look" and any(child.lower_ == "forward" for child in head.children):
        return True
    content = attribution.content
    words = head.doc.touched(content.start, content.end)
    if words is not None and _PAST_WORDS.search(words.text):
        return False
    helpers = auxiliaries(head)
    if any(helper.lemma_ == "have" for helper in helpers):
        return False
    if head.tag_ == "VBG" and any(helper.tag_ == "VBD" for helper in helpers):
        return True
    passive = any(helper.dep_ == "auxpass" for helper in helpers)
    return head.tag_ == "VBD" and head.lemma_ in _STATES and not passive


def _open_time(head: Token, content: Span, attribution: Attribution | None) -> Temporality:
    """Tell the time of an infinitive, a gerund or a modal from what surrounds it."""
    helpers = auxiliaries(head)
    if any(helper.lemma_ == "have" for helper in helpers):
        return Temporality.PAST
    if any(helper.tag_ == "MD" for helper in helpers):
        return Temporality.FUTURE
    if attribution is None:  # "Japan to join AUKUS"
        ahead = any(helper.lower_ == "to" for helper in helpers) and any(children(head, "nsubj", "nsubjpass"))
        return Temporality.FUTURE if ahead else Temporality.PRESENT
    return _time_after_cue(head, content, attribution)


def _time_after_cue(head: Token, content: Span, attribution: Attribution) -> Temporality:
    helpers = auxiliaries(head)
    cue = attribution.cue_token
    infinitive = head.tag_ == "VB" or any(helper.lower_ == "to" for helper in helpers)
    if cue.lemma_ in _BEHIND:
        return Temporality.PAST
    if attribution.kind in (StatementKind.PROMISE, StatementKind.INTENT) or cue.lemma_ in _AHEAD:
        return Temporality.FUTURE
    if infinitive and cue.idx < content.start and cue.lemma_ not in ("claim", "appear", "report", "say", "believe"):
        return Temporality.FUTURE
    return Temporality.PRESENT


def _noun_time(head: Token, attribution: Attribution | None) -> Temporality:
    """Tell the time of a content that is no clause: from an infinitive in it, the cue's class, or the kind of noun."""
    if head.lemma_ not in _WEIGHTS and any(child.tag_ == "VB" for child in children(head, "acl", "xcomp", "relcl")):
        return Temporality.FUTURE
    if head.lemma_ in _PROMISES and any(act.tag_ == "VBG" for to in children(head, "prep") for act in to.children):
        return Temporality.FUTURE  # "the commitment to building"
    if attribution is not None and attribution.kind in _ASKED_OR_PROMISED:
        return Temporality.FUTURE
    if attribution is not None and attribution.cue_token.lemma_ in ("agree", "look", "urge", "demand", "request"):
        return Temporality.FUTURE
    if head.lemma_ in _EVENTS:
        return Temporality.PAST
    return Temporality.PRESENT
