"""Rows of a mapping set for tests: one accepted, one without an id, one not decided."""

from loader.linking.rows import Row, Verdict
from ontology.vocabulary import Mint

JAPAN = Row(f"{Mint().base}actor/japan", Verdict.ACCEPTED, "Q17", "Japan", "Japan", confidence=0.97, match="Japan")
LOST = Row(f"{Mint().base}actor/nobody", Verdict.NIL, label="Nobody", comment="not in this authority")
AUKUS = Row(f"{Mint().base}partnership/aukus", Verdict.CANDIDATE, "Q108556886", "AUKUS", confidence=0.6)
