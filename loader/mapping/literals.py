"""Values of a document as terms of RDF, each in the one form that the store keeps."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode

from loader.mapping.terms import term

if TYPE_CHECKING:
    import datetime as dt


def duration(offset: str) -> Literal:
    """Return an ISO 8601 duration as the canonical literal of years and months, or of days and time.

    ``P1M``, ``-P7D``, ``P2W``, ``PT48H``. Raises ValueError for anything else, and for months and days together:
    how long that is depends on the month.
    """
    found = _DURATION.fullmatch(offset)
    if not found or offset.endswith(("P", "T")):
        message = f"{offset!r} is no duration; one is written as P1M or -P7D."
        raise ValueError(message)
    count = {name: int(number or 0) for name, number in found.groupdict().items() if name != "sign"}
    months = 12 * count["years"] + count["months"]
    seconds = 86400 * (7 * count["weeks"] + count["days"])
    seconds += 3600 * count["hours"] + 60 * count["minutes"] + count["seconds"]
    if months and seconds:
        message = f"The duration {offset} mixes months and days; give one of them."
        raise ValueError(message)
    sign = found["sign"] if months or seconds else ""
    if months or "Y" in offset or ("M" in offset and "T" not in offset):
        years, months = divmod(months, 12)
        parts = (f"{years}Y" if years else "") + (f"{months}M" if months or not years else "")
        return Literal(f"{sign}P{parts}", datatype=term("xsd", "yearMonthDuration"))
    days, seconds = divmod(seconds, 86400)
    hours, minutes, seconds = seconds // 3600, seconds % 3600 // 60, seconds % 60
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "") + (f"{seconds}S" if seconds else "")
    clock = clock or ("" if days else "0S")
    parts = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return Literal(f"{sign}P{parts}", datatype=term("xsd", "dayTimeDuration"))


_DURATION = re.compile(
    r"(?P<sign>-?)P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)


def decimal(number: float) -> Literal:
    """Return a number to four places, in the form that the store keeps: ``0.9``, ``1``."""
    return Literal(f"{Decimal(repr(round(number, 4))).normalize():f}", datatype=term("xsd", "decimal"))


def day(date: dt.date) -> Literal:
    """Return a day as an xsd:date."""
    return Literal(date.isoformat(), datatype=term("xsd", "date"))


def web_iri(address: str) -> NamedNode:
    """Return a web address as an IRI: characters that an IRI may not hold are percent-encoded."""
    return NamedNode(_NOT_IN_IRI.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), address))


_NOT_IN_IRI = re.compile(r"[\x00-\x20\x7f\"<>\[\]\\^`{|}]")
