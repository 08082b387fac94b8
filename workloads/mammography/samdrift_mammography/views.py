"""The standard views of screening mammography and how DICOM names them."""

from __future__ import annotations

from enum import StrEnum


class Laterality(StrEnum):
    """Which breast; the values of Image Laterality (0020,0062)."""

    RIGHT = "R"
    LEFT = "L"


class Projection(StrEnum):
    """The standard projections; the values of View Position (0018,5101)."""

    #: Cranio-caudal.
    CC = "CC"
    #: Medio-lateral oblique.
    MLO = "MLO"


class View(StrEnum):
    """The four standard views of a screening exam, in hanging order."""

    RCC = "RCC"
    LCC = "LCC"
    RMLO = "RMLO"
    LMLO = "LMLO"

    @property
    def laterality(self) -> Laterality:
        """The breast that it shows."""
        return Laterality(self.value[0])

    @property
    def projection(self) -> Projection:
        """How it was taken."""
        return Projection(self.value[1:])

    @property
    def is_oblique(self) -> bool:
        """Whether the pectoral muscle is in the picture."""
        return self.projection is Projection.MLO

    @classmethod
    def of(cls, laterality: Laterality | None, projection: Projection | None) -> View | None:
        """The standard view, or None when side or projection is unknown or not standard."""
        return None if laterality is None or projection is None else cls(f"{laterality}{projection}")


#: Codes of View Code Sequence (0054,0220), PS3.16 CID 4014: SNOMED CT, and SNOMED RT as older systems write it.
PROJECTION_CODES = {
    "399162004": Projection.CC,
    "R-10242": Projection.CC,
    "399368009": Projection.MLO,
    "R-10226": Projection.MLO,
}
