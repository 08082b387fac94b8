"""Breast-screening triage on DICOM: a reading order and one or two readers. Research demonstrator, not a medical device."""
