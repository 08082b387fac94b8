"""Whether a data set matches the keys of a C-FIND identifier (PS3.4 section C.2.2.2)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from fnmatch import translate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset

#: They say how to ask, and are not asked for.
_NO_KEYS = frozenset({"SpecificCharacterSet", "TimezoneOffsetFromUTC", "QueryRetrieveLevel"})
_WILD = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
# DT, PS3.5 section 6.2. No zone is more than 14 h from UTC, so that the end of the range "2026-2027" is no zone.
_MOMENT = r"(?:\d{4}|\d{6}|\d{8}|\d{10}|\d{12}|\d{14}(?:\.\d{1,6})?)(?:[+-](?:0\d|1[0-4])[0-5]\d)?"
_YEAR, _MONTH = 4, 6  # digits


def matches(found: Dataset, query: Dataset) -> bool:
    """Whether `found` has a fitting value for each key of `query`; an empty key fits everything."""
    keys = [element for element in query if element.keyword not in _NO_KEYS and not _is_empty(element)]
    return all(_fits(found, key) for key in keys)


def _is_empty(key: DataElement) -> bool:
    if key.VR == "SQ":
        return all(_is_empty(element) for item in key.value for element in item)
    return key.is_empty or key.value in ("*", "")


def _fits(found: Dataset, key: DataElement) -> bool:
    if key.tag not in found:
        return False
    element = found[key.tag]
    if key.VR == "SQ":  # one item of the key, which one item here must fit
        return any(matches(item, wanted) for wanted in key.value for item in element.value)
    values = element.value if element.VM > 1 else [element.value]
    return any(_value_fits(str(value), key) for value in values)


def _value_fits(value: str, key: DataElement) -> bool:
    wanted: list[Any] = list(key.value) if key.VM > 1 else [key.value]
    if key.VR == "UI":
        return value in [str(uid) for uid in wanted]
    if key.VR == "DT":
        return any(_in_range(value, str(each)) for each in wanted)
    if key.VR in _WILD:
        return any(re.fullmatch(_pattern(str(each)), value) for each in wanted)
    return value in [str(each) for each in wanted]


def _pattern(text: str) -> str:
    """`*` is any text, `?` any character, and [ is itself."""
    return translate(text.replace("[", "[[]"))


def _in_range(value: str, wanted: str) -> bool:
    """Range matching of DT (PS3.4 section C.2.2.2.5); a single value is its own range, as precise as it is written."""
    found = re.fullmatch(_MOMENT, value)
    asked = re.fullmatch(f"(?P<single>{_MOMENT})|(?P<first>{_MOMENT})?-(?P<last>{_MOMENT})?", wanted)
    if not found or not asked:
        return False
    first, last = asked["single"] or asked["first"], asked["single"] or asked["last"]
    try:
        moment = _span(value)[0]
        return (not first or moment >= _span(first)[0]) and (not last or moment <= _span(last)[1])
    except ValueError:  # the thirteenth month
        return False


def _span(text: str) -> tuple[datetime, datetime]:
    """The first and the last microsecond of a DT, which may be as coarse as a year; in UTC when it says no zone."""
    zone = re.search(r"[+-]\d{4}$", text)
    digits, _, fraction = text.removesuffix(zone[0] if zone else "").partition(".")
    offset = datetime.strptime(zone[0] if zone else "+0000", "%z").tzinfo
    first = datetime.strptime(digits + "00000101000000"[len(digits) :], "%Y%m%d%H%M%S").replace(tzinfo=offset)
    if fraction:
        first += timedelta(microseconds=int(fraction.ljust(6, "0")))
        return first, first
    return first, _after(first, len(digits)) - timedelta(microseconds=1)


def _after(first: datetime, digits: int) -> datetime:
    """When the year, month, day, hour, minute or second that begins at `first` is over."""
    if digits == _YEAR:
        return first.replace(year=first.year + 1)
    if digits == _MONTH:
        return (first + timedelta(days=31)).replace(day=1)
    return first + {8: timedelta(days=1), 10: timedelta(hours=1), 12: timedelta(minutes=1)}.get(
        digits, timedelta(seconds=1)
    )
