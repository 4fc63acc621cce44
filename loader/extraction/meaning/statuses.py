"""Statuses: what a word of joining, being a member, inviting, founding or leaving comes to in one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import Certainty, MembershipStatus, Polarity, Stance, Temporality
from loader.extraction.meaning.modality import is_negated
from loader.extraction.meaning.standings import (
    above,
    is_denied,
    is_done,
    is_refusal,
    is_unwanted,
    of_leaving,
    of_standing,
    standing_noun,
)
from loader.extraction.text.clauses import children, tense

if TYPE_CHECKING:
    from collections.abc import Callable

    from loader.document import Entity, Statement
    from loader.extraction.meaning.participants import Participants
    from loader.extraction.text.tokens import Token

# What is still wished for: an interest in taking part, no part yet.
_WISHING = frozenset({"consider", "explore", "want", "hope", "wish", "seek", "eye", "mull", "weigh", "contemplate"})
_WISHES = frozenset({"interest", "interested", "keen", "eager", "desire", "bid", "willing", "aspiration"})
ASKING = frozenset({"invite", "ask", "urge", "encourage"})
# Deeds and words about a joining that has not come yet.
_FAVOURS = frozenset(
    {"support", "back", "favour", "favor", "ratify", "ratification", "oppose", "block", "approve", "approval"}
    | {"veto", "delay", "opposition", "announce", "path", "pathway", "bridge"}
    | {"discussion", "talk", "discuss", "consult", "negotiate", "negotiation", "opportunity"}
)
_APPLYING = frozenset({"apply", "application", "campaign", "bid", "attempt", "ambition", "aspiration"})
_ENDING = frozenset({"suspend", "freeze", "end", "terminate", "renounce", "revoke", "halt", "suspension", "freezing"})
_ENDED = frozenset({"frozen", "suspended"})
_NEAR = 5  # tokens before a noun
_MODALS = frozenset({"must", "should", "could", "may", "might", "can"})
_PROPOSING = frozenset({"recommend", "propose", "suggest", "should"})


class Statuses:
    """The statuses of one statement; ``is_taken_in`` tells whether a verb's words name what somebody is taken into."""

    def __init__(self, participants: Participants, statement: Statement, is_taken_in: Callable[[Token], bool]) -> None:
        self.participants = participants
        self.statement = statement
        self._is_taken_in = is_taken_in

    def of(self, token: Token, use: str, status: MembershipStatus, member: Entity) -> MembershipStatus | None:
        """Return what a word of some use in the table of memberships comes to for one actor, None for no standing."""
        if self.statement.polarity is Polarity.NEGATED and use in ("joining", "leaving") and is_denied(token):
            return None
        found: MembershipStatus | None = status
        match use:
            case "standing":
                found = self.of_member(token, status, member)
            case "asking":
                wanted = self.statement.stance is Stance.INTERESTED and token.tag_ == "VB"
                found = None if is_negated(token) or wanted or _is_only_wanted(token) else status
            case "founding" | "admitting":
                found = self._status_of_making(token, use, status)
            case "leaving":
                found = of_leaving(token, status)
            case "refusing":
                refused = any(word.lemma_ in ("join", "invitation", "membership") for word in token.subtree)
                found = status if refused else None
            case _:
                found = self._status_of_joining(token, status, member)
        return found

    def of_member(self, token: Token, status: MembershipStatus, member: Entity) -> MembershipStatus | None:
        """Return what a noun for one who stands so comes to ("member", "observer"), None for no standing."""
        if any(map(is_unwanted, above(token))):
            return MembershipStatus.DECLINED  # "does not want to become a member"
        if any(word.lemma_ in ("candidate", "contender") for word in above(token)):
            return MembershipStatus.CANDIDATE  # "among the candidates to become a partner"
        found = of_standing(standing_noun(token), status)
        if found is MembershipStatus.PROSPECTIVE and self._wishes(token, member):
            return MembershipStatus.INTERESTED  # "wants to become a member"
        asked = token.dep_ == "pobj" and token.head.head.lemma_ in ASKING and token.head.lower_ == "as"
        if asked:
            return None  # "invite Japan as an observer": what the asking comes to
        still_open = self.statement.stance is Stance.INTERESTED or self.statement.temporality is Temporality.FUTURE
        as_such = token.dep_ == "pobj" and token.head.lower_ == "as"  # "look forward to welcoming X as a member"
        return MembershipStatus.PROSPECTIVE if found is MembershipStatus.MEMBER and still_open and as_such else found

    def _status_of_making(self, token: Token, use: str, status: MembershipStatus) -> MembershipStatus | None:
        """Return what it comes to that a body is made, or takes somebody in: still to come, proposed, or done."""
        if is_negated(token):
            return None
        if use == "founding":
            done = token.tag_ != "VB" and (tense(token) is Temporality.PAST or token.dep_ in ("acl", "relcl"))
            done = done or any(word.lemma_ == "sign" and tense(word) is Temporality.PAST for word in above(token))
            return status if done else None
        if not self._is_taken_in(token):
            return None
        if token.tag_ == "VB" or any(word.lemma_ in _PROPOSING for word in above(token)):
            cue = self.participants.reading.tokens(self.statement.cue) if self.statement.cue else ()
            proposed = any(word.lemma_ in _PROPOSING for word in cue)
            return MembershipStatus.CANDIDATE if proposed else MembershipStatus.PROSPECTIVE
        return status if is_done(token) else MembershipStatus.PROSPECTIVE

    def _status_of_joining(self, token: Token, status: MembershipStatus, member: Entity) -> MembershipStatus | None:
        """Return what a joining comes to: asked for, refused, wished for, still to come, or done."""
        verbs = {word.lemma_ for word in above(token)}
        if token.dep_ in ("xcomp", "ccomp", "advcl") and token.head.lemma_ in ASKING:
            return None if _is_only_wanted(token.head) else MembershipStatus.INVITED
        nearby = token.doc[max(token.sent.start, token.i - _NEAR) : token.i]  # "has “frozen” its participation"
        ended = verbs & _ENDING or any(word.lemma_ in _ENDING or word.lower_ in _ENDED for word in nearby)
        if "withdraw" in verbs or (ended and token.pos_ == "NOUN") or any(map(_is_untimely, above(token))):
            return None
        will = token.pos_ == "VERB" and tense(token) is Temporality.FUTURE
        refused = any(is_refusal(word) or is_unwanted(word) for word in above(token))
        if refused or is_negated(token):
            return MembershipStatus.DECLINED if refused or will else None
        wished = verbs & (_WISHING | _WISHES) or self.statement.stance is Stance.INTERESTED
        if self._wishes(token, member) or (verbs & _APPLYING and not verbs & _FAVOURS):
            return MembershipStatus.INTERESTED
        told = token.pos_ == "VERB" and token.tag_ not in ("VB", "VBG")  # "joined", whatever is announced or favoured
        if self.statement.certainty is not Certainty.CERTAIN or wished or (verbs & _FAVOURS and not told):
            return MembershipStatus.PROSPECTIVE
        done = is_done(token) and self.statement.temporality is not Temporality.FUTURE
        return status if done else MembershipStatus.PROSPECTIVE

    def _wishes(self, token: Token, member: Entity) -> bool:
        """Whether a standing is only wished for, and by the one whose it would be."""
        wished = {word.lemma_ for word in above(token)} & (_WISHING | _WISHES)
        own = member in (*self.statement.stance_holders, *self.statement.speakers)
        return own and (bool(wished) or self.statement.stance is Stance.INTERESTED)


def _is_only_wanted(asking: Token) -> bool:
    """Whether nobody has been asked yet: "hopes to invite", "must be invited"."""
    modal = any(helper.lower_ in _MODALS for helper in children(asking, "aux"))
    return modal or (asking.dep_ in ("xcomp", "ccomp") and asking.head.lemma_ in _WISHING)


def _is_untimely(word: Token) -> bool:
    """Whether a verb says that it is not, or not yet, the time to join: "has yet to join", "it is not opportune to"."""
    if word.lemma_ == "have" and any(child.lower_ == "yet" for child in word.children):
        return True
    return word.lemma_ == "be" and is_negated(word)
