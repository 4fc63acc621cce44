"""Linking decisions as a mapping set of SSSOM (the Simple Standard for Sharing Ontological Mappings, 1.1): TSV and RDF.

One row for each decision. An accepted link is ``skos:exactMatch``; one that a person rejected has the modifier
``Not``; a candidate that nobody accepted is ``skos:mappingRelation``, the weakest there is; an entity that is not in
the authority maps to ``sssom:NoTermFound``. A row with a ``reviewer_id`` is a person's and is never overwritten.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode, Quad

from loader.matches import EXACT_MATCH, MODIFIER, OWL, PROPERTY, SEMAPV, SOURCE, SSSOM, TARGET, WIKIDATA
from loader.summary import Problem
from loader.terms import DERIVED_FROM, TYPE, term
from ontology.vocabulary import PREFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ontology.vocabulary import Mint

COLUMNS = (
    "subject_id",
    "subject_label",
    "predicate_id",
    "predicate_modifier",
    "object_id",
    "object_label",
    "mapping_justification",
    "confidence",
    "match_string",
    "object_source",
    "object_source_version",
    "mapping_tool",
    "reviewer_id",
    "review_date",
    "comment",
)


MANUAL = "semapv:ManualMappingCuration"
DOUBT = "candidate: another entity has this id"
_FOLDERS = ("actor", "partnership", "pillar", "technology")


class Verdict(StrEnum):
    """What a row says."""

    ACCEPTED = "accepted"
    CANDIDATE = "candidate"
    REJECTED = "rejected"
    NIL = "nil"


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """One decision: ``subject`` is an IRI, ``target`` an id ("Q17"), empty for NIL."""

    subject: str
    verdict: Verdict
    target: str = ""
    label: str = ""
    target_label: str = ""
    justification: str = "semapv:CompositeMatching"
    confidence: float | None = None
    match: str = ""
    version: str = ""
    reviewer: str = ""
    reviewed: str = ""
    comment: str = ""

    @property
    def is_reviewed(self) -> bool:
        """Whether a person made the decision."""
        return bool(self.reviewer)


def write(rows: Iterable[Row], mint: Mint) -> str:
    """Return a mapping set as TSV: its metadata, the columns, and the rows, sorted by subject and target.

    Each row is one line, so that it can be told by its number.
    """
    head = [
        f"#mapping_set_id: {mint.links_graph}",
        "#mapping_set_description: Links to Wikidata. What is missing here is missing in the authority, no more.",
        "#license: https://creativecommons.org/publicdomain/zero/1.0/",
        "#curie_map:",
        *(f"#  {name}: {mint.base}{name}/" for name in _FOLDERS),
        *(f"#  {name}: {PREFIXES[name]}" for name in ("skos", "wd")),
        "#  semapv: https://w3id.org/semapv/vocab/",
        f"#  sssom: {SSSOM}",
        "#  orcid: https://orcid.org/",
        "#  reviewer: " + mint.base + "reviewer/",
    ]
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(COLUMNS)
    for row in sorted(rows, key=_order):
        writer.writerow([" ".join(cell.split()) for cell in _cells(row, mint)])
    return "\n".join(head) + "\n" + out.getvalue()


def read(text: str, source: str, mint: Mint) -> tuple[tuple[Row, ...], tuple[Problem, ...]]:
    """Return the rows of a mapping set, and what there is to say of it, each with its line.

    Columns that nobody here knows are told of and left out; so are rows that cannot be read, and rows by which a
    person says two things of one entity that cannot both be.
    """
    lines = text.splitlines()
    first = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))
    if first == len(lines):
        return (), ()
    reader = csv.reader(lines[first:], delimiter="\t")
    problems: list[Problem] = []
    head = next(reader)
    unknown = [name for name in head if name not in COLUMNS]
    if unknown:
        problems.append(
            Problem(source, first + 1, f"The columns {', '.join(unknown)} are unknown; they are left out.", fatal=False)
        )
    missing = [name for name in ("subject_id", "predicate_id", "object_id") if name not in head]
    if missing:
        problems.append(Problem(source, first + 1, f"It has no column {', '.join(missing)}; no row can be read."))
        return (), tuple(problems)
    rows: list[tuple[int, Row]] = []
    for cells in reader:
        line = first + reader.line_num
        if not any(cells):
            continue
        try:
            rows.append((line, _row(dict(zip(head, cells, strict=len(cells) != len(head))), mint)))
        except ValueError as error:
            problems.append(Problem(source, line, f"{error} The row is left out."))
    kept, contradictions = _consistent(rows, source)
    return kept, (*problems, *contradictions)


def quads(rows: Iterable[Row], mint: Mint) -> list[Quad]:
    """Return a mapping set as the graph of links, sorted; each row is an ``owl:Axiom`` of its own IRI."""
    found: set[Quad] = set()
    graph = NamedNode(mint.links_graph)
    for row in rows:
        node = NamedNode(record(row, mint))
        target = NamedNode(WIKIDATA + row.target if row.target else SSSOM + "NoTermFound")
        facts: list[tuple[NamedNode, NamedNode | Literal]] = [
            (TYPE, NamedNode(OWL + "Axiom")),
            (TYPE, NamedNode(SSSOM + "Mapping")),
            (SOURCE, NamedNode(row.subject)),
            (PROPERTY, EXACT_MATCH if row.verdict is not Verdict.CANDIDATE else term("skos", "mappingRelation")),
            (TARGET, target),
            (NamedNode(SSSOM + "mapping_justification"), NamedNode(SEMAPV + row.justification.split(":", 1)[1])),
        ]
        if row.verdict is Verdict.REJECTED:
            facts.append((MODIFIER, NamedNode(SSSOM + "NegatedPredicate")))
        if row.confidence is not None:
            facts.append((_slot("confidence"), Literal(decimal(row.confidence), datatype=term("xsd", "decimal"))))
        texts = {slot: getattr(row, field) for slot, field in _TEXTS.items()}
        facts += [(_slot(name), Literal(text)) for name, text in texts.items() if text]
        found.update(Quad(node, predicate, value, graph) for predicate, value in facts)
    return sorted(found, key=str)


def rows(links: Iterable[Quad]) -> tuple[Row, ...]:
    """Return the rows that a graph of links holds, in order: the inverse of `quads`.

    Ids elsewhere, which rest on a row and are none themselves, are left out.
    """
    facts: dict[str, dict[str, str]] = defaultdict(dict)
    for quad in links:
        if isinstance(quad.subject, NamedNode) and isinstance(quad.object, (NamedNode, Literal)):
            facts[quad.subject.value][quad.predicate.value] = quad.object.value
    found = (_read(said) for said in facts.values() if DERIVED_FROM.value not in said and SOURCE.value in said)
    return tuple(sorted(found, key=_order))


def _read(said: Mapping[str, str]) -> Row:
    target = said[TARGET.value].removeprefix(WIKIDATA)
    is_nil = target == SSSOM + "NoTermFound"
    verdict = Verdict.ACCEPTED if said[PROPERTY.value] == EXACT_MATCH.value else Verdict.CANDIDATE
    verdict = Verdict.NIL if is_nil else Verdict.REJECTED if MODIFIER.value in said else verdict
    justification, confidence = said[SSSOM + "mapping_justification"], said.get(SSSOM + "confidence")
    texts = {field: said.get(SSSOM + slot, "") for slot, field in _TEXTS.items()}
    return Row(
        said[SOURCE.value],
        verdict,
        "" if is_nil else target,
        justification="semapv:" + justification.removeprefix(SEMAPV),
        confidence=float(confidence) if confidence else None,
        **texts,
    )


def record(row: Row, mint: Mint) -> str:
    """Return the IRI of a row: one for each pair of entity and target."""
    digest = hashlib.sha256(f"{row.subject} {row.target}".encode()).hexdigest()[:16]
    return f"{mint.base}link/{digest}"


def united(machine: Iterable[Row], reviewed: Iterable[Row]) -> tuple[Row, ...]:
    """Return the machine's rows with a person's rows before them.

    Where a person accepted a link or found that there is none, the machine says nothing of the entity; a pair that a
    person rejected the machine does not propose again.
    """
    persons = [row for row in reviewed if row.is_reviewed]
    settled = {row.subject for row in persons if row.verdict in (Verdict.ACCEPTED, Verdict.NIL)}
    rejected = {(row.subject, row.target) for row in persons if row.verdict is Verdict.REJECTED}
    kept = [row for row in machine if row.subject not in settled and (row.subject, row.target) not in rejected]
    return tuple(sorted({*persons, *kept}, key=_order))


def single(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return the rows with each id accepted for one entity at most: a person's, the registry's own, or the only one.

    "Nikkei Asia" is not the Nikkei, whatever it is called elsewhere. What is doubted so may be `undoubted` again.
    """
    decided = list(rows)
    claims: dict[str, list[Row]] = defaultdict(list)
    for row in decided:
        if row.verdict is Verdict.ACCEPTED:
            claims[row.target].append(row)
    kept: set[Row] = set()
    for held in claims.values():
        first = next((some for some in _by_weight(held) if some), [])
        kept.update(first if len(first) == 1 or _is_stated(first[0]) else ())
    return tuple(
        replace(row, verdict=Verdict.CANDIDATE, comment=DOUBT)
        if row.verdict is Verdict.ACCEPTED and row not in kept
        else row
        for row in decided
    )


def undoubted(row: Row) -> Row:
    """Return a row as it was before `single` had others of its id beside it."""
    return replace(row, verdict=Verdict.ACCEPTED, comment="") if row.comment == DOUBT else row


def _by_weight(held: list[Row]) -> tuple[list[Row], list[Row], list[Row]]:
    """Return the claims of persons, of the registry, and of the machine."""
    persons = [row for row in held if row.is_reviewed]
    stated = [row for row in held if _is_stated(row) and not row.is_reviewed]
    return persons, stated, [row for row in held if not _is_stated(row)]


def _is_stated(row: Row) -> bool:
    """Whether somebody says so: a person, or the registry."""
    return row.is_reviewed or row.justification == MANUAL


def _cells(row: Row, mint: Mint) -> list[str]:
    predicate = "skos:mappingRelation" if row.verdict is Verdict.CANDIDATE else "skos:exactMatch"
    return [
        compact(row.subject, mint),
        row.label,
        predicate,
        "Not" if row.verdict is Verdict.REJECTED else "",
        f"wd:{row.target}" if row.target else "sssom:NoTermFound",
        row.target_label,
        row.justification,
        "" if row.confidence is None else decimal(row.confidence),
        row.match,
        "wd:Q2013",
        row.version,
        "pactgraph",
        row.reviewer,
        row.reviewed,
        row.comment,
    ]


def _row(cells: dict[str, str], mint: Mint) -> Row:
    subject = cells["subject_id"]
    folder, _, name = subject.partition(":")
    if folder in _FOLDERS:
        subject = f"{mint.base}{folder}/{name}"
    if not subject.startswith(mint.base) or not _PLAIN.fullmatch(subject):
        message = f"{cells['subject_id']!r} is no entity under {mint.base}."
        raise ValueError(message)
    target = cells["object_id"].removeprefix("wd:").removeprefix(WIKIDATA)
    is_nil = target == "sssom:NoTermFound"
    if not is_nil and not _QID.fullmatch(target):
        message = f"{cells['object_id']!r} is neither a Wikidata id (wd:Q17) nor sssom:NoTermFound."
        raise ValueError(message)
    predicate, modifier = cells["predicate_id"], cells.get("predicate_modifier", "")
    if predicate not in ("skos:exactMatch", "skos:mappingRelation") or modifier not in ("", "Not"):
        message = f"{predicate} {modifier}".strip() + " is no predicate of a link; skos:exactMatch is, also with Not."
        raise ValueError(message)
    if is_nil and modifier:
        message = "A row cannot say Not of sssom:NoTermFound."
        raise ValueError(message)
    confidence = cells.get("confidence", "")
    justification = cells.get("mapping_justification", "") or MANUAL
    if not justification.startswith("semapv:"):
        message = f"{justification!r} is no justification; one is written semapv:ManualMappingCuration."
        raise ValueError(message)
    return Row(
        subject,
        verdict_of(predicate, modifier, cells["object_id"]),
        "" if is_nil else target,
        cells.get("subject_label", ""),
        cells.get("object_label", ""),
        justification,
        float(confidence) if confidence else None,
        cells.get("match_string", ""),
        cells.get("object_source_version", ""),
        cells.get("reviewer_id", ""),
        cells.get("review_date", ""),
        cells.get("comment", ""),
    )


def verdict_of(predicate: str, modifier: str, target: str) -> Verdict:
    """Return what a row says by its predicate, the modifier of that, and what it maps to, as they are written."""
    if target == "sssom:NoTermFound":
        return Verdict.NIL
    if modifier:
        return Verdict.REJECTED
    return Verdict.CANDIDATE if predicate == "skos:mappingRelation" else Verdict.ACCEPTED


def _consistent(rows: list[tuple[int, Row]], source: str) -> tuple[tuple[Row, ...], list[Problem]]:
    """Leave out a person's rows that cannot stand beside an earlier row of a person on the same entity."""
    kept: list[Row] = []
    problems: list[Problem] = []
    said: dict[str, list[tuple[int, Row]]] = {}
    for line, row in rows:
        if row.is_reviewed:
            clash = next((at for at, other in said.get(row.subject, []) if _contradict(row, other)), None)
            if clash is not None:
                problems.append(
                    Problem(source, line, f"It contradicts the review of line {clash}; the row is left out.")
                )
                continue
            said.setdefault(row.subject, []).append((line, row))
        kept.append(row)
    return tuple(kept), problems


def _contradict(row: Row, other: Row) -> bool:
    verdicts = {row.verdict, other.verdict}
    if verdicts == {Verdict.ACCEPTED}:
        return row.target != other.target
    if verdicts == {Verdict.ACCEPTED, Verdict.NIL}:
        return True
    return verdicts == {Verdict.ACCEPTED, Verdict.REJECTED} and row.target == other.target


def compact(iri: str, mint: Mint) -> str:
    """Return how a row names an entity: "actor:japan"."""
    folder, _, name = iri.removeprefix(mint.base).partition("/")
    return f"{folder}:{name}"


def _order(row: Row) -> tuple[str, str, int]:
    return row.subject, row.verdict, int(row.target[1:] or 0)


def decimal(number: float) -> str:
    """Return a confidence as it is written: at most three places, no trailing noughts."""
    return f"{number:.3f}".rstrip("0").rstrip(".")


_TEXTS = {
    "subject_label": "label",
    "object_label": "target_label",
    "match_string": "match",
    "object_source_version": "version",
    "reviewer_id": "reviewer",
    "review_date": "reviewed",
    "comment": "comment",
}


def _slot(name: str) -> NamedNode:
    return NamedNode(SSSOM + name)


_QID = re.compile(r"Q[1-9][0-9]{0,17}")
_PLAIN = re.compile(r"[^\s<>\"{}|\\^`]+")
