"""Numbers of companies and places: CVR and SE numbers and GLN."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CVR_SCHEMES = ("DK:CVR", "DK:SE")
_GLN_SCHEMES = ("GLN", "EAN")


@dataclass(frozen=True, kw_only=True)
class Identifier:
    """A number with its `schemeID`, as UBL writes it: `DK:CVR` and `DK16356706`."""

    scheme: str
    value: str

    @property
    def is_personal(self) -> bool:
        """It names a person: it must not reach a reference, a log or a page."""
        return self.scheme == "DK:CPR"

    @property
    def normal(self) -> str:
        """The same text for the same number, however it is written: without spaces, CVR with its `DK`."""
        plain = re.sub(r"[\s.]", "", self.value).upper()
        return f"DK{plain}" if self.scheme in _CVR_SCHEMES and plain.isdigit() else plain

    @property
    def check_digit_holds(self) -> bool:
        """CVR/SE: modulus 11. GLN: modulus 10 (GS1 General Specifications). Other schemes: nothing to check."""
        from stdnum import ean
        from stdnum.dk import cvr

        if self.scheme in _CVR_SCHEMES:
            return bool(cvr.is_valid(self.normal))
        if self.scheme in _GLN_SCHEMES:
            return len(self.normal) == 13 and bool(ean.is_valid(self.normal))
        return True
