"""Whom "he", "she", "it", "they" and "who" mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import EntityKind
from loader.extraction.reference.referents import salience
from loader.extraction.text.nouns import PERSONAL, NounKind
from loader.extraction.text.verbs import TELLING

if TYPE_CHECKING:
    from loader.extraction.reference.discourse import Discourse
    from loader.extraction.reference.referents import Referent, Use
    from loader.extraction.text.tokens import Token

GENDERS = {"he": "m", "him": "m", "his": "m", "she": "f", "her": "f", "hers": "f"}

_IT = frozenset({"it", "its"})
_THEY = frozenset({"they", "them", "their", "theirs"})
_NOMINAL = ("nsubj", "nsubjpass", "dobj", "pobj")
_CHAIN = 4  # verbs that share a subject
_ANYBODY = frozenset({"anyone", "anybody", "everyone", "everybody", "someone", "somebody"})
_OWNER = 1
_HEADING = 4
_TOLD = 6  # how much less likely somebody is meant of whom another only tells something
_BETWEEN = 40  # tokens before "it" in which a thing may stand that it rather means
_AGENTIVE = frozenset(
    {"say", "add", "note", "claim", "announce", "state", "warn", "report", "deny", "insist", "argue", "declare", "tell"}
    | {
        "believe",
        "hope",
        "want",
        "plan",
        "intend",
        "support",
        "oppose",
        "reject",
        "condemn",
        "pledge",
        "promise",
        "urge",
    }
    | {
        "agree",
        "welcome",
        "refuse",
        "consider",
        "recognise",
        "recognize",
        "call",
        "demand",
        "seek",
        "expect",
        "explain",
    }
    | {"accuse"}
)


class Pronouns:
    """Resolves the pronouns of one article; nothing is guessed for one that nothing fits."""

    def __init__(self, discourse: Discourse) -> None:
        self._discourse = discourse

    def resolve(self, token: Token) -> Referent | None:
        """Return whom a pronoun means, None where nothing fits or it is none of the third person."""
        word = token.lower_
        if word in GENDERS:
            return self._he(token, GENDERS[word])
        if word in _IT:
            return self._it(token)
        if word in _THEY:
            return self._they(token)
        if word in ("who", "which", "that") and token.dep_ in ("nsubj", "nsubjpass"):
            verb = token.head
            if verb.dep_ == "ccomp" and verb.head.i > token.i:
                verb = verb.head  # "the pact, which he says is too costly"
            if verb.dep_ == "relcl":
                return self._discourse.at[verb.head.i]
        return None

    def _he(self, token: Token, gender: str) -> Referent | None:
        discourse = self._discourse
        here, quotation = discourse.moment(token.i), discourse.quotation[token.i]
        barred = self._barred(token)

        def score(use: Use) -> float | None:
            referent = use.referent
            if not referent.is_person or id(referent) in barred or referent.entity.label.lower() in _ANYBODY:
                return None
            value = salience(use, here, quotation) + self._part(use)
            if referent.entity.kind is EntityKind.UNNAMED_SOURCE and not use.spoke:
                if not use.subject:
                    return None
                value -= 4
            if referent.gender == gender:
                value += 2
            elif referent.gender != "-":
                if referent.sure:
                    return None
                value -= 12
            else:
                value += 1
            return value

        found = discourse.trail.best(score, here)
        if found is not None and not found.sure and found.gender in ("-", gender):
            found.gender, found.sure = gender, True
        return found

    def _part(self, use: Use) -> float:
        """Return how much the part that somebody plays in a sentence adds, beside being its subject.

        Who only owns something is less likely meant; a name that a parse takes for the whole sentence, though it opens
        it, is its subject: "Nunes (R), chairman of the committee, didn't agree, but [he] went".
        """
        token = self._discourse.words.tokens[use.token]
        if token.dep_ == "poss" and token.pos_ == "PROPN":
            return -_OWNER
        if token.dep_ == "ROOT" and use.quotation < 0 and token.right_edge.i > token.i + 1:
            return _HEADING
        return -_TOLD if self._is_told(use) else 0

    def _is_told(self, use: Use) -> bool:
        """Whether somebody is subject only of what another says of them: "Li said that [Kim] was late"."""
        if not use.subject or use.quotation >= 0:
            return False
        verb = self._discourse.words.tokens[use.token].head
        for _ in range(_CHAIN):
            if verb.dep_ not in ("xcomp", "conj", "advcl", "aux", "attr", "acomp"):
                break
            verb = verb.head
        above = verb.head
        if verb.dep_ == "acl" and any(child.lower_ == "that" and child.dep_ == "mark" for child in verb.lefts):
            return True  # "the claim that [Kim] was late"
        if verb.dep_ != "ccomp" or above.lemma_.lower() not in TELLING or verb.i < above.i:
            return False
        return self._discourse.at[use.token] is not self._of_verb(above)

    def _of_verb(self, verb: Token) -> Referent | None:
        """Return the subject of a verb, or of the verb that it is a participle of."""
        for _ in range(_CHAIN):
            subject = next((child for child in verb.children if child.dep_ in ("nsubj", "nsubjpass")), None)
            if subject is not None:
                return self._discourse.at[subject.i]
            if verb.dep_ not in ("advcl", "conj", "xcomp"):
                break
            verb = verb.head
        return None

    def _barred(self, token: Token) -> set[int]:
        """Return whom a pronoun cannot mean: the subject of its own verb, and the speaker of the quotation it is in."""
        at = self._discourse.at
        head = token.head.head if token.dep_ == "pobj" else token.head
        found: set[int] = set()
        if token.dep_ in ("dobj", "dative", "iobj", "pobj") and head.pos_ in ("VERB", "AUX"):
            for _ in range(_CHAIN):
                subjects = [child for child in head.children if child.dep_ in ("nsubj", "nsubjpass")]
                found |= {id(at[child.i]) for child in subjects}
                if subjects or head.dep_ not in ("xcomp", "conj") or head.head.pos_ not in ("VERB", "AUX"):
                    break
                head = head.head  # "the state would continue to support them"
        if token.dep_ in ("nsubj", "nsubjpass"):  # "in a speech read by the minister, he said"
            for link in token.head.lefts:  # nor in "praising the minister, he said"
                opens = link.dep_ == "prep" or (link.dep_ == "advcl" and link.tag_ == "VBG")
                if opens and link.i < token.i:
                    others = (other for other in link.subtree if other.i < token.i and other.pos_ != "PRON")
                    found |= {id(at[other.i]) for other in others if other.tag_ != "PRP$"}  # but "for his part, he"
        speaker = self._discourse.speakers.get(self._discourse.quotation[token.i])
        if speaker is not None:
            found.add(id(at[speaker]))
        return found - {id(None)}

    def _it(self, token: Token) -> Referent | None:
        discourse = self._discourse
        if token.dep_ == "expl" or _is_empty(token):
            return None
        if token.dep_ == "poss" and token.head.dep_ == "conj" and discourse.at[token.head.head.i] is None:
            return None  # "the treaty and its annex"
        here, quotation = discourse.moment(token.i), discourse.quotation[token.i]

        def score(use: Use) -> float | None:
            if not use.referent.is_body:
                return None
            if (
                discourse.words.tokens[use.token].dep_ in ("compound", "nmod")
                and discourse.moment(token.i) > use.moment
            ):
                return None  # "the Arizona case"
            return salience(use, here, quotation) - (0 if use.subject else 3)

        speaking = self._who_says(token)
        if speaking is not None and speaking.is_body:
            return speaking
        found = discourse.trail.best(score, here)
        if found is None or self._is_paper(token, found) or self._is_thing(token, found):
            return None
        return found

    def _is_paper(self, token: Token, referent: Referent) -> bool:
        """Whether "it" says what a paper named in the sentence before says: "cited a memo by the agency. It says"."""
        discourse, words = self._discourse, self._discourse.words
        if token.dep_ != "nsubj" or token.head.lemma_.lower() not in TELLING or token.i != words.start(token.i):
            return False
        paper = False
        for i in range(token.i - 1, max(0, token.i - _BETWEEN), -1):
            other = words.tokens[i]
            if "\n" in other.text or words.sentence[i] < words.sentence[token.i] - 1:
                break
            if discourse.at[i] is referent and other.dep_ in ("nsubj", "nsubjpass"):
                return False
            noun = words.noun(other) if other.dep_ in _NOMINAL and other.tag_ == "NN" else None
            paper = paper or (noun is not None and noun.kind is NounKind.DOCUMENT and discourse.at[i] is None)
        return paper

    def _who_says(self, token: Token) -> Referent | None:
        """Return the subject of the verb whose clause has the pronoun as its own: "Japan said it would go"."""
        verb = token.head
        if token.dep_ not in ("nsubj", "nsubjpass") or verb.dep_ != "ccomp" or verb.head.lemma_.lower() not in TELLING:
            return None
        above = verb.head
        subject = next((child for child in above.children if child.dep_ == "nsubj"), None)
        same = self._discourse.quotation[token.i] == self._discourse.quotation[above.i]
        return self._discourse.at[subject.i] if subject is not None and subject.i < token.i and same else None

    def _is_thing(self, token: Token, referent: Referent) -> bool:
        """Whether "it" may rather mean a thing: one was named since, and the verb is not one of those who act."""
        if token.dep_ in ("nsubj", "nsubjpass") and token.head.lemma_.lower() in _AGENTIVE:
            return False
        discourse = self._discourse
        last = next((use.token for use in discourse.trail.back() if use.referent is referent), 0)
        for i in range(token.i - 1, max(last, token.i - _BETWEEN), -1):
            other = discourse.words.tokens[i]
            if other.dep_ in ("nsubj", "nsubjpass", "dobj") and other.tag_ in ("NN", "NNP") and discourse.at[i] is None:
                return True
        return False

    def _they(self, token: Token) -> Referent | None:
        discourse = self._discourse
        here, quotation = discourse.moment(token.i), discourse.quotation[token.i]
        barred = self._barred(token)

        def score(use: Use) -> float | None:
            referent = use.referent
            if id(referent) in barred or referent.is_person:
                return None
            value = salience(use, here, quotation) - (0 if use.subject else 2)
            if use.subject and token.dep_ in ("dobj", "pobj", "dative"):  # what is acted on was so before
                value -= (6, 4, 2)[min(here - use.moment, 2)]
            if referent.is_body:
                less = 9 if referent.entity.kind in (EntityKind.PARTNERSHIP, EntityKind.STATE) else 5
                return value - less if use.subject and here - use.moment <= 1 else None
            return value if referent.is_group or referent.plural else None

        found = discourse.trail.best(score, here)
        return None if found is None or self._are_others(token, found) else found

    def _are_others(self, token: Token, referent: Referent) -> bool:
        """Whether "they" rather means people named since in its own sentence: "help our partners see their waters"."""
        discourse, words = self._discourse, self._discourse.words
        last = next((use.token for use in discourse.trail.back() if use.referent is referent), 0)
        for i in range(token.i - 1, max(last, words.start(token.i) - 1), -1):
            other = words.tokens[i]
            if other.dep_ in _NOMINAL and other.tag_ in ("NNS", "NNPS") and discourse.at[i] is None:
                noun = words.noun(other)
                return noun is not None and (noun.kind in PERSONAL or noun.kind is NounKind.LEADERS)
        return False


def _is_empty(token: Token) -> bool:
    """Whether "it" stands for nothing: "it is worth noting that", "it is reported", "it seems"."""
    head = token.head
    if token.dep_ == "nsubjpass":
        return any(child.dep_ in ("ccomp", "xcomp") for child in head.children)
    if head.lemma_ == "be":
        return any(
            child.dep_ in ("ccomp", "csubj", "xcomp", "advcl", "acl")
            or (child.dep_ in ("acomp", "attr") and child.n_lefts + child.n_rights > 0)
            for child in head.children
        )
    return head.lemma_ in ("seem", "appear", "happen", "rain", "take", "turn")
