"""Numbers of companies and places: CVR and SE numbers and GLN."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: OIOUBL's name, and the ISO 6523 code that Peppol writes: 0184 CVR (DIGSTORG), 0198 SE (ERSTORG), 0088 GLN.
_CVR_SCHEMES = ("DK:CVR", "DK:SE", "0184", "0198")
_GLN_SCHEMES = ("GLN", "EAN", "0088")


def without_spaces(number: str) -> str:
    """A number as it is compared: without spaces and points, in capitals."""
    return re.sub(r"[\s.]", "", number).upper()


@dataclass(frozen=True, kw_only=True)
class Identifier:
    """A number with its `schemeID`, as UBL writes it: `DK:CVR` and `DK16356706`, in Peppol `0184` and the same."""

    scheme: str
    value: str

    @property
    def is_personal(self) -> bool:
        """It names a person: it must not reach a reference, a log or a page."""
        return self.scheme == "DK:CPR"

    @property
    def is_company(self) -> bool:
        """A Danish CVR or SE number, in whichever format."""
        return self.scheme in _CVR_SCHEMES

    @property
    def is_location(self) -> bool:
        """A GLN, in whichever format."""
        return self.scheme in _GLN_SCHEMES

    @property
    def normal(self) -> str:
        """The same text for the same number, however it is written: without spaces, CVR with its `DK`."""
        plain = without_spaces(self.value)
        return f"DK{plain}" if self.is_company and plain.isdigit() else plain

    @property
    def check_digit_holds(self) -> bool:
        """CVR/SE: modulus 11. GLN: modulus 10 (GS1 General Specifications). Other schemes: nothing to check."""
        from stdnum import ean
        from stdnum.dk import cvr

        if self.is_company:
            return bool(cvr.is_valid(self.normal))
        if self.is_location:
            return len(self.normal) == 13 and bool(ean.is_valid(self.normal))
        return True
