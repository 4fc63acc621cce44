"""The calendar: days, weeks, months, quarters, years and decades, their bounds and the distances between them.

Everything returns None where the calendar has no such day or the year leaves the range 1 to 5000.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MAXIMUM_YEARS = 5000  # beyond it no calendar date is reckoned


def calendar_day(year: int, month: int, day: int) -> date | None:
    """Return the day, or None where the calendar has no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def month_bounds(year: int, month: int) -> tuple[date, date] | None:
    """Return the first and last day of a month; ``month`` may run over its year on either side."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    if not 1 <= year <= _MAXIMUM_YEARS:
        return None
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def day_after(day: date, days: int) -> date | None:
    """Return the day so many days later, or earlier for a negative number."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def unit_bounds(day: date, unit: str, step: int) -> tuple[str, tuple[date, date]] | None:
    """Return value and bounds of the day, week, month, quarter, year or decade ``step`` units from that of ``day``."""
    return _UNITS[unit](day, step)


def _day(day: date, step: int) -> tuple[str, tuple[date, date]] | None:
    other = day_after(day, step)
    return (other.isoformat(), (other, other)) if other else None


def _week(day: date, step: int) -> tuple[str, tuple[date, date]] | None:
    monday = day_after(day, 7 * step - day.weekday())
    sunday = monday and day_after(monday, 6)
    if monday is None or sunday is None:
        return None
    return f"{monday.isocalendar().year}-W{monday.isocalendar().week:02}", (monday, sunday)


def _month(day: date, step: int) -> tuple[str, tuple[date, date]] | None:
    bounds = month_bounds(day.year, day.month + step)
    return (f"{bounds[0]:%Y-%m}", bounds) if bounds else None


def _quarter(day: date, step: int) -> tuple[str, tuple[date, date]] | None:
    first = month_bounds(day.year, day.month - (day.month - 1) % 3 + 3 * step)
    last = first and month_bounds(first[0].year, first[0].month + 2)
    return (f"{first[0].year}-Q{(first[0].month + 2) // 3}", (first[0], last[1])) if first and last else None


def _years(start: int, length: int) -> tuple[str, tuple[date, date]] | None:
    if not 1 <= start <= _MAXIMUM_YEARS:
        return None
    return f"{start:04}"[: 4 if length == 1 else 3], (date(start, 1, 1), date(start + length - 1, 12, 31))


_UNITS: dict[str, Callable[[date, int], tuple[str, tuple[date, date]] | None]] = {
    "day": _day,
    "week": _week,
    "month": _month,
    "quarter": _quarter,
    "year": lambda day, step: _years(day.year + step, 1),
    "decade": lambda day, step: _years(day.year - day.year % 10 + 10 * step, 10),
}
OPEN = {
    "hour": "XXXX-XX-XXTXX",
    "day": "XXXX-XX-XX",
    "week": "XXXX-WXX",
    "month": "XXXX-XX",
    "quarter": "XXXX-QX",
    "year": "XXXX",
    "decade": "XXX",
}


def offset(unit: str, step: int) -> str:
    """Write the distance as an ISO 8601 duration: years and months apart from days and hours, as XML Schema does."""
    size, sign = abs(step), "-" if step < 0 else ""
    if unit == "hour" and size >= 24:
        days, hours = divmod(size, 24)
        return f"{sign}P{days}D" + (f"T{hours}H" if hours else "")
    if unit in ("month", "quarter"):
        years, months = divmod(size * (3 if unit == "quarter" else 1), 12)
        return f"{sign}P" + (f"{years}Y" if years else "") + (f"{months}M" if months or not years else "")
    bodies = {"hour": f"T{size}H", "day": f"{size}D", "week": f"{7 * size}D", "year": f"{size}Y"}
    return f"{sign}P{bodies.get(unit, f'{10 * size}Y')}"


def duration(unit: str, size: int) -> str:
    """Write a length of time as TIMEX3 does."""
    if unit == "hour":
        return f"PT{size}H"
    if unit in ("quarter", "decade"):
        return f"P{3 * size}M" if unit == "quarter" else f"P{10 * size}Y"
    return f"P{size}{unit[0].upper()}"


def shift(day: date, unit: str, step: int) -> date | None:
    """Return the day so many units away; the last of the month where that month is shorter."""
    if unit in ("day", "week"):
        return day_after(day, step * (7 if unit == "week" else 1))
    months = step * {"month": 1, "quarter": 3, "year": 12, "decade": 120}[unit]
    bounds = month_bounds(day.year, day.month + months)
    return bounds and date(bounds[0].year, bounds[0].month, min(day.day, bounds[1].day))
