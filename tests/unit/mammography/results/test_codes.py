"""Codes against pydicom's copy of PS3.16, and SNOMED CT's against their check digit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from pydicom.sr import _cid_dict, _concepts_dict
from pydicom.sr.coding import Code

from samdrift_mammography.results import codes


def _all() -> list[Code]:
    values = list(vars(codes).values())
    groups = [group.values() for group in values if isinstance(group, dict) and group is not codes.CONTEXT_GROUPS]
    nested = [code for group in groups for code in group if isinstance(code, Code)]
    return [code for code in values if isinstance(code, Code)] + nested


concepts: Mapping[str, Mapping[str, Any]] = _concepts_dict.concepts
cid_concepts: Mapping[int, Mapping[str, Sequence[str]]] = _cid_dict.cid_concepts
SNOMED = sorted({code.value for code in _all() if code.scheme_designator == "SCT"})
DICOM = [code for code in _all() if code.scheme_designator == "DCM"]


def verhoeff_holds(digits: str) -> bool:
    """The check digit of a SNOMED CT identifier: Verhoeff's dihedral check, computed in the group D5 itself."""
    permutation = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
    check = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit)
        for _ in range(place % 8):
            value = permutation[value]
        check = _in_d5(check, value)
    return check == 0


def _in_d5(left: int, right: int) -> int:
    """Product in the symmetries of a pentagon: 0-4 turn it, 5-9 turn it and flip it."""
    turned = left % 5 + (-right % 5 if left >= 5 else right % 5)
    return turned % 5 + 5 * ((left >= 5) != (right >= 5))


def test_the_oracle_knows_a_true_code_from_a_misremembered_one() -> None:
    assert verhoeff_holds("397144001")
    assert not verhoeff_holds("397144002")


def test_codes_were_found_to_check() -> None:
    assert len(SNOMED) >= 9
    assert len(DICOM) >= 30


@pytest.mark.parametrize("value", SNOMED)
def test_a_snomed_code_has_its_check_digit(value: str) -> None:
    assert verhoeff_holds(value)


@pytest.mark.parametrize("code", DICOM, ids=lambda code: code.value)
def test_a_dicom_code_means_what_we_say(code: Code) -> None:
    known = {entry[code.value][0] for entry in concepts["DCM"].values() if code.value in entry}
    meanings = {meaning.replace("\u200b", "") for meaning in known}  # a space of no width, where a line may break
    assert code.meaning in meanings


@pytest.mark.parametrize("group", codes.CONTEXT_GROUPS)
def test_a_value_stands_in_its_context_group(group: int) -> None:
    for code in codes.CONTEXT_GROUPS[group]:
        names = cid_concepts[group][code.scheme_designator]
        values = {value for name in names for value in concepts[code.scheme_designator][name]}
        assert code.value in values, code


def test_every_value_is_assigned_to_a_context_group() -> None:
    grouped = {code.value for group in codes.CONTEXT_GROUPS.values() for code in group}
    assert {value for value in SNOMED if value not in grouped} == set()
