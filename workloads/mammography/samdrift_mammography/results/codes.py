"""Coded concepts of the result documents, grouped by the context group of PS3.16 that a value is taken from.

A test holds every code to pydicom's copy of the context groups, and every SNOMED CT code to its check digit.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydicom.sr.coding import Code

from samdrift_mammography.views import Laterality, Projection


def _dcm(value: str, meaning: str) -> Code:
    return Code(value, "DCM", meaning)


def _sct(value: str, meaning: str) -> Code:
    return Code(value, "SCT", meaning)


#: By language of the text in a document (RFC 5646).
LANGUAGES: Mapping[str, Code] = {"da": Code("da", "RFC5646", "Danish"), "en": Code("en", "RFC5646", "English")}

# Concept names of TID 4000 and the templates in it.
MAMMOGRAPHY_CAD_REPORT = _dcm("111036", "Mammography CAD Report")
LANGUAGE = _dcm("121049", "Language of Content Item and Descendants")
IMAGE_LIBRARY = _dcm("111028", "Image Library")
IMAGE_LATERALITY = _dcm("111027", "Image Laterality")
IMAGE_VIEW = _dcm("111031", "Image View")
PATIENT_ORIENTATION_ROW = _dcm("111044", "Patient Orientation Row")
PATIENT_ORIENTATION_COLUMN = _dcm("111043", "Patient Orientation Column")
STUDY_DATE = _dcm("111060", "Study Date")
STUDY_TIME = _dcm("111061", "Study Time")
CONTENT_DATE = _dcm("111018", "Content Date")
CONTENT_TIME = _dcm("111019", "Content Time")
HORIZONTAL_PIXEL_SPACING = _dcm("111026", "Horizontal Pixel Spacing")
VERTICAL_PIXEL_SPACING = _dcm("111066", "Vertical Pixel Spacing")
CAD_SUMMARY = _dcm("111017", "CAD Processing and Findings Summary")
IMPRESSION_DESCRIPTION = _dcm("111033", "Impression Description")
INDIVIDUAL_IMPRESSION = _dcm("111034", "Individual Impression/Recommendation")
RENDERING_INTENT = _dcm("111056", "Rendering Intent")
SINGLE_IMAGE_FINDING = _dcm("111059", "Single Image Finding")
CENTER = _dcm("111010", "Center")
OUTLINE = _dcm("111041", "Outline")
SUMMARY_OF_DETECTIONS = _dcm("111064", "Summary of Detections")
SUCCESSFUL_DETECTIONS = _dcm("111063", "Successful Detections")
FAILED_DETECTIONS = _dcm("111025", "Failed Detections")
DETECTION_PERFORMED = _dcm("111022", "Detection Performed")
SUMMARY_OF_ANALYSES = _dcm("111065", "Summary of Analyses")
ALGORITHM_NAME = _dcm("111001", "Algorithm Name")
ALGORITHM_PARAMETERS = _dcm("111002", "Algorithm Parameters")
ALGORITHM_VERSION = _dcm("111003", "Algorithm Version")
TRACKING_IDENTIFIER = _dcm("112039", "Tracking Identifier")
TRACKING_UNIQUE_IDENTIFIER = _dcm("112040", "Tracking Unique Identifier")

# Concept names and values of TID 1500 without a context group of their own.
IMAGING_MEASUREMENT_REPORT = _dcm("126000", "Imaging Measurement Report")
IMAGING_MEASUREMENTS = _dcm("126010", "Imaging Measurements")
PROCEDURE_REPORTED = _dcm("121058", "Procedure reported")
QUALITATIVE_EVALUATIONS = Code("C0034375", "UMLS", "Qualitative Evaluations")
COMMENT = _dcm("121106", "Comment")

# CID 4031 Common Anatomic Region.
BREAST = _sct("76752008", "Breast")

# CID 7159 Lesion Segmentation Type. A mark says no more than that there may be one.
LESION = _sct("52988006", "Lesion")

# CID 100 Quantitative Diagnostic Imaging Procedure. Screening mammography is not in the group.
IMAGING_PROCEDURE = _sct("363679005", "Imaging procedure")

#: CID 244 Laterality, with a finding site of TID 1500.
SIDES: Mapping[Laterality, Code] = {
    Laterality.RIGHT: _sct("24028007", "Right"),
    Laterality.LEFT: _sct("7771000", "Left"),
}

#: CID 4014 View for Mammography.
PROJECTIONS: Mapping[Projection, Code] = {
    Projection.CC: _sct("399162004", "cranio-caudal"),
    Projection.MLO: _sct("399368009", "medio-lateral oblique"),
}

#: CID 6000 Overall Breast Composition, by density class.
COMPOSITIONS: Mapping[str, Code] = {
    "A": _sct("129716005", "Almost entirely fat"),
    "B": _sct("129717001", "Scattered fibroglandular densities"),
    "C": _sct("129718006", "Heterogeneously dense"),
    "D": _sct("129719003", "Extremely dense"),
}

# CID 6014 Mammography Single Image Finding. A mass is said like the first.
DENSITY = _sct("129793001", "Mammography breast density")
COMPOSITION = _sct("129715009", "Breast composition")

#: CID 6022 Side, in TID 4000: not the codes of CID 244.
BREASTS: Mapping[Laterality, Code] = {
    Laterality.RIGHT: _sct("73056007", "Right breast"),
    Laterality.LEFT: _sct("80248007", "Left breast"),
}

# CID 6034 CAD Output Intended Use.
PRESENTATION_REQUIRED = _dcm("111150", "Presentation Required: Rendering device is expected to present")

# CID 6042 Result Status.
SUCCEEDED = _dcm("111222", "Succeeded")
FAILED = _dcm("111224", "Failed")
NOT_ATTEMPTED = _dcm("111225", "Not Attempted")

# CID 6047 CAD Processing and Findings Summary.
ALL_WITHOUT_FINDINGS = _dcm("111241", "All algorithms succeeded; without findings")
ALL_WITH_FINDINGS = _dcm("111242", "All algorithms succeeded; with findings")
NONE_SUCCEEDED = _dcm("111245", "No algorithms succeeded; without findings")

# CID 7005 Contributing Equipment Purpose of Reference.
PROCESSING_EQUIPMENT = _dcm("109102", "Processing Equipment")

# CID 7202 Source Image Purpose of Reference.
SOURCE_IMAGE = _dcm("121322", "Source image for image processing operation")

# Units of PS3.16 CID 82 (UCUM).
MICROMETER = Code("um", "UCUM", "micrometer")

#: Our own coding scheme: no standard one has an exam's place among a reference population.
OWN_SCHEME = "99SAMDRIFT"
SUSPICION_SCORE = Code("suspicion-score", OWN_SCHEME, "Suspicion score, 1 to 10")
SCORES: Mapping[int, Code] = {step: Code(f"score-{step}", OWN_SCHEME, f"{step} of 10") for step in range(1, 11)}
READING = Code("reading", OWN_SCHEME, "Who reads the exam")
READINGS: Mapping[str, Code] = {
    "single": Code("single", OWN_SCHEME, "One radiologist"),
    "double": Code("double", OWN_SCHEME, "Two radiologists"),
    "double, priority": Code("double-priority", OWN_SCHEME, "Two radiologists, before the other exams"),
}

#: Where a value of a document comes from: number of its context group -> codes.
CONTEXT_GROUPS: Mapping[int, tuple[Code, ...]] = {
    100: (IMAGING_PROCEDURE,),
    244: tuple(SIDES.values()),
    4014: tuple(PROJECTIONS.values()),
    4031: (BREAST,),
    6000: tuple(COMPOSITIONS.values()),
    6014: (DENSITY, COMPOSITION),
    6022: tuple(BREASTS.values()),
    6034: (PRESENTATION_REQUIRED,),
    6042: (SUCCEEDED, FAILED, NOT_ATTEMPTED),
    6047: (ALL_WITHOUT_FINDINGS, ALL_WITH_FINDINGS, NONE_SUCCEEDED),
    7005: (PROCESSING_EQUIPMENT,),
    7159: (LESION,),
    7202: (SOURCE_IMAGE,),
}
