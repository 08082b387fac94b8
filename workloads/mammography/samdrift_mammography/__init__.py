"""Breast-screening triage on DICOM: reading order, one or two readers. Research demonstrator, not a medical device."""
