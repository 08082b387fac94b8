"""The SOP classes (PS3.4 annex B) of images that belong to a mammography exam."""

from __future__ import annotations

#: Digital Mammography X-Ray Image Storage - For Presentation.
FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.2"
#: Digital Mammography X-Ray Image Storage - For Processing.
FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.2.1"
#: Secondary Capture Image Storage: digitised film.
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
#: Breast Tomosynthesis, and Breast Projection X-Ray - For Presentation and For Processing: kept for the readers.
MULTI_FRAME = (
    "1.2.840.10008.5.1.4.1.1.13.1.3",
    "1.2.840.10008.5.1.4.1.1.13.1.4",
    "1.2.840.10008.5.1.4.1.1.13.1.5",
)
#: Everything that can be part of an exam here.
MAMMOGRAMS = frozenset({FOR_PRESENTATION, FOR_PROCESSING, SECONDARY_CAPTURE, *MULTI_FRAME})
