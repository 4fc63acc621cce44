"""What is known beforehand: the entities of ``seeds/`` and the names they go by in a text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loader.document import Entity, Span


class NameForm(StrEnum):
    """How a name denotes its entity."""

    LABEL = "label"  # the common name: "Japan", "AUKUS", "Agence France-Presse"
    ALIAS = "alias"  # another name or an acronym: "AFP", "the Quad", "Pillar Two"
    DEMONYM = "demonym"  # adjective or people: "Japanese", "the Australians"
    CAPITAL = "capital"  # the capital, which may stand for the government: "Tokyo"


@dataclass(frozen=True, slots=True)
class Match:
    """A name of the registry found in a text."""

    span: Span
    entity: Entity
    form: NameForm
