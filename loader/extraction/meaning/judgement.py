"""Judgement: words of blame, praise and alarm in a content, and what is said to come of something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import ReportMode, Stance
from loader.extraction.lexicon import rows
from loader.extraction.meaning.modality import is_negated
from loader.extraction.meaning.participants import speakers, stands_for_speaker
from loader.extraction.text.clauses import children

if TYPE_CHECKING:
    from loader.document import Entity, Span
    from loader.extraction.meaning.participants import Participants
    from loader.extraction.text.reading import Attribution, Voices
    from loader.extraction.text.tokens import Token, TokenSpan

Held = tuple[Stance, tuple["Entity", ...]]

PARTS_OF_SPEECH = {"VERB": "verb", "AUX": "verb", "NOUN": "noun", "PROPN": "noun", "ADJ": "adj", "ADV": "adv"}
_TABLE: dict[tuple[str, str, str], Stance] = {
    (place, words, pos): Stance(stance) for words, pos, place, stance, _source in rows("stances")
}
_IRREGULAR = {"hopes": "hope", "hoped": "hope", "hoping": "hope"}  # which the lemmatizer takes for "hop"
_COUNTERING = frozenset(
    {"combat", "counter", "fight", "end", "stop", "prevent", "address", "tackle", "reduce", "resist", "reject", "avoid"}
    | {"curb", "deter", "halt", "contain", "condemn", "oppose", "confront", "defeat", "guard", "overcome", "withstand"}
)
LINKING = frozenset({"remain", "continue", "stand", "be", "stay", "keep", "become", "feel"})
_CALLING = frozenset(
    {
        "call",
        "describe",
        "term",
        "label",
        "brand",
        "dub",
        "consider",
        "deem",
        "denounce",
        "dismiss",
        "hail",
        "see",
        "view",
    }
)
# What is good in its effects: "would bring stability to the region".
_BRINGING = frozenset(
    {
        "bring",
        "promote",
        "enhance",
        "boost",
        "strengthen",
        "ensure",
        "advance",
        "foster",
        "safeguard",
        "underpin",
        "add",
    }
    | {
        "deliver",
        "improve",
        "contribute",
        "support",
        "bolster",
        "reinforce",
        "increase",
        "further",
        "secure",
        "preserve",
    }
)
_GOODS = frozenset(
    {
        "stability",
        "peace",
        "security",
        "prosperity",
        "deterrence",
        "growth",
        "resilience",
        "trust",
        "safety",
        "progress",
    }
)
# What falls short: "has not fulfilled its objectives".
_ACHIEVING = frozenset(
    {"fulfil", "fulfill", "deliver", "achieve", "work", "succeed", "meet", "honour", "honor", "keep"}
)
_MARKS = frozenset({'"', "“", "‘", "'", "``"})
_MATTERS = frozenset(
    {"issue", "question", "problem", "matter", "challenge", "concern", "obstacle"}
)  # whatever its weight
# What blames where it is denied: "not acceptable".
_DUE = frozenset(
    {"acceptable", "helpful", "constructive", "fair", "wise", "justified", "legitimate", "conducive", "right"}
)
_PRICES = frozenset({"price", "consequence", "retaliation", "punishment", "destruction"})
_SUITED = frozenset({"placed", "positioned", "suited", "equipped"})


def of_judgement(
    participants: Participants, content: Span, head: Token, attribution: Attribution | None, voices: Voices
) -> Held | None:
    """Read words of blame, praise or alarm; praise counts only as what is said of something, not in passing.

    What brings stability, peace and the like is praised, what has not done what it was to do is blamed.
    """
    if attribution is None:
        return None
    reading = participants.reading
    negated = is_negated(head)
    called = attribution.cue_token.lemma_ in _CALLING and attribution.rule == "predicate"
    for token in reading.tokens(content):
        stance = look_up("judgement", token) or _of_step(token)
        if stance is None or _is_denied(token) or _is_countered(token):
            continue
        said = _is_said_of(token, head) or (called and _is_predicate(reading.tokens(content), token))
        if stance is Stance.OPPOSED:
            if token.pos_ == "VERB" and _is_own_act(participants, token, voices):
                continue
            if _is_spoken(attribution, token) or said:
                return Stance.OPPOSED, speakers(voices)
        elif not negated and said and not (token.dep_ == "amod" and token.head.lemma_ in _MATTERS):
            if token.pos_ == "VERB" and _is_own_act(participants, token, voices):
                continue
            return stance, speakers(voices)
    found = Stance.OPPOSED if _falls_short(head) else _of_effect(head)
    return (found, speakers(voices)) if found and not _is_own_act(participants, head, voices) else None


def _falls_short(head: Token) -> bool:
    """Whether a clause denies its subject what is due: "is not acceptable"."""
    for word in children(head, "acomp"):
        if word.lemma_ in _DUE and (is_negated(head) or any(children(word, "neg"))):
            return not any(child.lower_ == "only" for child in word.children)
    return False


def _of_effect(head: Token) -> Stance | None:
    """Return what a clause says by the effects of something: good ones, or none where there should be some."""
    words = [*children(head, "dobj", "xcomp")]
    words += [noun for link in children(head, "prep") for noun in children(link, "pobj")]
    if head.lemma_ in _BRINGING and not is_negated(head):
        goods = any(noun.lemma_ in _GOODS for noun in words)
        return Stance.SUPPORTIVE if goods and any(children(head, "nsubj")) else None
    if is_negated(head) and head.lemma_ in _ACHIEVING and head.tag_ == "VBN":
        return Stance.OPPOSED
    if head.lemma_ in ("pay", "face", "suffer") and any(noun.lemma_ in _PRICES for noun in words):
        return Stance.OPPOSED  # "would pay a dear price"
    if head.lower_ in _SUITED and any(child.lower_ == "well" for child in head.children):
        return Stance.SUPPORTIVE
    return None


def _of_step(token: Token) -> Stance | None:
    """Return the stance of "a step forward", "a leap in the right direction"; None for any other noun."""
    if token.lemma_ not in ("step", "leap", "move") or token.pos_ != "NOUN" or token.i + 1 >= len(token.doc):
        return None
    ahead = token.nbor().lower_ == "forward" or any(
        word.lower_ == "right" for word in token.subtree if word.i > token.i
    )
    return Stance.SUPPORTIVE if ahead else None


def _is_predicate(tokens: TokenSpan, token: Token) -> bool:
    """Whether a word stands in what something is called ("called the plan a step forward"), not in its name."""
    return any(token.i > mark.i for mark in tokens if mark.text in _MARKS) or token.dep_ in ("oprd", "ccomp", "acomp")


def _is_denied(token: Token) -> bool:
    """Whether a word is itself negated, or stands in what a negated verb says (its subject is not)."""
    for _ in range(6):
        if any(child.dep_ == "neg" for child in token.children):
            return True
        if token.head == token or token.dep_ in ("nsubj", "nsubjpass", "advcl", "relcl", "conj", "ccomp"):
            return False
        token = token.head
    return False


def _is_countered(token: Token) -> bool:
    """Whether a word names an evil in general that somebody works against ("counter disinformation")."""
    noun = token.head if token.dep_ in ("conj", "compound", "amod") and token.head.pos_ == "NOUN" else token
    if noun.dep_ == "dobj" or (noun.dep_ == "pobj" and noun.head.lower_ in ("against", "on")):
        verb = noun.head if noun.dep_ == "dobj" else noun.head.head
        return verb.lemma_ in _COUNTERING
    return False


def _is_own_act(participants: Participants, verb: Token, voices: Voices) -> bool:
    holders = participants.subject(verb, voices)
    return holders is not None and stands_for_speaker(holders, voices)


def _is_spoken(attribution: Attribution, token: Token) -> bool:
    """Whether a word is the source's own, not the article's."""
    if attribution.mode is ReportMode.DIRECT:
        return True
    return any(span.start <= token.idx < span.end for span in attribution.verbatim)


def _is_said_of(token: Token, head: Token) -> bool:
    """Whether a word is what the clause says of its subject, or names somebody "as" something."""
    if token == head:
        return True
    if token.dep_ in ("acomp", "attr", "oprd") and token.head == head:
        return True
    noun = token.head if token.dep_ == "amod" else token
    if noun.dep_ == "pobj" and noun.head.lower_ == "of" and noun.head.head.lower_ in ("one", "some"):
        noun = noun.head.head  # "is one of the most important partners"
    if noun.dep_ in ("attr", "oprd") and noun.head == head:
        return True
    if noun.dep_ != "pobj":
        return False
    link = noun.head
    return link.lower_ == "as" or (link.lower_ == "in" and link.head == head and head.lemma_ in LINKING)


def look_up(place: str, token: Token) -> Stance | None:
    """Return the stance that the table gives a word in a place ("cue", "attitude", "judgement", …)."""
    pos = PARTS_OF_SPEECH.get(token.pos_, "")
    lemma = _IRREGULAR.get(token.lower_, token.lemma_.lower())
    return _TABLE.get((place, lemma, pos)) or (
        _TABLE.get((place, token.lower_, "adj")) if token.tag_ in ("VBN", "VBG", "JJ") else None
    )


def look_up_phrase(place: str, token: Token) -> Stance | None:
    """Return the stance that the table gives a verb with the word after it ("look forward", "hit back")."""
    if token.pos_ not in ("VERB", "AUX") or token.i + 1 >= len(token.doc):
        return None
    return _TABLE.get((place, f"{token.lemma_.lower()} {token.nbor().lower_}", "verb"))
