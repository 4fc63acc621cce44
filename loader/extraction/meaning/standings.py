"""Standings: what a word of joining, leaving or being a member comes to, by its form and by what stands above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import MembershipStatus, Temporality
from loader.extraction.meaning.modality import is_negated
from loader.extraction.text.clauses import children, tense

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loader.extraction.text.tokens import Token


_FORMER = frozenset({"former", "ex", "onetime"})
_WANTING = frozenset({"want", "wish", "intend", "seek", "plan", "aspire"})
_REFUSALS = frozenset({"decline", "refuse", "reject", "rebuff"})
_EVENTS = frozenset({"accession", "entry", "admission", "inclusion"})
_AHEAD = frozenset({"future", "eventual", "prospective", "possible", "potential", "planned", "proposed"})
_BEARERS = frozenset({"country", "state", "nation", "economy", "status"})  # "a partner country", "observer status"
_REQUESTS = frozenset({"application", "bid", "candidacy", "request"})
_STEPS = 5  # how far above a word the verb is looked for that says how it is meant


def standing_noun(token: Token) -> Token:
    """Return the noun that a word for a standing only modifies: "a partner country", "observer status"."""
    return token.head if token.dep_ in ("compound", "amod", "nmod") and token.head.lemma_ in _BEARERS else token


def of_leaving(token: Token, status: MembershipStatus) -> MembershipStatus | None:
    """Return what a leaving comes to: done, or only an application withdrawn; None for one that is still to come."""
    if any(word.lemma_ in _REQUESTS for word in children(token, "dobj")):
        return MembershipStatus.DECLINED
    done = token.pos_ != "VERB" or tense(token) is Temporality.PAST
    return status if done and not is_negated(token) else None


def of_standing(noun: Token, status: MembershipStatus) -> MembershipStatus | None:
    """Return the status that a noun for one tells: as its entry has it, former, to come, or none ("is no member")."""
    if any(child.lower_ in _FORMER for child in noun.children):
        return MembershipStatus.FORMER
    if noun.dep_ not in ("attr", "oprd", "dobj") or noun.head.lemma_ not in ("be", "become", "remain"):
        return status
    if is_negated(noun.head):
        return None
    if noun.head.lemma_ == "become" and status is MembershipStatus.MEMBER:
        done = (
            tense(noun.head) is Temporality.PAST
            or noun.head.tag_ == "VBZ"
            or (noun.head.dep_ == "pcomp" and noun.head.head.lower_ in ("on", "upon", "after", "since"))
        )
        return status if done else MembershipStatus.PROSPECTIVE
    return status


def is_done(token: Token) -> bool:
    """Whether a joining is told as a fact: "joined", "has joined", "its membership", not "to join", "accession"."""
    if token.pos_ == "VERB":
        return tense(token) in (Temporality.PAST, Temporality.PRESENT)
    if token.lemma_ in _EVENTS or any(child.lower_ in _AHEAD for child in token.children):
        return False
    return not (token.dep_ == "pobj" and token.head.lower_ in ("to", "toward", "towards"))


def is_event(noun: Token) -> bool:
    """Whether a noun tells a joining as an event: "accession", "admission"."""
    return noun.lemma_ in _EVENTS


def is_denied(token: Token) -> bool:
    """Whether nothing in the words negates a joining: then it is the source that denies it ("denied that it left")."""
    return not is_negated(token) and not any(is_negated(word) or is_refusal(word) for word in above(token))


def lemma_of(token: Token) -> str:
    """Return the lemma; of a capitalised plural ("NATO's Partners") the parser gives none."""
    lemma = token.lemma_.lower()
    return lemma[:-1] if token.tag_ == "NNPS" and lemma.endswith("s") else lemma


def above(token: Token) -> Iterator[Token]:
    """Yield the words above a token, the nearest first, a few steps up."""
    for _ in range(_STEPS):
        if token.head == token:
            return
        token = token.head
        yield token


def is_unwanted(word: Token) -> bool:
    """Whether a verb says that something is not wanted: "does not want to join", "has no wish to"."""
    return word.lemma_ in _WANTING and word.pos_ == "VERB" and is_negated(word)


def is_refusal(word: Token) -> bool:
    """Whether a verb refuses: "declined to join", "ruled out joining"."""
    return word.lemma_ in _REFUSALS or (word.lemma_ == "rule" and any(child.lower_ == "out" for child in word.children))
